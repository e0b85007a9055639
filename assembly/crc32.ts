/**
 * CRC-32 (IEEE 802.3, reflected), four bits at a time over a table of 16 words. The runtime may hold no constant data
 * (docs/design.md), so the caller lends 64 bytes and the table is built anew each time: 500 instructions, against over 25 saved a byte.
 */
import { HAS_ROTATED_OPERANDS } from './intrinsics/instructions.ts';

export const CRC_START: u32 = 0xffffffff;

/** Bytes that a table takes, on 4 bytes. */
export const CRC_TABLE_BYTES: u32 = 64;

/**
 * Entry i is what four shifts make of i.
 *
 * For cores with a rotated operand (the dsp variant) a CRC is kept turned left by two while it is worked on: its lowest
 * four bits times four, which is where their entry lies, are then a mask away, and a step takes three instructions of a
 * Cortex-M7 instead of four. There all 32 bits are turned where a CRC is shifted, and the entry takes away what i becomes.
 */
export function fillCrcTable(table: usize): void {
  for (let i: u32 = 0; i < 16; i++) {
    let entry = i;
    for (let bit = 0; bit < 4; bit++) entry = (entry >> 1) ^ (0xedb88320 & (0 - (entry & 1)));
    store<u32>(table + 4 * i, HAS_ROTATED_OPERANDS ? turned(entry) ^ rotr<u32>(i, 2) : entry);
  }
}

/** Continues a CRC over more bytes; begin with CRC_START and invert the last result. `table`: filled. */
export function crc32Update(crc: u32, address: usize, bytes: u32, table: usize): u32 {
  const end = address + bytes;
  let state = turned(crc);
  for (;;) {
    if ((address & 3) == 0) {
      for (const words = end & ~3; address < words; address += 4) {
        state ^= turned(load<u32>(address));
        state = shiftedBy4(state, table);
        state = shiftedBy4(state, table);
        state = shiftedBy4(state, table);
        state = shiftedBy4(state, table);
        state = shiftedBy4(state, table);
        state = shiftedBy4(state, table);
        state = shiftedBy4(state, table);
        state = shiftedBy4(state, table);
      }
    }
    if (address == end) break;
    state ^= turned(load<u8>(address++));
    state = shiftedBy4(state, table);
    state = shiftedBy4(state, table);
  }
  return HAS_ROTATED_OPERANDS ? rotr<u32>(state, 2) : state;
}

function turned(crc: u32): u32 {
  return HAS_ROTATED_OPERANDS ? rotl<u32>(crc, 2) : crc;
}

function shiftedBy4(state: u32, table: usize): u32 {
  return HAS_ROTATED_OPERANDS
    ? rotr<u32>(state, 4) ^ load<u32>(table + (state & 60))
    : (state >> 4) ^ load<u32>(table + ((state & 15) << 2));
}

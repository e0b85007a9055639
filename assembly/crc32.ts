/**
 * CRC-32 (IEEE 802.3, reflected), four bits at a time over a table of 16 words. The runtime may hold no constant data
 * (docs/design.md), so the caller lends 64 bytes and the table is built anew each time: 500 instructions, against 25 saved a byte.
 */
export const CRC_START: u32 = 0xffffffff;

/** Bytes that a table takes, on 4 bytes. */
export const CRC_TABLE_BYTES: u32 = 64;

/** Entry i is what four shifts make of i. */
export function fillCrcTable(table: usize): void {
  for (let i: u32 = 0; i < 16; i++) {
    let entry = i;
    for (let bit = 0; bit < 4; bit++) entry = (entry >> 1) ^ (0xedb88320 & (0 - (entry & 1)));
    store<u32>(table + 4 * i, entry);
  }
}

/** Continues a CRC over more bytes; begin with CRC_START and invert the last result. `table`: filled. */
export function crc32Update(crc: u32, address: usize, bytes: u32, table: usize): u32 {
  const end = address + bytes;
  for (;;) {
    if ((address & 3) == 0) {
      for (const words = end & ~3; address < words; address += 4) {
        crc ^= load<u32>(address);
        crc = shiftedBy4(crc, table);
        crc = shiftedBy4(crc, table);
        crc = shiftedBy4(crc, table);
        crc = shiftedBy4(crc, table);
        crc = shiftedBy4(crc, table);
        crc = shiftedBy4(crc, table);
        crc = shiftedBy4(crc, table);
        crc = shiftedBy4(crc, table);
      }
    }
    if (address == end) break;
    crc ^= load<u8>(address++);
    crc = shiftedBy4(crc, table);
    crc = shiftedBy4(crc, table);
  }
  return crc;
}

function shiftedBy4(crc: u32, table: usize): u32 {
  return (crc >> 4) ^ load<u32>(table + ((crc & 15) << 2));
}

/**
 * CRC-32 (IEEE 802.3, reflected), without a table: the runtime may hold no constant data (docs/design.md).
 * About 45 instructions a byte on Cortex-M; it runs once per image and in debug checks.
 */
export const CRC_START: u32 = 0xffffffff;

/** Continues a CRC over more bytes; begin with CRC_START and invert the last result. */
export function crc32Update(crc: u32, address: usize, bytes: u32): u32 {
  for (let i: u32 = 0; i < bytes; i++) {
    crc ^= load<u8>(address + i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
  }
  return crc;
}

export function crc32(address: usize, bytes: u32): u32 {
  return ~crc32Update(CRC_START, address, bytes);
}

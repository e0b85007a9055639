/**
 * CRC-32 (IEEE 802.3, reflected), four bits at a time. The runtime may hold no constant data (docs/design.md), so the
 * entry of a table for four bits is put together from its entries for one.
 */
export const CRC_START: u32 = 0xffffffff;

/** Continues a CRC over more bytes; begin with CRC_START and invert the last result. */
export function crc32Update(crc: u32, address: usize, bytes: u32): u32 {
  for (let i: u32 = 0; i < bytes; i++) {
    crc ^= load<u8>(address + i);
    for (let half = 0; half < 2; half++) {
      const low = (0x1db71064 & (0 - (crc & 1))) ^ (0x3b6e20c8 & (0 - ((crc >> 1) & 1)));
      const high = (0x76dc4190 & (0 - ((crc >> 2) & 1))) ^ (0xedb88320 & (0 - ((crc >> 3) & 1)));
      crc = (crc >> 4) ^ low ^ high;
    }
  }
  return crc;
}

export function crc32(address: usize, bytes: u32): u32 {
  return ~crc32Update(CRC_START, address, bytes);
}

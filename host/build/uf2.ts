/** UF2: firmware as blocks of 512 bytes, each with its address, for boot ROMs that appear as a drive to copy it to. */

const BLOCK_BYTES = 512;
const PAYLOAD_BYTES = 256;
const PAYLOAD_AT = 32;
/** What flash is erased in: the RP2040 writes wrongly what does not fill sectors (its datasheet, erratum E14). */
const SECTOR_BYTES = 4096;

const MAGIC = [0x0a324655, 0x9e5d5157] as const;
const MAGIC_END = 0x0ab16f30;
const FAMILY_GIVEN = 0x2000;

/**
 * The blocks of `firmware`, to be written from `address` on, filled with zeros up to a whole sector.
 * Throws when `address` is not that of a sector.
 */
export function toUf2(firmware: Uint8Array, address: number, familyId: number): Uint8Array {
  if (address % SECTOR_BYTES !== 0)
    throw new Error(`UF2: address: expected a multiple of ${SECTOR_BYTES}, got 0x${address.toString(16)}`);
  const padded = new Uint8Array(Math.ceil(firmware.length / SECTOR_BYTES) * SECTOR_BYTES);
  padded.set(firmware);
  const count = padded.length / PAYLOAD_BYTES;
  const file = new Uint8Array(count * BLOCK_BYTES);
  for (let i = 0; i < count; i++) {
    const block = new DataView(file.buffer, i * BLOCK_BYTES, BLOCK_BYTES);
    const header = [...MAGIC, FAMILY_GIVEN, address + i * PAYLOAD_BYTES, PAYLOAD_BYTES, i, count, familyId];
    for (const [word, value] of header.entries()) block.setUint32(word * 4, value, true);
    file.set(padded.subarray(i * PAYLOAD_BYTES, (i + 1) * PAYLOAD_BYTES), i * BLOCK_BYTES + PAYLOAD_AT);
    block.setUint32(BLOCK_BYTES - 4, MAGIC_END, true);
  }
  return file;
}

/**
 * The .boot section, which a boot ROM checks and runs before the firmware: here it gets the checksum that is looked
 * for.
 */

/** Boot ROMs that want something of the first bytes of flash. */
export const BOOT_ROMS = ['rp2040'] as const;
export type BootRom = (typeof BOOT_ROMS)[number];

/** Of the RP2040: code and, behind it, its CRC (datasheet, 2.8.1.3.1). */
export const BOOT_BYTES = 256;
const CODE_BYTES = 252;

/**
 * CRC-32 of polynomial 04c11db7 over bits from the highest down, begun with all ones; unlike zip's, which goes from the
 * lowest up and is inverted.
 */
export function bootCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/**
 * The section with the CRC of its first 252 bytes in the last four; throws when it is not one of 256 with room for it.
 */
export function withBootCrc(section: Uint8Array, board: string): Uint8Array {
  const fail = (expected: string, got: string): never => {
    throw new Error(`${board}: section .boot: expected ${expected}, got ${got}; see boards/rpi-pico/boot2.S`);
  };
  if (section.length !== BOOT_BYTES) fail(`${BOOT_BYTES} bytes`, `${section.length}`);
  const signed = new Uint8Array(section);
  const view = new DataView(signed.buffer);
  if (view.getUint32(CODE_BYTES, true) !== 0) fail('0 in the last four bytes', 'something else');
  view.setUint32(CODE_BYTES, bootCrc(signed.subarray(0, CODE_BYTES)), true);
  return signed;
}

import { crc32 as zlibCrc32 } from 'node:zlib';

/** CRC-32 (IEEE) of the image's header field and of traces. Node has it from 20.15 on; older ones get a table. */
export function crc32(bytes: Uint8Array): number {
  return typeof zlibCrc32 === 'function' ? zlibCrc32(bytes) : tableCrc32(bytes);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let crc = i;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

export function tableCrc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ TABLE[(crc ^ byte) & 0xff];
  return ~crc >>> 0;
}

/** Photographs as they are meant to be seen: cameras store them as held, and say in EXIF how to turn them. */

/** Rows of pixels from the top, values from 0 to 255, channels last. */
export interface Picture {
  width: number;
  height: number;
  channels: number;
  pixels: Float64Array | Uint8Array;
}

const START_OF_IMAGE = 2; // bytes
const APP1 = 0xe1;
const START_OF_SCAN = 0xda;
const EXIF = 'Exif\0\0';
const ENTRY_BYTES = 12;
const ORIENTATION = 0x0112;

/** 1 to 8 as in EXIF (CIPA DC-008); 1, as it is, where a JPEG says nothing or nothing that can be read. */
export function orientationOf(jpeg: Uint8Array): number {
  const bytes = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  for (let at = START_OF_IMAGE; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const length = bytes.readUInt16BE(at + 2);
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (bytes[at + 1] === START_OF_SCAN) return 1;
    if (bytes[at + 1] === APP1 && body.toString('latin1', 0, EXIF.length) === EXIF)
      return inTiff(body.subarray(EXIF.length)) ?? 1;
    at += 2 + length;
  }
  return 1;
}

/** The entry of the first directory; undefined where there is none. */
function inTiff(tiff: Buffer): number | undefined {
  const isLittle = tiff.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number => (isLittle ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  if (tiff.length < 8) return undefined;
  const directory = isLittle ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return undefined;
  for (let i = 0; i < u16(directory); i++) {
    const entry = directory + 2 + i * ENTRY_BYTES;
    if (entry + ENTRY_BYTES > tiff.length) return undefined;
    const value = u16(entry + 8);
    if (u16(entry) === ORIENTATION) return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

/** The picture as it is seen. From 5 on, its rows are columns. */
export function turned(picture: Picture, orientation: number): Picture {
  if (orientation === 1) return picture;
  const { channels, pixels } = picture;
  const [right, bottom] = [picture.width - 1, picture.height - 1];
  const [width, height] = orientation < 5 ? [picture.width, picture.height] : [picture.height, picture.width];
  const result = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [column, row] = orientation < 5 ? [x, y] : [y, x];
      const from = {
        column: [2, 3, 7, 8].includes(orientation) ? right - column : column,
        row: [3, 4, 6, 7].includes(orientation) ? bottom - row : row,
      };
      const start = (from.row * picture.width + from.column) * channels;
      result.set(pixels.subarray(start, start + channels), (y * width + x) * channels);
    }
  return { width, height, channels, pixels: result };
}

/** Files of inputs for tests: pictures, arrays and tables, and the ports that they are for. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import * as jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterAll } from 'vitest';
import { crc32 } from '../../host/records/crc32.ts';
import type { Port } from '../../host/runtime/ports.ts';
import { elements, npy } from '../data/formats/npyWriter.ts';

const place = mkdtempSync(join(tmpdir(), 'htpw inputs '));
afterAll(() => rmSync(place, { recursive: true, force: true }));
let made = 0;

/** A new folder with these files, by path. */
export function folderOf(files: Record<string, string | Uint8Array>): string {
  const folder = join(place, String(++made));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** One file in a folder of its own. */
export const fileOf = (name: string, content: string | Uint8Array): string => join(folderOf({ [name]: content }), name);

export function port(shape: Port['shape'], scale = 0.5, zeroPoint = 3, type: Port['type'] = 'int8'): Port {
  const bytes = shape.reduce((product, extent) => product * extent) * (type === 'int16' ? 2 : 1);
  return { shape, type, scale, zeroPoint, labels: null, offset: 0, bytes };
}

/** An input that takes pixels of 0 to 1. */
export const pixelPort = (width: number, height: number, channels: number): Port =>
  port([height, width, channels], 1 / 255, -128);

export const floats = (shape: readonly number[], values: readonly number[]): Buffer =>
  npy('<f4', shape, elements('writeFloatLE', 4, values));

type Color = readonly [red: number, green: number, blue: number, opacity?: number];

/** A picture with a color for each place. */
export function png(width: number, height: number, colorAt: (x: number, y: number) => Color): Buffer {
  const picture = new PNG({ width, height });
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [red, green, blue, opacity = 255] = colorAt(x, y);
      picture.data.set([red, green, blue, opacity], 4 * (y * width + x));
    }
  return PNG.sync.write(picture);
}

/** Of the given data, interlaced, which need not be as many bytes as the size says. */
export function interlaced(width: number, height: number, data: Uint8Array): Buffer {
  const bytes = png(width, height, () => [0, 0, 0]);
  const start = bytes.indexOf('IDAT') - 4;
  bytes[28] = 1;
  bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29);
  const body = Buffer.concat([Buffer.from('IDAT'), deflateSync(data)]);
  const chunk = Buffer.alloc(body.length + 8);
  chunk.writeUInt32BE(body.length - 4);
  chunk.set(body, 4);
  chunk.writeUInt32BE(crc32(body), body.length + 4);
  return Buffer.concat([bytes.subarray(0, start), chunk, bytes.subarray(-12)]);
}

/** A JPEG with EXIF of a single entry; `order` is II (little-endian) or MM. */
export function withOrientation(file: Buffer, orientation: number, order: string): Buffer {
  const exif = Buffer.alloc(6 + 8 + 2 + 12 + 4);
  const isLittle = order === 'II';
  const u16 = (value: number, at: number) => (isLittle ? exif.writeUInt16LE(value, at) : exif.writeUInt16BE(value, at));
  const u32 = (value: number, at: number) => (isLittle ? exif.writeUInt32LE(value, at) : exif.writeUInt32BE(value, at));
  exif.write(`Exif\0\0${order}`, 'latin1');
  u16(42, 8);
  u32(8, 10); // the directory follows
  u16(1, 14);
  u16(0x0112, 16);
  u16(3, 18); // a SHORT
  u32(1, 20);
  u16(orientation, 24);
  const head = Buffer.from([0xff, 0xe1, 0, exif.length + 2]);
  return Buffer.concat([file.subarray(0, 2), head, exif, file.subarray(2)]);
}

/** One color all over, of the best quality. */
export function jpg(width: number, height: number, color: Color): Buffer {
  const data = Buffer.from(
    Array.from({ length: width * height }, () => [...color.slice(0, 3), 255]).flat() as number[],
  );
  return jpeg.encode({ width, height, data }, 100).data;
}

/** Files of inputs for tests: pictures, arrays and tables, and the ports that they are for. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { afterAll } from 'vitest';
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

/** One color all over, of the best quality. */
export function jpg(width: number, height: number, color: Color): Buffer {
  const data = Buffer.from(
    Array.from({ length: width * height }, () => [...color.slice(0, 3), 255]).flat() as number[],
  );
  return jpeg.encode({ width, height, data }, 100).data;
}

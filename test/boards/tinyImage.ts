/** A packed image of a few layers, enough to make a board compute: 8 positions of 4 channels to 3 class scores. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pack } from '../../host/image/pack.ts';
import type { Model, StoredSource } from '../../host/model/model.ts';
import { root } from '../paths.ts';

function stored(rows: number, rowLength: number): StoredSource {
  const values = Int8Array.from({ length: rows * rowLength }, (_, i) => ((i * 37 + 11) % 255) - 127);
  return { kind: 'stored', encoding: 'int8', rows, rowLength, values };
}

const weighted = (source: number, channels: number) => ({
  source,
  residency: 'flash' as const,
  bias: Int32Array.from({ length: channels }, (_, c) => c * 16 - 24),
  effectiveScale: new Float64Array(channels).fill(0.004),
  activation: [-128, 127] as [number, number],
});

const tensor = (name: string, width: number, channels: number) => ({
  name,
  shape: [1, width, channels] as [number, number, number],
  type: 'i8' as const,
  scale: 0.1,
  zeroPoint: 0,
});

export const TINY_INPUT_BYTES = 32;

export function tinyModel(): Model {
  return {
    programs: [
      {
        name: 'tiny',
        tensors: [tensor('input', 8, 4), tensor('mixed', 8, 8), tensor('scores', 1, 3)],
        operators: [
          { kind: 'pointwise', name: 'mix', input: 0, output: 1, ...weighted(0, 8) },
          { kind: 'fullyConnected', name: 'classify', input: 1, output: 2, ...weighted(1, 3) },
        ],
        inputs: [0],
        outputs: [2],
      },
    ],
    sources: [stored(8, 4), stored(3, 64)],
    generators: [],
    metadata: { name: 'tiny' },
  };
}

export const tinyImage = (): Uint8Array => pack(tinyModel());

export const tinyWindow = (seed: number): Uint8Array =>
  Uint8Array.from({ length: TINY_INPUT_BYTES }, (_, i) => (i * 29 + seed * 101) & 255);

/** Path of an image file under build/; each test file has its own, because test files run at the same time. */
export function imageFile(name: string, image: Uint8Array = tinyImage()): string {
  const folder = join(root, 'build', 'test');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.htpw`);
  writeFileSync(path, image);
  return path;
}

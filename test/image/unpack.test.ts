/** An image unpacked into a model loses nothing that the device reads: packing it again gives the same bytes. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TOPOLOGIES } from '../../host/bench/topologies.ts';
import { pack } from '../../host/image/pack.ts';
import { encodingOf, packRows, unpackRows } from '../../host/image/packed.ts';
import { unpack } from '../../host/image/unpack.ts';
import { ImageView } from '../../host/image/view.ts';
import type { Encoding } from '../../host/model/model.ts';
import { packTogether, shapeRows } from '../shapes.ts';
import { everything, LEVELS } from '../zoo.ts';

function again(image: Uint8Array): Uint8Array {
  const { model, tables } = unpack(new ImageView(image));
  return pack(model, { tables });
}

describe('packing what was unpacked gives the same bytes', () => {
  it.each([1, 2, 3])('of a network with every operator, source and encoding, seed %i', (seed) => {
    for (const tables of ['q31', 'compact'] as const) {
      const image = pack(everything(seed).build(), { tables });
      expect(Buffer.compare(again(image), image)).toBe(0);
    }
  });

  it.each(TOPOLOGIES)('of $name, $description', ({ build }) => {
    const image = pack(build(), { tables: 'q31' });
    expect(Buffer.compare(again(image), image)).toBe(0);
  });

  it('of every row of the table of shapes, hundreds of programs in one image', () => {
    const rows = shapeRows(1);
    for (const tensor of rows.flatMap(({ model }) => model.programs[0].tensors))
      tensor.scale = Math.fround(tensor.scale);
    const image = packTogether(rows);
    expect(Buffer.compare(again(image), image)).toBe(0);
  });

  it.skipIf(!existsSync('models/ecg-beats.htpw'))('of the committed image', () => {
    const image = new Uint8Array(readFileSync('models/ecg-beats.htpw'));
    expect(Buffer.compare(again(image), image)).toBe(0);
  });
});

describe('rows of small integers', () => {
  it.each(Object.keys(LEVELS) as Encoding[])('of %s come back at every length', (encoding) => {
    for (let length = 1; length < 23; length++) {
      const values = Int8Array.from(
        { length: 3 * length },
        (_, i) => LEVELS[encoding][(7 * i) % LEVELS[encoding].length],
      );
      expect(unpackRows(packRows(values, length, encoding), length, encoding)).toEqual(values);
    }
  });

  it('have no encoding of a code that the format does not know', () => {
    expect(() => encodingOf(9)).toThrow('no encoding has the code 9');
  });
});

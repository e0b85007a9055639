/** An image unpacked into a model loses nothing that the device reads: packing it again gives the same bytes. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ENCODING_INT8, ENCODING_RICE } from '../../assembly/format.ts';
import { pack } from '../../host/image/pack.ts';
import { unpack } from '../../host/image/unpack.ts';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';
import type { Encoding, StoredSource } from '../../host/model/model.ts';
import { encodingOf, packRows, unpackRows } from '../../host/records/packed.ts';
import { decodeRice, encodeRice, riceBytes } from '../../host/records/rice.ts';
import { ImageView, RESIDENCY_NAMES } from '../../host/records/view.ts';
import { packTogether, shapeRows } from '../shapes.ts';
import { LEVELS } from '../weights.ts';
import { everything, ModelBuilder } from '../zoo.ts';

function again(image: Uint8Array): Uint8Array {
  const { model, tables, lossless } = unpack(new ImageView(image));
  return pack(model, { tables, lossless });
}

describe('packing what was unpacked gives the same bytes', () => {
  it.each([1, 2, 3])('of a network with every operator, source and encoding, seed %i', (seed) => {
    for (const tables of ['q31', 'compact', 'short'] as const) {
      const image = pack(everything(seed).build(), { tables, lossless: tables === 'q31' });
      expect(Buffer.compare(again(image), image)).toBe(0);
    }
  });

  it.each(TOPOLOGIES)('of $name, $description', ({ build }) => {
    const image = pack(build(), { tables: 'q31' });
    expect(Buffer.compare(again(image), image)).toBe(0);
  });

  it.each([
    ['a tensor by table values', [0, 1]],
    ['table values by a tensor', [1, 0]],
    ['table values by others', [1, 2]],
    ['table values by themselves', [2, 2]],
  ])('of a product of %s, whose scales only the factor tells', (_, [input, input2]) => {
    const b = new ModelBuilder(1, [1, 4, 3]).lookup().lookup().multiply(input2, input);
    for (const port of [0, b.last]) b.tensors[port].scale = Math.fround(b.tensors[port].scale);
    const image = pack(b.build());
    expect(Buffer.compare(again(image), image)).toBe(0);
  });

  it('of a minimum of scales that differ, between sums that tell them', () => {
    const b = new ModelBuilder(1, [1, 4, 3]).convolution(3, { kernel: [1, 1], stride: [1, 1], pad: [0, 0] });
    b.signedAdd(0, 'second').extremum('minimum', 1);
    b.tensors[b.last].scale *= 3;
    b.add(2).lookup();
    for (const port of [0, b.last]) b.tensors[port].scale = Math.fround(b.tensors[port].scale);
    const image = pack(b.build());
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

describe('rows that are coded without loss', () => {
  it.each([1, 5, 15, 16, 17, 40])('come back, %i of them at any length', (rows) => {
    for (let rowLength = 1; rowLength < 70; rowLength += 3) {
      const b = new ModelBuilder(rowLength, [1, 1, 1]);
      for (const source of [b.crowded(rows, rowLength), b.stored('int8', rows, rowLength)]) {
        const { values } = b.sources[source] as StoredSource;
        const data = encodeRice(values, rowLength)!;
        expect(riceBytes(data, 0, rows)).toBe(data.length);
        expect(decodeRice(data, 0, rows, rowLength)).toEqual(values);
      }
    }
  });

  it('hold every value of a byte in every mode that can be the best', () => {
    const row = (width: number) => Int8Array.from({ length: 600 }, (_, i) => (i < 256 ? i - 128 : (i % 7) * width));
    const values = [0, 1, 2, 4, 8, 16].flatMap((width) => [...row(width)]);
    const data = encodeRice(Int8Array.from(values), 600)!;
    expect([...decodeRice(data, 0, 6, 600)]).toEqual(values);
  });

  it('are refused where an offset would need more than 16 bits', () => {
    const b = new ModelBuilder(1, [1, 1, 1]);
    const { values } = b.sources[b.stored('int8', 16, 10_000)] as StoredSource;
    expect(encodeRice(values, 10_000)).toBe(null);
  });

  it('take fewer bytes, and are left alone where they would not', () => {
    const b = new ModelBuilder(1, [1, 1, 64]);
    const model = b.pointwise(32, b.crowded(32, 64)).pointwise(32).build();
    model.programs[0].operators.forEach((operator) => {
      if ('residency' in operator) operator.residency = 'flash';
    });
    const [plain, coded] = [false, true].map((lossless) => new ImageView(pack(model, { lossless })));
    expect(coded.sources.map(({ encoding }) => encoding)).toEqual([ENCODING_RICE, ENCODING_INT8]);
    expect(coded.programs[0].operators.map(({ residency }) => RESIDENCY_NAMES[residency])).toEqual(['stream', 'flash']);
    expect(coded.bytes.length).toBeLessThan(0.8 * plain.bytes.length);
    expect(Buffer.compare(again(coded.bytes), coded.bytes)).toBe(0);
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

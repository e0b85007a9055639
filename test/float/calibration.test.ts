/** Typical inputs of a float network in the files that people have. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FloatPort } from '../../host/float/network.ts';
import { readCalibration } from '../../host/verbs/calibration.ts';
import { npy } from '../data/formats/npyWriter.ts';

const folder = mkdtempSync(join(tmpdir(), 'htpw-'));
const at = (name: string) => join(folder, name);
const port = (shape: number[], arrange: FloatPort['arrange'] = (values) => values): FloatPort => ({
  name: 'x',
  shape,
  arranged: shape,
  arrange,
});
const PORTS = [port([1, 2, 2, 1])];

const values = Float32Array.from({ length: 12 }, (_, i) => i / 4);
const bytes = new Uint8Array(values.buffer);
const inferences = [0, 4, 8].map((from) => [values.slice(from, from + 4)]);

beforeAll(() => {
  writeFileSync(at('inputs.npy'), npy('<f4', [3, 2, 2, 1], bytes));
  writeFileSync(at('without-channel.npy'), npy('<f4', [3, 2, 2], bytes));
  writeFileSync(at('double.npy'), npy('<f8', [3, 2, 2, 1], new Uint8Array(Float64Array.from(values).buffer)));
  writeFileSync(at('inputs.bin'), bytes);
  writeFileSync(at('other-shape.npy'), npy('<f4', [3, 4], bytes));
  writeFileSync(at('nan.bin'), new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, Number.NaN, 7, 8).buffer));
  writeFileSync(at('odd.bin'), bytes.subarray(0, 10));
  writeFileSync(at('part.bin'), bytes.subarray(0, 20));
  for (const name of ['parts', 'empty']) mkdirSync(at(name));
  // read by name, whatever the kind; what is neither is left alone
  writeFileSync(at('parts/2.npy'), npy('<f4', [1, 2, 2, 1], bytes.subarray(32)));
  writeFileSync(at('parts/1.bin'), bytes.subarray(0, 32));
  writeFileSync(at('parts/notes.txt'), 'of the third floor');
});

describe('calibration inputs', () => {
  it.each(['inputs.npy', 'without-channel.npy', 'double.npy', 'inputs.bin', 'parts'])(
    'are the same from %s',
    (name) => {
      expect(readCalibration(at(name), PORTS)).toEqual(inferences);
    },
  );

  it('of a network with channels first are turned, and those with channels last are taken as they are', () => {
    const turned = { ...port([1, 3, 2, 2], (all) => all.toReversed()), arranged: [1, 2, 2, 3] };
    writeFileSync(at('first.npy'), npy('<f4', [1, 3, 2, 2], bytes));
    writeFileSync(at('last.npy'), npy('<f4', [1, 2, 2, 3], bytes));
    expect(readCalibration(at('first.npy'), [turned])).toEqual([[values.toReversed()]]);
    expect(readCalibration(at('last.npy'), [turned])).toEqual([[values]]);
  });

  it('of two inputs lie one after the other in each inference of a .bin', () => {
    const [first, ...rest] = readCalibration(at('inputs.bin'), [port([1, 1]), port([1, 3])]);
    expect(first).toEqual([values.slice(0, 1), values.slice(1, 4)]);
    expect(rest).toHaveLength(2);
  });

  it.each([
    ['other-shape.npy', PORTS, /expected an array \[inferences, 2, 2, 1\], got \[3, 4\]; reshape it/],
    ['inputs.npy', [...PORTS, ...PORTS], /the network has 2 inputs; give raw float32 values of all/],
    ['nan.bin', PORTS, /inference 1: expected numbers, got NaN; leave it out/],
    ['odd.bin', PORTS, /expected float32 values of 4 bytes, got 10 bytes/],
    ['part.bin', PORTS, /expected 4 values an inference \(1x2x2x1\), got 5 in all; give whole inputs/],
    ['empty', PORTS, /expected \.npy or \.bin files with inputs, got none; add some/],
  ])('in %s are refused in one line', (name, ports, expected) => {
    expect(() => readCalibration(at(name), ports)).toThrow(expected);
  });
});

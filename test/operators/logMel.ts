/** LOG_MEL: its rows of the table of shapes, and parameters that must be refused. */
import type { LogMelTables } from '../../host/operators/logMel.ts';
import type { OperatorTests } from '../operatorTests.ts';
import { input } from '../rows.ts';
import type { ModelBuilder } from '../zoo.ts';

/** Any tables that `open` accepts: no window or filter bank that a front end would have, so sums go round as well. */
export function tables(b: ModelBuilder, size: number): LogMelTables {
  const length = b.pick([size, size - 2, 2 * b.integer(1, size / 2)]);
  const bands = b.pick([1, 2, b.integer(3, 24)]);
  const loud = b.pick([0x7fff, 0x3fff, 100]);
  const edges = Uint16Array.from({ length: bands + 2 }, () => b.integer(1, size / 2)).sort();
  return {
    size,
    length,
    hop: b.integer(1, size),
    window: Int16Array.from({ length: length / 2 + 1 }, () => b.integer(-loud, loud)),
    edges,
    weights: Uint8Array.from({ length: edges[bands + 1] - edges[0] }, () => b.pick([0, 255, b.integer(0, 255)])),
  };
}

function row(b: ModelBuilder, i: number): void {
  const made = tables(b, [128, 256, 128, 512, 128, 256, 128, 1024][i % 8]);
  const frames = b.integer(1, 3);
  const spare = b.integer(0, made.hop - 1);
  input(b, 1, made.length + (frames - 1) * made.hop + spare, 1);
  const input2 = b.tensor('workspace', [1, 4 * made.size, 1]);
  const bands = made.edges.length - 2;
  const output = b.tensor('features', b.pick([[1, frames, bands] as const, [frames, bands, 1] as const]));
  const [reference, least] = [b.integer(0, 60 << 10), b.pick([0, 20 << 10])];
  const factor = b.pick([0.01, 0.001, 0.9]);
  b.operators.push({ kind: 'logMel', name: 'mel', input: 0, input2, output, tables: made, reference, least, factor });
}

export default {
  rows: { logMel: [40, row] },
  wrong: {
    logMel: [
      ['a size that is no power of two', 0, 192],
      ['a size of 64', 0, 64],
      ['a size of 2,048', 0, 2048],
      ['an odd frame', 1, 3],
      ['an empty frame', 1, 0],
      ['a frame larger than the transform', 1, 2050],
      ['no hop', 2, 0],
      ['a hop of 2^16', 2, 0x10000],
      ['no filters', 3, 0],
      ['more filters than tables', 3, 256],
      ['a multiplier below 2^30', 4, 1],
      ['a shift of 31', 5, 31],
      ['a negative reference', 6, -1],
      ['a least logarithm above 63', 7, 0x10000],
    ],
  },
} satisfies OperatorTests;

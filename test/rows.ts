/** What the rows of the table of shapes are made with. */
import type { ModelBuilder } from './zoo.ts';

/** How many rows of a kind, and row number i of it: sizes that matter most are walked, not drawn. */
export type Rows = [rows: number, make: (b: ModelBuilder, i: number) => void];

/** Gives the first tensor a shape. */
export function input(b: ModelBuilder, height: number, width: number, channels: number): void {
  b.tensors[0].shape = [height, width, channels];
}

/** At a limit, or the usual one. */
export function zeroPoint(b: ModelBuilder, usual: number): number {
  return b.pick([-128, 127, 0, usual]);
}

/** Sometimes an activation that leaves little, or a single value. */
export function narrow(b: ModelBuilder): void {
  const [operator] = b.operators;
  if (!('activation' in operator)) return;
  operator.activation = b.pick<[number, number]>([
    operator.activation,
    [-128, 127],
    [-128, 127],
    [0, 6],
    [-128, -1],
    [5, 5],
    [-128, -128],
    [127, 127],
  ]);
}

/** Real factors at the limits of multipliers and shifts. */
export const EXTREME_FACTORS = [
  0.6,
  0.9999999999,
  0.5,
  5,
  7.9,
  2 ** 29,
  2 ** -22,
  2 ** -23,
  2 ** -24,
  2 ** -31,
  2 ** -32,
  1e-12,
];

/** Windows piece by piece, a file each, before they are split; and values of the world as integers of a signal. */
import { type Samples, type Signal, samplesOf } from '../signal.ts';
import type { Counts } from './splits.ts';

/** The windows of one file, or of one array window. */
export interface Piece {
  record: string;
  group: string;
  samples: Samples;
  /** by window */
  labels: string[];
  /** seconds, by window */
  times: number[];
  short: number;
  saturated: number;
  assumed: string[];
}

export interface Pieces {
  pieces: Piece[];
  classNames: string[];
  assumed: string[];
}

export function countsOf(pieces: readonly Piece[], classes: readonly string[]): Counts {
  const counts: Counts = new Map();
  for (const { group, labels } of pieces) {
    const some = counts.get(group) ?? classes.map(() => 0);
    for (const label of labels) some[classes.indexOf(label)]!++;
    counts.set(group, some);
  }
  return counts;
}

export function joined(pieces: readonly Piece[], signal: Signal, classNames: string[]) {
  const samples = samplesOf(
    signal,
    pieces.reduce((sum, piece) => sum + piece.samples.length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    samples.set(piece.samples, at);
    at += piece.samples.length;
  }
  return {
    signal,
    samples,
    labels: Uint8Array.from(pieces.flatMap(({ labels }) => labels.map((label) => classNames.indexOf(label)))),
    groups: pieces.flatMap(({ group, labels }) => labels.map(() => group)),
    records: pieces.flatMap(({ record, labels }) => labels.map(() => record)),
    times: Float64Array.from(pieces.flatMap(({ times }) => times)),
    classNames,
  };
}

/** From values of the world to integers of the signal: real value = scale * (integer - zeroPoint). */
export class Converter {
  /** how many did not fit */
  saturated = 0;
  readonly zero: number;
  private readonly least: number;
  private readonly most: number;

  constructor(private readonly signal: Signal) {
    const half = signal.type === 'i8' ? 128 : 32768;
    [this.least, this.most] = [-half, half - 1];
    this.zero = signal.zeroPoint;
  }

  integer(value: number): number {
    return Math.round(value / this.signal.scale) + this.signal.zeroPoint;
  }

  limited(integer: number): number {
    const inside = Math.min(Math.max(integer, this.least), this.most);
    // full scale itself, +1.0 of a converter, is one step too many and no fault
    if (inside !== integer && integer !== this.most + 1) this.saturated++;
    return inside;
  }
}

/** Lowest and highest value of each channel of a tensor. */

export interface Ranges {
  low: Int8Array;
  high: Int8Array;
}

/** Nothing is known of so many channels. */
export function anything(channels: number): Ranges {
  return { low: new Int8Array(channels).fill(-128), high: new Int8Array(channels).fill(127) };
}

/** Lowest and highest of some possible values of each channel. */
export function bounds(candidates: Int8Array[]): Ranges {
  const each = (pick: (...values: number[]) => number) =>
    candidates[0].map((_, c) => pick(...candidates.map((values) => values[c])));
  return { low: each(Math.min), high: each(Math.max) };
}

/** Of a function that keeps order or turns it round. */
export function mapped({ low, high }: Ranges, of: (value: number) => number): Ranges {
  return bounds([low.map(of), high.map(of)]);
}

/** Data sets that are read once: trainings of one grid learn from the same windows, and are judged by the same. */
import type { DataSet } from './dataset.ts';
import type { Part } from './part.ts';

/** Bytes of samples that are kept; what is behind them was asked for longest ago, and is read again. */
const MOST_KEPT = 2 ** 30;

/** The same data sets, which keep what they have given. It is shared: nobody may write to it. */
export function remembered(sets: readonly DataSet[], most = MOST_KEPT): DataSet[] {
  const kept = new Map<string, Part>(); // latest last
  const keep = (key: string, part: Part): void => {
    kept.delete(key);
    if (part.samples.byteLength > most) return; // and all others stay
    kept.set(key, part);
    let bytes = 0;
    for (const [other, { samples }] of [...kept].reverse()) {
      bytes += samples.byteLength;
      if (bytes > most) kept.delete(other);
    }
  };
  return sets.map((set) => ({
    ...set,
    load(split, request) {
      const key = JSON.stringify([set.name, split, request]);
      const part = kept.get(key) ?? set.load(split, request);
      keep(key, part);
      return part;
    },
  }));
}

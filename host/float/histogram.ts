/**
 * How often a tensor has which values: counts over a range that grows with them, and the ranges that lose little when
 * they are quantised.
 */

/** Bins on either side of 0. */
const BINS = 4096;

export type Range = [low: number, high: number];

export class Histogram {
  low = Number.POSITIVE_INFINITY;
  high = Number.NEGATIVE_INFINITY;
  private readonly counts = new Float64Array(2 * BINS);
  /** bins span [-reach, reach] */
  private reach = 0;
  private total = 0;
  /** exact zeros, as a rectifier makes them: every grid has them, so they cost nothing */
  private zeros = 0;

  /** Throws RangeError for a value that is not finite. */
  add(values: Float32Array): void {
    for (const value of values) {
      if (!Number.isFinite(value)) throw new RangeError(`a value is ${value}`);
      if (value === 0) this.zeros++;
      if (value < this.low) this.low = value;
      if (value > this.high) this.high = value;
    }
    const peak = Math.max(-this.low, this.high);
    if (peak > this.reach) this.grow(peak);
    if (this.reach === 0) {
      this.counts[BINS] += values.length;
    } else {
      const perUnit = BINS / this.reach;
      for (const value of values) this.counts[this.bin(value * perUnit)]++;
    }
    this.total += values.length;
  }

  /** Everything that was seen. */
  minMax(): Range {
    return [this.low, this.high];
  }

  /** All but this share of the values at either end. */
  percentile(share: number): Range {
    const left = share * this.total;
    const from = (start: number, step: number): number => {
      let [bin, seen] = [start, this.counts[start]];
      while (seen <= left && bin + step >= 0 && bin + step < 2 * BINS) {
        bin += step;
        seen += this.counts[bin];
      }
      return bin;
    };
    const width = this.reach / BINS;
    return this.inside([(from(0, 1) - BINS) * width, (from(2 * BINS - 1, -1) + 1 - BINS) * width]);
  }

  /** The range with the least squared error in `steps` steps, of those that shrink both ends by one factor or one end. */
  leastSquares(steps: number): Range {
    const seen = this.filled();
    let [best, least] = [this.minMax(), Number.POSITIVE_INFINITY];
    for (const low of SHRINKS)
      for (const high of SHRINKS) {
        if (low !== high && low !== 1 && high !== 1) continue;
        const range: Range = [this.low < 0 ? this.low * low : this.low, this.high > 0 ? this.high * high : this.high];
        const error = errorOf(seen, range, steps);
        if (error < least) [best, least] = [range, error];
      }
    return best;
  }

  /** Bins that have something beside exact zeros, from the lowest on. */
  private filled(): Bin[] {
    const width = this.reach / BINS;
    const seen: Bin[] = [];
    for (let bin = 0; bin < 2 * BINS; bin++) {
      const count = this.counts[bin] - (bin === BINS ? this.zeros : 0);
      if (count !== 0) seen.push({ value: (bin + 0.5 - BINS) * width, count });
    }
    return seen;
  }

  private inside([low, high]: Range): Range {
    return [Math.max(low, this.low), Math.min(high, this.high)];
  }

  private bin(scaled: number): number {
    return Math.min(2 * BINS - 1, Math.max(0, Math.floor(scaled) + BINS));
  }

  /** Twice the reach, until it holds `peak`: neighbours become one bin. */
  private grow(peak: number): void {
    if (this.reach === 0) {
      this.reach = peak;
      return;
    }
    for (; this.reach < peak; this.reach *= 2) {
      const before = this.counts.slice();
      this.counts.fill(0);
      for (let bin = 0; bin < 2 * BINS; bin++) this.counts[BINS + Math.floor((bin - BINS) / 2)] += before[bin];
    }
  }
}

/** How often values near one were seen. */
interface Bin {
  value: number;
  count: number;
}

/** Sum of squared errors of quantisation to `steps` steps over a range, which holds 0 or is made to. */
function errorOf(bins: readonly Bin[], [low, high]: Range, steps: number): number {
  const [lowest, highest] = [Math.min(0, low), Math.max(0, high)];
  const step = (highest - lowest) / steps;
  let error = 0;
  for (const { value, count } of bins) {
    const over = Math.max(lowest - value, value - highest, 0);
    error += count * (over > 0 ? over * over : (step * step) / 12);
  }
  return error;
}

const SHRINKS = Array.from({ length: 40 }, (_, i) => 1 - 0.02 * i);

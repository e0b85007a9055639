/** Seeded random numbers: the same seed gives the same data, draws and network. Not for cryptography. */

/** Where a generator is: its numbers go on from there, also in another process. */
export interface RandomState {
  /** a, b, c and the counter, each below 2^32 */
  words: number[];
  /** the second of two normal numbers, not yet taken */
  spare: number | null;
}

/** sfc32 by Chris Doty-Humphrey (PractRand): 128 bits of state, 32-bit operations only. */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;
  /** the second of two normal numbers; NaN for none, as engines hold a field that is always a number without a box */
  private spare = Number.NaN;

  /** `stream` separates uses that must not share numbers (data, order, weights). */
  constructor(seed: number, stream = 0) {
    this.a = seed | 0;
    this.b = stream | 0;
    this.c = 0x9e3779b9 | 0;
    for (let i = 0; i < 12; i++) this.uint32();
  }

  get state(): RandomState {
    const words = [this.a, this.b, this.c, this.counter].map((word) => word >>> 0);
    return { words, spare: Number.isNaN(this.spare) ? null : this.spare };
  }

  set state({ words, spare }: RandomState) {
    [this.a, this.b, this.c, this.counter] = words.map((word) => word | 0) as [number, number, number, number];
    this.spare = spare ?? Number.NaN;
  }

  // words are kept as int32, which engines hold without a box
  uint32(): number {
    const { a, b, c } = this;
    const sum = (a + b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = b ^ (b >>> 9);
    this.b = (c + (c << 3)) | 0;
    this.c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** [0, 1) in steps of 2^-32 */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 0x100000000);
  }

  /** integer in [0, count) */
  below(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** mean 0, deviation 1 (polar method of Marsaglia: no trigonometry, two at a time) */
  normal(): number {
    const { spare } = this;
    if (!Number.isNaN(spare)) {
      this.spare = Number.NaN;
      return spare;
    }
    for (;;) {
      const x = this.uniform(-1, 1);
      const y = this.uniform(-1, 1);
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.spare = y * factor;
      return x * factor;
    }
  }

  /** Fisher-Yates, in place */
  shuffle<T extends { length: number; [index: number]: number }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const swapped = items[i]!;
      items[i] = items[j]!;
      items[j] = swapped;
    }
    return items;
  }
}

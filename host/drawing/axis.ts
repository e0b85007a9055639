/** An axis for people: its unit, round numbers at even steps, and where a value lies between the ends. */

export const KIB = 1024;

export interface Axis {
  low: number;
  high: number;
  ticks: number[];
}

const STEPS = [1, 2, 2.5, 5, 10];

/** An axis that holds all values, with at most `most` (at least 2) steps between its ticks; ends on ticks. */
export function axisOf(values: number[], most: number): Axis {
  const [from, to] = [Math.min(...values), Math.max(...values)];
  const spread = to - from || Math.abs(to) || 1;
  const magnitude = 10 ** Math.floor(Math.log10(spread / most));
  for (const factor of [...STEPS, ...STEPS.map((step) => 10 * step)]) {
    const step = factor * magnitude;
    const [first, last] = [Math.floor(from / step), Math.ceil(to / step)];
    if (last - first > most) continue;
    const end = last === first ? last + 1 : last;
    const ticks = Array.from({ length: end - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
    return { low: ticks[0], high: ticks[ticks.length - 1], ticks };
  }
  throw new RangeError(`no axis from ${from} to ${to}: expected finite numbers`);
}

/** 0 at the low end, 1 at the high one. */
export function place({ low, high }: Axis, value: number): number {
  return (value - low) / (high - low);
}

/** The unit that keeps labels short: 1, thousand or million instructions. */
export function unitOf(instructions: number): { factor: number; name: string } {
  if (instructions >= 1e6) return { factor: 1e6, name: 'million instructions' };
  return instructions >= 1e4 ? { factor: 1e3, name: 'thousand instructions' } : { factor: 1, name: 'instructions' };
}

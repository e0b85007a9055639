/** The peak of an arena in words: who holds it, and whether it could be lower. */
import type { Timeline } from '../layout/timeline.ts';
import { grouped } from '../system/grouped.ts';

/** "header 128, tensors 4,096 (PW4 4,096, DW4 in it), scratch of PW4 2,048, weights 8,192": adds up to the arena. */
export function holdersOf({ operators, peak }: Timeline): string {
  const tensors = peak.holders
    .filter(({ kind }) => kind === 'tensor')
    .map(({ name, bytes, within }) => (within === null ? `${name} ${grouped(bytes)}` : `${name} in ${within}`));
  return [
    `header ${grouped(peak.header)}`,
    `tensors ${grouped(peak.tensors)} (${tensors.join(', ')})`,
    ...(peak.scratch > 0 ? [`scratch of ${operators[peak.operator]} ${grouped(peak.scratch)}`] : []),
    ...(peak.weights > 0 ? [`weights ${grouped(peak.weights)}`] : []),
    ...(peak.gaps > 0 ? [`gaps ${grouped(peak.gaps)}`] : []),
  ].join(', ');
}

/** Lines that say the peak, who holds it, and whether it could be lower. */
export function peakLines(timeline: Timeline): string[] {
  const { arenaBytes, leastBytes, operators, peak } = timeline;
  const proof =
    arenaBytes === leastBytes
      ? 'provably minimal: no placing needs less for these residencies'
      : `not proven minimal: any placing needs at least ${grouped(leastBytes)} bytes for these residencies`;
  return [`peak ${grouped(arenaBytes)} bytes at ${operators[peak.operator]}: ${holdersOf(timeline)}`, proof];
}

/** Choosing among what was trained, by validation windows alone. */

/** Something that takes bytes and was judged on validation windows. */
export interface Candidate {
  bytes: number;
  validation: number;
}

/** The best that fits, of equals the smaller; undefined where nothing fits. */
export const bestWithin = <C extends Candidate>(all: readonly C[], budget: number): C | undefined =>
  all.filter(({ bytes }) => bytes <= budget).toSorted((a, b) => b.validation - a.validation || a.bytes - b.bytes)[0];

/** One of each list that together take no more than `budget` and are the best in the mean; null where none do. */
export function bestTogether<C extends Candidate>(lists: readonly (readonly C[])[], budget: number): C[] | null {
  let sums: { bytes: number; validation: number; chosen: C[] }[] = [{ bytes: 0, validation: 0, chosen: [] }];
  for (const list of lists)
    sums = front(
      sums
        .flatMap(({ bytes, validation, chosen }) =>
          front(list).map((one) => ({
            bytes: bytes + one.bytes,
            validation: validation + one.validation,
            chosen: [...chosen, one],
          })),
        )
        .filter(({ bytes }) => bytes <= budget),
    );
  return sums.at(-1)?.chosen ?? null;
}

/** Those that nothing of as few bytes beats, from few bytes to many, and so from bad to good. */
export function front<C extends Candidate>(all: readonly C[]): C[] {
  const kept: C[] = [];
  for (const one of all.toSorted((a, b) => a.bytes - b.bytes || b.validation - a.validation))
    if (kept.length === 0 || one.validation > kept.at(-1)!.validation) kept.push(one);
  return kept;
}

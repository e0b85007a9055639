/**
 * Successive halving (Jamieson and Talwalkar 2016): all candidates are trained for few epochs, the best third of them
 * three times as long, and so on; the last few as long as the configuration says. Validation windows alone judge.
 */

/** How many are left of those of a rung, and how much longer they are trained. */
const THIRD = 3;
/** That many are trained to the end. */
const LAST = 3;

export interface Rung {
  candidates: number;
  epochs: number;
}

/** Rungs of about the same work each; those that would be of one length are one. */
export function rungsOf(candidates: number, epochs: number): Rung[] {
  const counts = [candidates];
  while (counts.at(-1)! > LAST) counts.push(Math.ceil(counts.at(-1)! / THIRD));
  const rungs = counts.map((count, i) => ({
    candidates: count,
    epochs: Math.max(1, Math.round(epochs / THIRD ** (counts.length - 1 - i))),
  }));
  return rungs.filter(({ epochs: own }, i) => own !== rungs[i - 1]?.epochs);
}

/** What a candidate came to on a rung. */
export interface Judged {
  epochs: number;
  /** macro-F1 of the packed image on the validation windows, and its 95 % interval */
  validation: number;
  low: number;
  high: number;
  /** of that image */
  bytes: number;
  sha256: string;
}

/** A candidate with what it came to, rung by rung; `failed` says why it has no more. */
export interface Tried<C> {
  candidate: C;
  rungs: Judged[];
  failed: string | null;
}

/** Trains candidates for so many epochs; of one that fails, why. */
export type Train<C> = (candidates: readonly C[], epochs: number) => Promise<Map<C, Judged | Error>>;

interface Named {
  name: string;
  bytes: number;
}

/** Better first; of equals the smaller, then by name, so that nothing depends on which was ready first. */
const better = <C extends Named>(a: Tried<C>, b: Tried<C>): number =>
  b.rungs.at(-1)!.validation - a.rungs.at(-1)!.validation ||
  a.rungs.at(-1)!.bytes - b.rungs.at(-1)!.bytes ||
  (a.candidate.name < b.candidate.name ? -1 : 1);

/** All candidates, best first: those that went furthest, and of these the best of their last rung. */
export async function halve<C extends Named>(
  candidates: readonly C[],
  rungs: readonly Rung[],
  budget: number,
  train: Train<C>,
): Promise<Tried<C>[]> {
  const tried = candidates.map((candidate): Tried<C> => ({ candidate, rungs: [], failed: null }));
  let left = tried;
  for (const { candidates: count, epochs } of rungs) {
    left = left.slice(0, count);
    const judged = await train(
      left.map(({ candidate }) => candidate),
      epochs,
    );
    for (const one of left) {
      const result = judged.get(one.candidate)!;
      if (result instanceof Error) one.failed = result.message;
      else one.rungs.push(result);
      if (!one.failed && one.rungs.at(-1)!.bytes > budget)
        one.failed = `takes ${one.rungs.at(-1)!.bytes} bytes once it is trained, more than untrained`;
    }
    left = left.filter(({ failed }) => failed === null).toSorted(better);
  }
  const others = tried.filter((one) => !left.includes(one));
  const reached = (a: Tried<C>, b: Tried<C>): number =>
    b.rungs.length - a.rungs.length || (a.rungs.length > 0 ? better(a, b) : 0);
  return [...left, ...others.toSorted(reached)];
}

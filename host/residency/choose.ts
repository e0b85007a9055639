/**
 * Which layers to keep in RAM: every way of choosing a residency per layer that no other way beats.
 *
 * The arena ends where the scratch of some layer ends, or what is fixed, and all caches lie behind. So for each end
 * that can be the last, the layers whose scratch ends no later are a knapsack over caches: add layer by layer, keep of
 * all sums only those that cost less than every smaller one. Exact, as costs add up; a sum that is beaten stays beaten,
 * whatever is added.
 */

/** One residency of one layer. Sizes in ARENA_UNITs, costs in instructions. */
export interface Option {
  cacheUnits: number;
  /** where its scratch ends */
  scratchEnd: number;
  /** of each inference, the first of all left out */
  steady: number;
  /** of boot */
  boot: number;
}

/** One choice for all layers, by index into each layer's options, with what it takes in all. */
export interface Choice {
  units: number;
  steady: number;
  boot: number;
  chosen: number[];
}

/** A sum over the first layers; `previous` leads back to what it was made of. */
interface Sum {
  units: number;
  steady: number;
  boot: number;
  option: number;
  previous: Sum | null;
}

/**
 * The choices that are not beaten, by RAM rising and cost falling: no other has at most the RAM and at most the cost,
 * first of an inference, then of boot. Of choices equal in all three one is given. Empty when a layer has no option.
 */
export function bestChoices(fixedEnd: number, layers: readonly (readonly Option[])[]): Choice[] {
  const ends = new Set(layers.flat().map(({ scratchEnd }) => Math.max(fixedEnd, scratchEnd)));
  if (layers.length === 0) ends.add(fixedEnd);
  const all = [...ends].flatMap((end) => sums(layers, end).map((sum) => ({ ...sum, units: sum.units + end })));
  return unbeaten(all).map((sum) => ({ units: sum.units, steady: sum.steady, boot: sum.boot, chosen: path(sum) }));
}

/** The unbeaten sums of caches where no layer's scratch ends behind `end`. */
function sums(layers: readonly (readonly Option[])[], end: number): Sum[] {
  let known: Sum[] = [{ units: 0, steady: 0, boot: 0, option: -1, previous: null }];
  for (const options of layers) {
    known = unbeaten(
      options.flatMap((option, index) =>
        option.scratchEnd > end ? [] : known.map((previous) => plus(previous, option, index)),
      ),
    );
  }
  return known;
}

function plus(previous: Sum, option: Option, index: number): Sum {
  return {
    units: previous.units + option.cacheUnits,
    steady: previous.steady + option.steady,
    boot: previous.boot + option.boot,
    option: index,
    previous,
  };
}

function unbeaten<T extends { units: number; steady: number; boot: number }>(candidates: T[]): T[] {
  const sorted = [...candidates].sort((a, b) => a.units - b.units || a.steady - b.steady || a.boot - b.boot);
  const kept: T[] = [];
  for (const candidate of sorted) {
    const best = kept.at(-1);
    if (!best || candidate.steady < best.steady || (candidate.steady === best.steady && candidate.boot < best.boot))
      kept.push(candidate);
  }
  return kept;
}

function path(sum: Sum): number[] {
  const chosen: number[] = [];
  for (let at: Sum | null = sum; at?.previous; at = at.previous) chosen.push(at.option);
  return chosen.reverse();
}

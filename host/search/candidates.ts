/**
 * Candidates of a search: drawn with a seed from all schemes, each at the largest width whose image fits or a little
 * below, as packing an untrained network tells before anything is trained.
 */
import { pack } from '../image/pack.ts';
import { configOf, type Run } from '../sweep/grid.ts';
import type { RawConfig } from '../sweep/variation.ts';
import { UsageError } from '../system/errors.ts';
import { grouped } from '../system/grouped.ts';
import { Random } from '../system/random.ts';
import { untrainedTogether } from '../train/index.ts';
import type { Base } from './base.ts';
import { nameOf, type Scheme, schemesOf, varied, WIDTHS } from './space.ts';

/** A network that is tried. */
export interface Candidate extends Scheme {
  name: string;
  width: number;
  /** of the packed image, as that of the untrained network takes */
  bytes: number;
  configuration: RawConfig;
}

/** How many steps of width below the widest that fits a candidate may be, each as likely as the others. */
const STEPS_BELOW = 3;

/** Images of untrained networks are packed once each. */
export class Sizes {
  private readonly known = new Map<string, number | null>();

  constructor(private readonly base: Base) {}

  /** Null for what is no network: a codebook of more entries than there are runs of weights, and the like. */
  async at(scheme: Scheme, width: number): Promise<Candidate | null> {
    const name = nameOf(scheme, width);
    const configuration = varied(this.base.configuration, scheme, width, this.base.task);
    if (!this.known.has(name)) this.known.set(name, await this.packed(configuration));
    const bytes = this.known.get(name) ?? null;
    return bytes === null ? null : { ...scheme, name, width, bytes, configuration };
  }

  private async packed(configuration: RawConfig): Promise<number | null> {
    try {
      const config = configOf(runFor(this.base, { name: 'size', configuration }, null), this.base.path);
      return pack(await untrainedTogether(config), { tables: config.programs[0]!.tables }).length;
    } catch (error) {
      if (error instanceof UsageError) return null;
      throw error;
    }
  }
}

/** Throws UsageError, one line that says the smallest, where not even that fits. */
export async function assertSomeFits(base: Base, budget: number, sizes: Sizes): Promise<void> {
  const schemes = schemesOf(base.network, base.path);
  // fewer blocks and fewer bits take fewer bytes
  const least = schemes.filter(({ blocks, others }) => blocks === schemes[0]!.blocks && others === 'int4');
  let smallest: Candidate | null = null;
  for (const scheme of least)
    for (const width of WIDTHS) {
      const one = await sizes.at(scheme, width);
      if (one && one.bytes <= budget) return;
      if (one && one.bytes < (smallest?.bytes ?? Infinity)) smallest = one;
      if (one) break; // wider ones take more
    }
  throw new UsageError(
    `--budget: expected at least ${grouped(smallest!.bytes)} bytes, as the smallest candidate (${smallest!.name}) takes, ` +
      `got ${grouped(budget)}; give more, or a configuration of fewer layers`,
  );
}

/** As many as are asked for, or all that there are. The same seed draws the same. */
export async function drawn(
  base: Base,
  { budget, count, seed }: { budget: number; count: number; seed: number },
  sizes: Sizes,
  report: (done: number) => void,
): Promise<Candidate[]> {
  const random = new Random(seed, STREAM);
  const schemes = schemesOf(base.network, base.path);
  const order = random.shuffle(schemes.map((_, i) => i));
  const chosen: Candidate[] = [];
  for (const at of order) {
    if (chosen.length === count) break;
    const below = random.below(STEPS_BELOW); // drawn for each, so that what fits does not shift the others
    const widest = await widestWithin(schemes[at]!, budget, sizes);
    if (widest === null) continue;
    const one = await firstFrom(Math.max(0, widest - below), widest, schemes[at]!, budget, sizes);
    if (one) chosen.push(one);
    report(chosen.length);
  }
  return chosen;
}

/** Of random numbers, for nothing else. */
const STREAM = 11;

/** The narrowest of these widths that is a network and fits: what a source needs may be more than the first has. */
async function firstFrom(
  narrowest: number,
  widest: number,
  scheme: Scheme,
  budget: number,
  sizes: Sizes,
): Promise<Candidate | null> {
  for (const width of WIDTHS.slice(narrowest, widest + 1)) {
    const one = await sizes.at(scheme, width);
    if (one && one.bytes <= budget) return one;
  }
  return null;
}

/** Place in WIDTHS; null where not even the narrowest fits. */
async function widestWithin(scheme: Scheme, budget: number, sizes: Sizes): Promise<number | null> {
  let [low, high] = [-1, WIDTHS.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const one = await sizes.at(scheme, WIDTHS[middle]!);
    if (one === null || one.bytes <= budget)
      low = middle; // what is refused is too narrow
    else high = middle - 1;
  }
  return low < 0 ? null : low;
}

/** The training of a candidate: a run like those of a sweep that sees training and validation windows alone. */
export function runFor(
  { path, configuration: { tasks }, seed }: Pick<Base, 'path' | 'configuration' | 'seed'>,
  { name, configuration }: Pick<Candidate, 'name' | 'configuration'>,
  epochs: number | null,
): Run {
  const program = tasks[0]!.name;
  const how = epochs === null ? configuration : { ...configuration, epochs };
  return {
    id: [name, `e${how.epochs}`, `s${seed}`].join('.'),
    method: name,
    seed,
    programs: [program],
    data: null,
    basis: null,
    lesson: null,
    splits: ['validation'],
    configuration: { ...how, seed },
    from: path,
  };
}

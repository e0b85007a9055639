/**
 * Less RAM for a program by strips: which operators run in how many, so that the arena becomes small while no more than
 * so much is computed twice. Whatever stands at the peak is tried in strips, with operators in front and behind, until
 * nothing makes the arena smaller.
 */
import type { Unpacked } from '../image/unpack.ts';
import { pack } from '../image/pack.ts';
import { MAX_OPERATORS } from '../../assembly/limits.ts';
import { timelineOf } from '../layout/timeline.ts';
import type { Model, Operator, Program, StoredSource, WeightedOperator } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { sourceMacs } from '../model/weights.ts';
import { ImageError, ImageView } from '../records/view.ts';
import { outputOf, type Region } from './cut.ts';
import { type Early, earlyParts } from './early.ts';
import { areAlike, branchesOfRoute, cutAll, firstLine } from './rewrite.ts';
import { type Axis, isSliceable } from './stretch.ts';
import { withoutUnused, withoutUnusedSources } from './tidy.ts';

export interface SliceOptions {
  program: number;
  /** multiply-accumulates of an inference, as a multiple of those before */
  mostMacs: number;
  /** of every region; default: whatever is best */
  strips?: number;
}

/** What has been done, and what a program takes then. */
export interface Step {
  /** operators in strips, by their names in the program before; none for what is as it was */
  from: string;
  to: string;
  strips: number;
  arenaBytes: number;
  /** of an inference, by the most expensive branch */
  macs: number;
  operators: number;
  imageBytes: number;
}

export interface Sliced {
  image: Uint8Array;
  /** the first is the program as it was, each other one has all before it */
  steps: Step[];
}

/** What is tried: a program, and where its operators and sources come from. */
interface Variant {
  program: Program;
  sources: StoredSource[];
  /** operator of the original that each one is a part of */
  origins: number[];
  early: Early | null;
  regions: Region[];
}

const COUNTS = [2, 3, 4, 5, 6, 8, 12, 16];
const MOST_ROUNDS = 8;

/** Throws Unsupported where no strips make the arena smaller. */
export function slice(unpacked: Unpacked, { program: index, mostMacs, strips }: SliceOptions): Sliced {
  return new Slicing(unpacked, index, mostMacs, strips === undefined ? COUNTS : [strips]).result();
}

class Slicing {
  private readonly original: Program;
  private readonly model: Model;
  private readonly most: number;

  constructor(
    private readonly unpacked: Unpacked,
    private readonly index: number,
    mostMacs: number,
    private readonly counts: readonly number[],
  ) {
    this.model = unpacked.model;
    this.original = this.model.programs[index];
    this.most = mostMacs * worstMacs(this.original, this.model.sources);
  }

  result(): Sliced {
    const as: Variant = { program: this.original, sources: [], origins: this.original.operators.map((_, o) => o), early: null, regions: [] };
    const steps = [this.step(as, null)];
    let best = as;
    const early = earlyParts(this.model, this.original);
    if (early) {
      const variant = { ...as, ...early, program: withoutUnused(early.program), early };
      const step = this.step(variant, null);
      if (step.arenaBytes <= steps[0].arenaBytes) {
        best = variant;
        steps.push(step);
      }
    }
    const base = best;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const found = this.improved(base, best);
      if (!found) break;
      best = found.variant;
      steps.push(this.step(best, { ...found.region, program: base.program }));
    }
    if (steps.length === 1 || steps.at(-1)!.arenaBytes >= steps[0].arenaBytes)
      throw new Unsupported('no strips of its operators take less RAM');
    return { image: this.packed(best), steps };
  }

  /** The best region for the operator at the peak of what has been found so far. */
  private improved(base: Variant, current: Variant): { variant: Variant; region: Region } | null {
    const branches = branchesOfRoute(base.program);
    const alike = branches.length > 1 && areAlike(base.program, branches);
    const line = alike ? firstLine(base.program, branches) : { program: base.program, numbers: base.program.operators.map((_, o) => o) };
    const toLine = (region: Region): Region => ({ ...region, first: line.numbers.indexOf(region.first), last: line.numbers.indexOf(region.last) });
    const own = current.regions.filter(({ first, last }) => line.numbers.includes(first) && line.numbers.includes(last)).map(toLine);
    const now = this.tried(line.program, base.sources, own);
    if (!now) return null;
    let best = { ...now, region: null as Region | null, regions: own };
    for (const region of this.candidates(line.program, now.peak)) {
      const regions = [...own.filter(({ first, last }) => last < region.first || region.last < first), region];
      const tried = this.tried(line.program, base.sources, regions);
      if (tried && isBetter(tried, best)) best = { ...tried, region, regions };
    }
    if (best.region === null || best.arena >= now.arena) return null;
    const full = best.regions.flatMap((region) => {
      const [first, last] = [line.numbers[region.first], line.numbers[region.last]];
      const branch = alike ? branches.findIndex((some) => some.first <= first && first <= some.last) : -1;
      const offsets = branch < 0 ? [0] : branches.map((some) => some.first - branches[branch].first);
      return offsets.map((offset) => ({ ...region, first: first + offset, last: last + offset }));
    });
    const all = cutAll(base.program, full);
    if (all.program.operators.length > MAX_OPERATORS) return null;
    return {
      variant: { ...base, program: withoutUnused(all.program), origins: all.origins.map((o) => base.origins[o]), regions: full },
      region: { ...best.region, first: line.numbers[best.region.first], last: line.numbers[best.region.last] },
    };
  }

  /** Regions with an operator in them, in all numbers of strips. */
  private *candidates(program: Program, peak: number): Generator<Region> {
    const { operators, tensors } = program;
    const fits = (o: number) => o >= 0 && o < operators.length && isSliceable(operators[o], tensors);
    if (!fits(peak)) return;
    for (let first = peak; fits(first); first--) {
      for (let last = peak; fits(last); last++) {
        const output = outputOf(program, first, last);
        if (output === null) continue;
        for (const axis of [0, 1] as Axis[])
          for (const strips of this.counts)
            for (const consume of [false, true])
              if (tensors[output].shape[axis] >= strips) yield { first, last, axis, strips, consume };
      }
    }
  }

  /** Null for regions that cannot be cut, or that compute too much twice. */
  private tried(program: Program, sources: StoredSource[], regions: Region[]): { arena: number; macs: number; operators: number; peak: number } | null {
    const all = unlessUnsupported(() => cutAll(program, regions));
    if (!all) return null;
    const macs = worstMacs(all.program, [...this.model.sources, ...sources]);
    if (macs > this.most) return null;
    const image = unlessUnsupported(() => this.packedAlone(withoutUnused(all.program), sources));
    if (!image) return null;
    const { arenaBytes, peak } = timelineOf(new ImageView(image), 0);
    return { arena: arenaBytes, macs, operators: all.program.operators.length, peak: all.origins[peak.operator] };
  }

  private packedAlone(program: Program, sources: StoredSource[]): Uint8Array {
    const { model } = withoutUnusedSources({ ...this.model, programs: [program], sources: [...this.model.sources, ...sources] });
    return pack(model, { tables: 'compact', strip: true, shareTables: true });
  }

  private packed({ program, sources, origins }: Variant): Uint8Array {
    const { model, tables, lossless } = this.unpacked;
    const programs = model.programs.map((one, p) => (p === this.index ? program : one));
    const whole = withoutUnusedSources({ ...model, programs, sources: [...model.sources, ...sources] });
    const originals = new Map<Operator, WeightedOperator>();
    for (const [p, one] of whole.model.programs.entries())
      one.operators.forEach((operator, o) => {
        const before = model.programs[p].operators[p === this.index ? origins[o] : o];
        if ('source' in before) originals.set(operator, before);
      });
    const parents = [...model.sources, ...sources];
    return pack(whole.model, {
      tables: (operator) => tables(originals.get(operator)!),
      lossless: (source: StoredSource) => lossless(parents[whole.kept[whole.model.sources.indexOf(source)]] as StoredSource),
      shareTables: true,
    });
  }

  private step(variant: Variant, region: (Region & { program: Program }) | null): Step {
    const image = this.packed(variant);
    const { arenaBytes } = new ImageView(image).programs[this.index];
    const names = region ? [region.first, region.last].map((o) => region.program.operators[o].name) : ['', ''];
    return {
      from: names[0],
      to: names[1],
      strips: region?.strips ?? 1,
      arenaBytes,
      macs: worstMacs(variant.program, [...this.model.sources, ...variant.sources]),
      operators: variant.program.operators.length,
      imageBytes: image.length,
    };
  }
}

/** Less RAM, or as much with less work, or with fewer operators. */
function isBetter(a: { arena: number; macs: number; operators: number }, b: typeof a): boolean {
  if (a.arena !== b.arena) return a.arena < b.arena;
  return a.macs !== b.macs ? a.macs < b.macs : a.operators < b.operators;
}

/** Of an inference by the branches that compute most. */
export function worstMacs(program: Program, sources: Model['sources']): number {
  const counts = program.operators.map((operator) => {
    if (!('source' in operator)) return 0;
    const [height, width] = program.tensors[operator.output].shape;
    return sourceMacs({ height, width }, sources[operator.source]);
  });
  const sum = (first: number, last: number) => counts.slice(first, last + 1).reduce((total, count) => total + count, 0);
  const branches = branchesOfRoute(program);
  const inside = branches.map(({ first, last }) => sum(first, last));
  return sum(0, counts.length) - inside.reduce((total, count) => total + count, 0) + Math.max(0, ...inside);
}

function unlessUnsupported<T>(make: () => T): T | null {
  try {
    return make();
  } catch (error) {
    if (error instanceof Unsupported || error instanceof ImageError) return null;
    throw error;
  }
}

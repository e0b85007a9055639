/**
 * Less RAM for a program by strips: which operators run in how many, so that the arena becomes small while no more than
 * so much is computed twice. Whatever stands at the peak is tried in strips, with operators in front and behind, until
 * nothing makes the arena smaller.
 */
import { ARENA_UNIT } from '../../assembly/format.ts';
import { FEW_OPERATORS, MAX_OPERATORS } from '../../assembly/limits.ts';
import { assembled, pack } from '../image/pack.ts';
import { seal } from '../image/seal.ts';
import type { Unpacked } from '../image/unpack.ts';
import { leastArena } from '../layout/plan.ts';
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
  /** "as it was", or the operators that it is about, by their names in the program before */
  what: string;
  /** how many they run in; null where it is not about strips */
  strips: number | null;
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

/** Of which no plan has been made, but what any takes at least is known. */
interface Draft {
  least: number;
  macs: number;
  operators: number;
  image: Uint8Array;
  origins: number[];
}

interface Planned {
  arena: number;
  macs: number;
  operators: number;
  /** operator at the peak, of those before */
  peak: number;
}

const COUNTS = [2, 3, 4, 6, 8, 12, 16];
const MOST_ROUNDS = 8;
/** Candidates of a round that a plan is made of, those first that could become smallest. */
const MOST_PLANNED = 10;

/**
 * Without `strips` each count for all regions and each region's own are tried: the fewest operators are taken of what
 * comes within 2 % of the smallest arena, as every one has its record in flash and its share of the work. Throws
 * Unsupported where no strips make the arena smaller.
 */
export function slice(
  unpacked: Unpacked,
  { program: index, mostMacs, strips }: SliceOptions,
  report: (done: number, total: number) => void = () => {},
): Sliced {
  const sliced = (counts: readonly number[]): Sliced => new Slicing(unpacked, index, mostMacs, counts).result();
  if (strips !== undefined) return sliced([strips]);
  const choices = [COUNTS, ...COUNTS.map((count) => [count])];
  const all = choices.flatMap((counts, i) => {
    report(i, choices.length);
    return unlessUnsupported(() => [sliced(counts)]) ?? [];
  });
  if (all.length === 0) throw new Unsupported(NOTHING_SAVED);
  return leanest(all);
}

/** The fewest operators of what comes within NEAR of the smallest arena, and of as many the smaller arena. */
export function leanest<T extends Pick<Sliced, 'steps'>>(all: readonly T[]): T {
  const last = ({ steps }: T): Step => steps.at(-1)!;
  const smallest = Math.min(...all.map((one) => last(one).arenaBytes));
  const [best] = all
    .filter((one) => last(one).arenaBytes <= smallest * (1 + NEAR))
    .toSorted((a, b) => last(a).operators - last(b).operators || last(a).arenaBytes - last(b).arenaBytes);
  return best!;
}

const NOTHING_SAVED = 'no strips of its operators take less RAM';

/** How much larger an arena of fewer operators may be. */
const NEAR = 0.02;

class Slicing {
  private readonly original: Program;
  private readonly model: Model;
  private readonly most: number;
  private readonly mostOperators: number;

  constructor(
    private readonly unpacked: Unpacked,
    private readonly index: number,
    mostMacs: number,
    private readonly counts: readonly number[],
  ) {
    this.model = unpacked.model;
    this.original = this.model.programs[index];
    this.most = mostMacs * worstMacs(this.original, this.model.sources);
    this.mostOperators = this.original.operators.some(wantsFew) ? FEW_OPERATORS : MAX_OPERATORS;
  }

  result(): Sliced {
    const as: Variant = {
      program: this.original,
      sources: [],
      origins: this.original.operators.map((_, o) => o),
      early: null,
      regions: [],
    };
    const steps = [this.step(as, 'as it was', null)];
    let best = as;
    const early = earlyParts(this.model, this.original);
    if (early) {
      const variant = { ...as, ...early, program: withoutUnused(early.program), early };
      const step = this.step(variant, 'features of the selector first', null);
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
      steps.push(this.step(best, nameOf(base.program, found.region), found.region.strips));
    }
    if (steps.length === 1 || steps.at(-1)!.arenaBytes >= steps[0].arenaBytes) throw new Unsupported(NOTHING_SAVED);
    return { image: this.packed(best), steps };
  }

  /** The best region for the operator at the peak of what has been found so far. */
  private improved(base: Variant, current: Variant): { variant: Variant; region: Region } | null {
    const branches = branchesOfRoute(base.program);
    const alike = branches.length > 1 && areAlike(base.program, branches);
    const line = alike
      ? firstLine(base.program, branches)
      : { program: base.program, numbers: base.program.operators.map((_, o) => o) };
    const toLine = (region: Region): Region => ({
      ...region,
      first: line.numbers.indexOf(region.first),
      last: line.numbers.indexOf(region.last),
    });
    const own = current.regions
      .filter(({ first, last }) => line.numbers.includes(first) && line.numbers.includes(last))
      .map(toLine);
    const now = this.planned(this.drafted(line.program, base.sources, own)!);
    const rest = base.program.operators.length - line.program.operators.length * Math.max(1, branches.length);
    const drafts = [...this.candidates(line.program, now.peak)].flatMap((region) => {
      const regions = [...own.filter(({ first, last }) => last < region.first || region.last < first), region];
      const draft = this.drafted(line.program, base.sources, regions);
      const operators = draft ? draft.operators * Math.max(1, branches.length) + rest : Number.POSITIVE_INFINITY;
      return draft && operators <= this.mostOperators && draft.least < now.arena
        ? [{ ...draft, promise: Math.round((32 * draft.least) / now.arena), region, regions }]
        : [];
    });
    let best = { ...now, region: null as Region | null, regions: own };
    let left = MOST_PLANNED;
    for (const draft of drafts.toSorted((a, b) => a.promise - b.promise || a.operators - b.operators)) {
      if (draft.least >= best.arena) continue;
      if (left-- === 0) break;
      const planned = this.planned(draft);
      if (isBetter(planned, best)) best = { ...planned, region: draft.region, regions: draft.regions };
    }
    if (best.region === null || best.arena >= now.arena) return null;
    const full = best.regions.flatMap((region) => {
      const [first, last] = [line.numbers[region.first], line.numbers[region.last]];
      const branch = alike ? branches.findIndex((some) => some.first <= first && first <= some.last) : -1;
      const offsets = branch < 0 ? [0] : branches.map((some) => some.first - branches[branch].first);
      return offsets.map((offset) => ({ ...region, first: first + offset, last: last + offset }));
    });
    const all = cutAll(base.program, full);
    if (all.program.operators.length > this.mostOperators) return null;
    return {
      variant: {
        ...base,
        program: withoutUnused(all.program),
        origins: all.origins.map((o) => base.origins[o]),
        regions: full,
      },
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

  /** A program with regions in strips, not planned yet; null where they cannot be cut or compute too much twice. */
  private drafted(program: Program, sources: StoredSource[], regions: Region[]): Draft | null {
    const all = unlessUnsupported(() => cutAll(program, regions));
    if (!all) return null;
    const macs = worstMacs(all.program, [...this.model.sources, ...sources]);
    if (macs > this.most) return null;
    const { model } = withoutUnusedSources({
      ...this.model,
      programs: [withoutUnused(all.program)],
      sources: [...this.model.sources, ...sources],
    });
    const image = unlessUnsupported(() => assembled(model, { strip: true, shareTables: true }));
    if (!image) return null;
    const view = new ImageView(image);
    const least = leastArena(view, view.programs[0]) * ARENA_UNIT;
    return { least, macs, operators: all.program.operators.length, image, origins: all.origins };
  }

  private planned({ image, macs, operators, origins }: Draft): Planned {
    const { arenaBytes, peak } = timelineOf(new ImageView(seal(image)), 0);
    return { arena: arenaBytes, macs, operators, peak: origins[peak.operator] };
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
      lossless: (source: StoredSource) =>
        lossless(parents[whole.kept[whole.model.sources.indexOf(source)]] as StoredSource),
      shareTables: true,
    });
  }

  private step(variant: Variant, what: string, strips: number | null): Step {
    const image = variant.program === this.original ? this.unchanged() : this.packed(variant);
    return {
      what,
      strips,
      arenaBytes: new ImageView(image).programs[this.index].arenaBytes,
      macs: worstMacs(variant.program, [...this.model.sources, ...variant.sources]),
      operators: variant.program.operators.length,
      imageBytes: image.length,
    };
  }

  private unchanged(): Uint8Array {
    const { model, ...options } = this.unpacked;
    return pack(model, options);
  }
}

/** Routes and weights that are kept in RAM are for programs of few operators (assembly/limits.ts). */
const wantsFew = (operator: Operator): boolean =>
  operator.kind === 'route' ||
  ('residency' in operator && (operator.residency === 'boot' || operator.residency === 'lazy'));

/** "conv1 to dw2" */
function nameOf({ operators }: Program, { first, last }: Region): string {
  const [one, other] = [operators[first].name, operators[last].name];
  return first === last ? one : `${one} to ${other}`;
}

/** Less RAM, or as much with less work, or with fewer operators. */
function isBetter(a: Planned, b: Planned): boolean {
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

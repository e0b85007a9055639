/** Who holds which bytes of the arena during which operator, as the plan in an image has it. */
import * as F from '../../assembly/format.ts';
import { operatorNames } from '../operators/names.ts';
import { programName } from '../records/names.ts';
import { ImageView, type ProgramView } from '../records/view.ts';
import { lifetimes } from './lifetimes.ts';
import { leastArena } from './plan.ts';
import { cacheUnits, isCached, scratchBytes } from './scratch.ts';

export type HolderKind = 'header' | 'tensor' | 'scratch' | 'weights';

/**
 * Bytes [at, at + bytes) of the arena during operators [first, last]; -1 is before the first, their count behind the
 * last.
 */
export interface Holder {
  kind: HolderKind;
  /** of the operator that makes it or uses it; "input" for what the program is given */
  name: string;
  at: number;
  bytes: number;
  first: number;
  last: number;
}

/** What holds the arena at its highest; sizes in bytes that add up to the arena. */
export interface Peak {
  operator: number;
  header: number;
  /** what is shared counted once */
  tensors: number;
  scratch: number;
  weights: number;
  /** held by nobody during this operator */
  gaps: number;
  /** tensors and scratch; `within` another one where it shares all its bytes */
  holders: { kind: HolderKind; name: string; bytes: number; within: string | null }[];
}

export interface Timeline {
  name: string;
  arenaBytes: number;
  /** no placing needs less for these residencies; the arena is minimal if it has as many */
  leastBytes: number;
  operators: string[];
  holders: Holder[];
  peak: Peak;
}

/** The timeline of every program of an image. */
export function timelinesOf(image: Uint8Array): Timeline[] {
  const view = new ImageView(image);
  return view.programs.map((_, p) => timelineOf(view, p));
}

/** The timeline of one program of an image. */
export function timelineOf(view: ImageView, index: number): Timeline {
  const program = view.programs[index];
  const operators = operatorNames(program);
  const holders = [
    { kind: 'header' as const, name: 'header', at: 0, bytes: F.ARENA_HEADER_BYTES, ...always(program) },
    ...tensorsOf(view, program, operators),
    ...scratchOf(view, program, operators),
    ...weightsOf(view, program, operators),
  ];
  return {
    name: programName(view, index),
    arenaBytes: program.arenaBytes,
    leastBytes: leastArena(view, program) * F.ARENA_UNIT,
    operators,
    holders,
    peak: peakOf(holders, program),
  };
}

const always = ({ operators }: ProgramView) => ({ first: -1, last: operators.length });

/** Place in the arena of an entry of the plan. */
const placeOf = (view: ImageView, { planAt, grain }: ProgramView, entry: number) =>
  view.u16(planAt + 2 * entry) * grain * F.ARENA_UNIT;

function tensorsOf(view: ImageView, program: ProgramView, operators: string[]): Holder[] {
  return lifetimes(program).flatMap(({ tensor, intervals }) => {
    const maker = program.operators.findIndex(({ output }) => output === tensor);
    const given = program.inputs.findIndex((input) => input.tensor === tensor);
    const input = program.inputs.length > 1 ? `input ${given + 1}` : 'input';
    const name = given >= 0 ? input : (operators[maker] ?? `tensor ${tensor}`);
    const { bytes } = program.tensors[tensor];
    const at = placeOf(view, program, tensor);
    return intervals.map((interval) => ({ kind: 'tensor' as const, name, at, bytes, ...interval }));
  });
}

function scratchOf(view: ImageView, program: ProgramView, operators: string[]): Holder[] {
  return program.operators.flatMap((operator, o) => {
    const bytes = scratchBytes(view, program, operator);
    if (bytes === 0) return [];
    const at = operator.scratch * F.ARENA_UNIT;
    return [{ kind: 'scratch' as const, name: operators[o], at, bytes, first: o, last: o }];
  });
}

function weightsOf(view: ImageView, program: ProgramView, operators: string[]): Holder[] {
  return program.operators.flatMap((operator, o) => {
    if (!isCached(operator)) return [];
    const at = placeOf(view, program, program.tensors.length + o);
    const bytes = cacheUnits(view, program, operator) * F.ARENA_UNIT;
    return [{ kind: 'weights' as const, name: operators[o], at, bytes, ...always(program) }];
  });
}

const end = ({ at, bytes }: Holder) => at + bytes;

/** The operator during which tensors and scratch reach highest, the first of equals. */
function peakOf(holders: Holder[], { operators, arenaBytes }: ProgramView): Peak {
  const moving = holders.filter(({ kind }) => kind === 'tensor' || kind === 'scratch');
  const during = operators.map((_, o) => moving.filter(({ first, last }) => first <= o && o <= last));
  const reach = during.map((held) => Math.max(0, ...held.map(end)));
  const operator = reach.indexOf(Math.max(...reach));
  const held = during[operator].toSorted((a, b) => b.bytes - a.bytes);
  const sizes = {
    header: F.ARENA_HEADER_BYTES,
    tensors: covered(held.filter(({ kind }) => kind === 'tensor')),
    scratch: covered(held.filter(({ kind }) => kind === 'scratch')),
    weights: covered(holders.filter(({ kind }) => kind === 'weights')),
  };
  const used = Object.values(sizes).reduce((total, bytes) => total + bytes, 0);
  return {
    operator,
    ...sizes,
    gaps: arenaBytes - used,
    holders: held.map((own, i) => {
      const around = held.slice(0, i).find((other) => other.at <= own.at && end(own) <= end(other));
      return { kind: own.kind, name: own.name, bytes: own.bytes, within: around?.name ?? null };
    }),
  };
}

/** Bytes that any of them has, in whole ARENA_UNITs, which is how the plan gives them out. */
function covered(holders: Holder[]): number {
  let [bytes, from] = [0, 0];
  for (const holder of holders.toSorted((a, b) => a.at - b.at)) {
    const to = Math.ceil(end(holder) / F.ARENA_UNIT) * F.ARENA_UNIT;
    bytes += Math.max(0, to - Math.max(from, holder.at));
    from = Math.max(from, to);
  }
  return bytes;
}

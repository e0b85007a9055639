/**
 * Which tensors may have the same memory, and the blocks that this makes of them: tensors at fixed distances from each
 * other.
 */
import * as F from '../../assembly/format.ts';
import type { Piece } from '../operators/operator.ts';
import { keptBy, kindOf } from '../operators/registry.ts';
import { areExclusive } from '../records/branches.ts';
import type { ImageView, OperatorView, ProgramView } from '../records/view.ts';
import { endOf, meetOnlyAt, overlap, type Span, together } from './lifetimes.ts';

/** Two tensors that may have the same memory while operator `operator` runs, and perhaps before. */
export interface Sharing {
  operator: number;
  /** the larger one, or either */
  whole: number;
  /** lies in `whole`, `offset` units behind its beginning */
  part: number;
  offset: number;
  /** of a copy that has nothing to do then: its input lies in its output, or its output in its input */
  moves: 'into' | 'from' | null;
  /** a slice of what others still read behind it */
  stays?: boolean;
}

/**
 * What may share memory: an operator may write over an input that nothing reads later, if its kernel has read a place
 * for the last time before it writes there; and what a copy would only move may lie where the copy would put it. Not in a
 * state, whose memory is its own.
 */
export function sharingsOf(image: ImageView, program: ProgramView, lives: Span[]): Sharing[] {
  const kept = new Set(program.operators.map(keptBy));
  return program.operators.flatMap((operator, o) => {
    const { input, output } = operator;
    const begins = lives[output].begins.has(o);
    const found: Sharing[] = [];
    const into = movedInto(image, program, operator);
    if (into !== null && input !== output && !kept.has(output) && lives[input].ends.has(o))
      found.push({ operator: o, whole: output, part: input, offset: into, moves: 'into' });
    const takesOver = (whole: number) =>
      begins && lives[whole].ends.has(o) && meetOnlyAt(lives[whole], lives[output], o);
    const stays = !takesOver(input) && begins && staysWhole(program, o, kept);
    const from = stays || takesOver(input) ? movedFrom(image, program, operator) : null;
    if (from !== null) found.push({ operator: o, whole: input, part: output, offset: from, moves: 'from', stays });
    for (const whole of overwritable(program, operator)) {
      if (takesOver(whole) && program.tensors[output].bytes <= program.tensors[whole].bytes)
        found.push({ operator: o, whole, part: output, offset: 0, moves: null });
    }
    return found;
  });
}

/** Whether neither the input nor the output of an operator changes behind it, so that both may be one memory. */
function staysWhole(
  { operators, inputs, branches }: ProgramView,
  o: number,
  kept: ReadonlySet<number | null>,
): boolean {
  const { input, output } = operators[o];
  const isLater = (other: number) => other > o && !areExclusive(branches, o, other);
  return (
    ![input, output].some((tensor) => kept.has(tensor)) &&
    !inputs.some(({ tensor }) => tensor === output) &&
    operators.every((other, at) => other.output !== output || at === o) &&
    operators.every((other, at) => other.output !== input || !isLater(at))
  );
}

/** Inputs that an operator reads at a place for the last time before it writes there. */
function overwritable(program: ProgramView, operator: OperatorView): number[] {
  const kind = kindOf(operator);
  return 'overwrites' in kind ? kind.overwrites(operator, program.tensors) : [];
}

/**
 * Where in its output, in ARENA_UNITs, a copy puts its whole input in one piece; null if it does not, or not at a unit,
 * or if something else is there too: another piece, or what the program was given.
 */
function movedInto(image: ImageView, program: ProgramView, operator: OperatorView): number | null {
  const own = pieceOf(image, operator);
  if (own?.from !== 0 || own.bytes !== program.tensors[operator.input].bytes) return null;
  if (own.to % (F.ARENA_UNIT * program.grain) !== 0 || program.inputs.some(({ tensor }) => tensor === operator.output))
    return null;
  const pieces = program.operators.filter(({ output }) => output === operator.output).map((o) => pieceOf(image, o));
  const meets = pieces.filter((piece) => !piece || (piece.to < own.to + own.bytes && own.to < piece.to + piece.bytes));
  return meets.length === 1 ? own.to / F.ARENA_UNIT : null; // itself
}

/**
 * Where in its input, in ARENA_UNITs, a copy finds its whole output in one piece; null if it does not, or not at a
 * unit.
 */
function movedFrom(image: ImageView, program: ProgramView, operator: OperatorView): number | null {
  const own = pieceOf(image, operator);
  if (own?.to !== 0 || own.bytes !== program.tensors[operator.output].bytes) return null;
  return own.from % (F.ARENA_UNIT * program.grain) === 0 ? own.from / F.ARENA_UNIT : null;
}

/** The one piece that a copy takes from its input and all that it writes; null for any other operator. */
function pieceOf(image: ImageView, operator: OperatorView): Piece | null {
  const kind = kindOf(operator);
  return 'moves' in kind && kind.moves ? kind.moves(image, operator) : null;
}

/** Tensors that lie at fixed distances from each other, as they share memory; mostly a tensor alone. */
export interface Block {
  spans: Span[];
  size: number;
}

/** Joins the tensors that share memory, as far as nothing else would lose its values. */
export function blocksOf(lives: Span[], sharings: Sharing[]): Block[] {
  const blocks = lives.map((span): Block => ({ spans: [span], size: span.size }));
  for (const sharing of sharings) {
    const [whole, part] = [sharing.whole, sharing.part].map(
      (tensor) => blocks.find(({ spans }) => spans.some((span) => span.tensor === tensor))!,
    );
    const joined = whole === part ? null : join(whole, part, sharing);
    if (!joined) continue;
    blocks.splice(blocks.indexOf(part), 1);
    blocks[blocks.indexOf(whole)] = joined;
  }
  return blocks;
}

/** Null where tensors would meet that may not. */
function join(whole: Block, part: Block, sharing: Sharing): Block | null {
  const around = whole.spans.find(({ tensor }) => tensor === sharing.whole)!;
  const inside = part.spans.find(({ tensor }) => tensor === sharing.part)!;
  const shift = around.offset + sharing.offset - inside.offset;
  const moved = part.spans.map((span) => ({ ...span, offset: span.offset + shift }));
  const within = { ...inside, offset: inside.offset + shift };
  // What lies where a copy would put its input has no other use until then, nor had it for what lay there before. A copy
  // that takes its output from where it lies has no such place: what it reads is whole all the time.
  const mayLie = (span: Span) =>
    span.tensor === sharing.part ||
    (sharing.moves === 'into' &&
      span.intervals.every(({ last }) => last <= sharing.operator) &&
      within.offset <= span.offset &&
      span.offset + span.size <= within.offset + within.size);
  const meet = whole.spans.some((a) =>
    moved.some((b) => together(a, b) && overlap(a, b) && !(a === around && mayLie(b))),
  );
  if (meet) return null;
  const spans = [...whole.spans, ...moved];
  const start = Math.min(...spans.map(({ offset }) => offset));
  const shifted = spans.map((span) => ({ ...span, offset: span.offset - start }));
  return { spans: shifted, size: Math.max(...shifted.map(endOf)) };
}

/**
 * Some operators of a program in strips: each strip makes a stretch of what they give, from the stretch of what they
 * read that it takes, border included. So only one strip of what lies between is there at a time, and what two strips both
 * need is computed twice. Every output byte is as before: padding stays where a whole tensor begins or ends.
 *
 *   input -> [ slice -> operators -> piece ] x strips -> copies of the pieces to the output
 *
 * Slices and copies are operators that a plan mostly makes free, by where it lays their tensors.
 */
import { ARENA_UNIT } from '../../assembly/format.ts';
import type { Operator, Program } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { Copy } from '../operators/copy.ts';
import { areExclusive, type Branches, branchesOf } from '../records/branches.ts';
import {
  type Axis,
  areSame,
  channelsOf,
  hull,
  isRepeated,
  isSliceable,
  lengthOf,
  moved,
  readsOf,
  type Stretch,
  stretchRead,
  windowOn,
  withLength,
} from './stretch.ts';

/** Operators [first, last] of a program, and how they are to run. */
export interface Region {
  first: number;
  last: number;
  axis: Axis;
  strips: number;
  /**
   * whether what they read and nobody reads behind them is taken apart in front, so that each strip gives up its share
   * of it; else it is there until the last strip
   */
  consume: boolean;
}

/** A program with some operators in strips. */
export interface Cut {
  program: Program;
  /** by operator: the one of the program before that it is a part of, or serves */
  origins: number[];
}

/** A tensor that holds a stretch of one of the program's. */
interface Held {
  tensor: number;
  stretch: Stretch;
}

/** Throws Unsupported for operators that cannot run in so many strips. */
export function cut(program: Program, region: Region): Cut {
  return new Cutting(program, region).result();
}

/** The one tensor that operators make and others read; null where there are more, or where others write it as well. */
export function outputOf(program: Program, first: number, last: number): number | null {
  const { operators } = program;
  const inside = (o: number) => first <= o && o <= last;
  const written = new Set(operators.slice(first, last + 1).map(({ output }) => output));
  const isRead = (tensor: number) =>
    program.outputs.includes(tensor) ||
    operators.some((operator, o) => !inside(o) && readsOf(operator).includes(tensor));
  const outputs = [...written].filter(isRead);
  const isOwn = (tensor: number) =>
    !program.inputs.includes(tensor) && operators.every(({ output }, o) => inside(o) || output !== tensor);
  return outputs.length === 1 && [...written].every(isOwn) ? outputs[0] : null;
}

/** Where strips of `size` positions end: as many as asked for, or fewer, on units of the arena where possible. */
export function endsOf(size: number, positionBytes: number, strips: number): number[] {
  let unit = 1;
  while ((unit * positionBytes) % ARENA_UNIT !== 0) unit++;
  const length = (step: number) => Math.ceil(Math.ceil(size / strips) / step) * step;
  const each = length(unit) * (strips - 1) < size ? length(unit) : length(1);
  return Array.from({ length: Math.ceil(size / each) }, (_, k) => Math.min(size, (k + 1) * each));
}

/** Per operator of a model the branch that it is in. */
export function branchesIn({ operators }: Program): Branches {
  const routes = operators.flatMap((operator, o): [number, number[]][] =>
    operator.kind === 'route' ? [[o, operator.branches]] : [],
  );
  return branchesOf(operators.length, new Map(routes));
}

class Cutting {
  private readonly tensors: Program['tensors'];
  private readonly inside: Operator[];
  private readonly output: number;
  private readonly strips: Stretch[];
  /** by strip: what it needs of each tensor */
  private readonly needs: Map<number, Stretch>[];
  private readonly consumed: Set<number>;
  private readonly made: { operator: Operator; origin: number }[] = [];
  /** of the strip that is made: what there is of each tensor */
  private held = new Map<number, Held>();
  /** what the strip before had of tensors that are taken apart, and the pieces of these */
  private kept = new Map<number, Held>();
  private readonly pieces = new Map<number, (Held | null)[]>();

  constructor(
    private readonly program: Program,
    private readonly region: Region,
  ) {
    const { first, last, strips, consume } = region;
    this.tensors = [...program.tensors];
    this.inside = program.operators.slice(first, last + 1);
    const output = outputOf(program, first, last);
    if (output === null || !this.inside.every((operator) => isSliceable(operator, program.tensors)))
      throw new Unsupported('operators that make more than one tensor, or read all of one');
    this.output = output;
    const ends = endsOf(this.sizeOf(output), this.positionBytes(output), strips);
    this.strips = ends.map((to, k) => ({ from: ends[k - 1] ?? 0, to }));
    if (this.strips.length < 2) throw new Unsupported(`${this.sizeOf(output)} positions, too few for strips`);
    this.needs = this.strips.map((strip) => this.neededFor(strip));
    this.consumed = new Set(consume ? this.outer().filter((tensor) => this.diesHere(tensor)) : []);
  }

  result(): Cut {
    const { first, last } = this.region;
    const { operators } = this.program;
    for (const tensor of this.consumed) this.takeApart(tensor);
    const pieces = this.strips.map((_, k) => this.strip(k));
    const whole = { tensor: this.output, stretch: { from: 0, to: this.sizeOf(this.output) } };
    for (const [k, piece] of pieces.entries()) this.move(piece, whole, this.strips[k], last);
    const made = this.made.map(({ operator }) => operator);
    const program = {
      ...this.program,
      tensors: this.tensors,
      operators: [...operators.slice(0, first), ...made, ...operators.slice(last + 1)],
    };
    const origins = [
      ...Array.from({ length: first }, (_, o) => o),
      ...this.made.map(({ origin }) => origin),
      ...Array.from({ length: operators.length - last - 1 }, (_, i) => last + 1 + i),
    ];
    return { program, origins };
  }

  /** Positions along the axis. */
  private sizeOf(tensor: number): number {
    return this.tensors[tensor].shape[this.region.axis];
  }

  private positionBytes(tensor: number): number {
    const [, width, channels] = this.tensors[tensor].shape;
    return this.region.axis === 0 ? width * channels : channels;
  }

  /** Backwards from a stretch of the output. */
  private neededFor(strip: Stretch): Map<number, Stretch> {
    const needs = new Map([[this.output, strip]]);
    for (const operator of this.inside.toReversed()) {
      const stretch = needs.get(operator.output);
      if (stretch === undefined) throw new Unsupported(`"${operator.name}", whose output nobody reads`);
      for (const tensor of readsOf(operator)) {
        if (isRepeated(operator, tensor, this.tensors)) continue;
        needs.set(tensor, hull(needs.get(tensor), this.readOf(operator, tensor, stretch)));
      }
    }
    return needs;
  }

  private readOf(operator: Operator, tensor: number, output: Stretch): Stretch {
    return stretchRead(operator, this.region.axis, output, this.sizeOf(tensor));
  }

  /** Tensors that are read and not made here, but for those that are read as a whole. */
  private outer(): number[] {
    const written = new Set(this.inside.map(({ output }) => output));
    return [...this.needs[0].keys()].filter((tensor) => !written.has(tensor));
  }

  /** Whether nobody needs a tensor behind the region. */
  private diesHere(tensor: number): boolean {
    const { operators, outputs } = this.program;
    const branches = branchesIn(this.program);
    const later = operators.filter((_, o) => o > this.region.last && !areExclusive(branches, this.region.first, o));
    const isWhole = this.inside.some((operator) => isRepeated(operator, tensor, this.tensors));
    const isKept = operators.some(({ kind }) => kind === 'state' || kind === 'svdf' || kind === 'lstm');
    return (
      !isWhole && !isKept && !outputs.includes(tensor) && !later.some((operator) => readsOf(operator).includes(tensor))
    );
  }

  /** The positions that each strip needs and the one before it does not, each a tensor of its own. */
  private takeApart(tensor: number): void {
    let end = 0;
    const pieces = this.needs.map((needs): Held | null => {
      const { from, to } = needs.get(tensor)!;
      if (to <= end) return null; // the strips before need all that this one does
      const stretch = { from: Math.max(from, end), to };
      end = to;
      return { tensor: this.tensor(tensor, stretch), stretch };
    });
    this.pieces.set(tensor, pieces);
    const whole = { tensor, stretch: { from: 0, to: this.sizeOf(tensor) } };
    for (const piece of pieces) if (piece) this.move(whole, piece, piece.stretch, this.region.first);
  }

  /** What a strip makes of the output. */
  private strip(k: number): Held {
    this.kept = new Map([...this.held].filter(([tensor]) => this.consumed.has(tensor)));
    this.held = new Map();
    for (const [i, operator] of this.inside.entries()) this.part(operator, k, this.region.first + i);
    return this.held.get(this.output)!;
  }

  /** What an operator does of one strip. */
  private part(operator: Operator, k: number, origin: number): void {
    const output = this.needs[k].get(operator.output)!;
    const inputs = readsOf(operator).map((tensor) =>
      isRepeated(operator, tensor, this.tensors)
        ? { tensor, stretch: { from: 0, to: this.sizeOf(tensor) } }
        : this.fetch(tensor, this.readOf(operator, tensor, output), k, origin),
    );
    if (!this.held.has(operator.output))
      this.held.set(operator.output, { tensor: this.tensor(operator.output, output), stretch: output });
    const made = {
      ...operator,
      name: `${operator.name} ${k + 1}/${this.strips.length}`,
      input: inputs[0].tensor,
      output: this.held.get(operator.output)!.tensor,
    };
    if ('input2' in made) made.input2 = inputs[1].tensor;
    if ('kernel' in made) {
      const pad = windowOn(made, this.region.axis, output, inputs[0].stretch);
      if (pad === null) throw new Unsupported(`"${operator.name}", whose padding is larger than half its window`);
      made.pad = pad;
    }
    if (made.kind === 'copy') Object.assign(made, this.channelCopy(operator as Copy, made));
    this.made.push({ operator: made, origin });
  }

  /** Counts and steps of a copy of channels, for the positions of a strip. */
  private channelCopy(copy: Copy, { input, output }: Operator): Partial<Copy> {
    const channels = channelsOf(copy, this.tensors)!;
    const [from, to] = [this.tensors[input].shape, this.tensors[output].shape];
    return {
      count: [1, 1, to[0] * to[1]],
      inputStep: [0, 0, from[2]],
      outputStep: [0, 0, to[2]],
      run: channels.run,
      inputOffset: channels.from,
      outputOffset: channels.to,
    };
  }

  /** A tensor with a stretch of one of the program's, and nothing else. */
  private fetch(tensor: number, stretch: Stretch, k: number, origin: number): Held {
    const whole = { from: 0, to: this.sizeOf(tensor) };
    const there = this.held.get(tensor) ?? this.gathered(tensor, k, origin) ?? { tensor, stretch: whole };
    if (areSame(there.stretch, stretch)) return there;
    const slice = { tensor: this.tensor(tensor, stretch), stretch };
    this.move(there, slice, stretch, origin);
    return slice;
  }

  /** Of a tensor that was taken apart, all that a strip needs: the end of what the one before had, and its own piece. */
  private gathered(tensor: number, k: number, origin: number): Held | null {
    if (!this.consumed.has(tensor)) return null;
    const stretch = this.needs[k].get(tensor)!;
    const before = this.kept.get(tensor);
    const piece = this.pieces.get(tensor)![k];
    const isPiece = piece !== null && areSame(piece.stretch, stretch);
    const held = isPiece ? piece : { tensor: this.tensor(tensor, stretch), stretch };
    if (!isPiece) {
      const own = piece ? piece.stretch.from : stretch.to;
      if (stretch.from < own) this.move(before!, held, { from: stretch.from, to: own }, origin);
      if (piece) this.move(piece, held, piece.stretch, origin);
    }
    this.held.set(tensor, held);
    return held;
  }

  private move(from: Held, to: Held, stretch: Stretch, origin: number): void {
    const side = ({ tensor, stretch: { from: start } }: Held) => ({ tensor, shape: this.tensors[tensor].shape, start });
    const name = `${this.program.operators[origin].name} copy`;
    this.made.push({ operator: moved(name, this.region.axis, stretch, side(from), side(to)), origin });
  }

  private tensor(of: number, stretch: Stretch): number {
    const whole = this.tensors[of];
    const shape = withLength(whole.shape, this.region.axis, lengthOf(stretch));
    return this.tensors.push({ ...whole, name: `${whole.name} ${stretch.from} to ${stretch.to}`, shape }) - 1;
  }
}

/**
 * Channels that need not be computed, taken out of a model without a change to any output byte.
 *
 * A channel that has one value for all inputs goes into the biases of the layers that read it; one that is read with no
 * weight but 0 goes as it is. Pools, depthwise layers and all that works channel by channel pass a channel on as the
 * channel of their output, so such channels go together, or stay. What a channel adds to a convolution depends on the
 * padding unless its value is the zero point, which is what padding is; then it stays.
 */
import { MAX_BIAS } from '../../assembly/limits.ts';
import { pack } from '../image/pack.ts';
import type { Model, Operator, Program, StoredSource, Tensor, WeightedOperator, WeightSource } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { WeightLayout } from '../model/weights.ts';
import type { Ranges } from '../operators/ranges.ts';
import { OPERATORS, weightedKind } from '../operators/registry.ts';
import { ImageView } from '../records/view.ts';
import { instructionsOf } from './instructions.ts';
import { type Reach, substituteBias } from './largeBias.ts';
import { valueRanges } from './ranges.ts';

/**
 * The same model without them: every program gives the same outputs from tables that are exact (`q31`).
 *
 * Rows of other than a multiple of 4 have to be padded before they are multiplied, so fewer channels can take more
 * instructions, and more memory. Where they do by the formula of instructions.ts, some of the dead channels stay, with
 * weights of 0; and no model that the device would need more instructions or a larger arena for is returned.
 */
export function removeDeadChannels(model: Model): Model {
  const removals = model.programs.map((program) => new Removal(model, program));
  for (const removal of removals) removal.run();
  if (removals.every(({ removed }) => removed.length === 0)) return model;
  const cost = costOf(model);
  for (const choose of [fewestInstructions, wholeWords]) {
    for (const removal of removals) choose(removal);
    const sources = new Sources(model);
    const programs = removals.map((removal) => removal.result(sources));
    const smaller = { ...model, programs, sources: sources.list };
    const own = costOf(smaller);
    if (own.instructions <= cost.instructions && own.arenaBytes <= cost.arenaBytes) return smaller;
  }
  return model;
}

/** Of all programs: instructions by the formula, and the largest arena, or Infinity where no image can be made. */
function costOf(model: Model): { instructions: number; arenaBytes: number } {
  const instructions = model.programs.reduce((sum, program) => sum + instructionsOf(program), 0);
  return { instructions, arenaBytes: arenaOf(model) };
}

function arenaOf(model: Model): number {
  try {
    const { programs } = new ImageView(pack(model, { tables: 'q31', strip: true }));
    return Math.max(...programs.map(({ arenaBytes }) => arenaBytes));
  } catch {
    return Infinity; // whoever packs it says why
  }
}

/** Puts back, of channels of the same tensors, up to three where that takes fewer instructions. */
function fewestInstructions(removal: Removal): void {
  for (const alike of removal.removedAlike()) {
    const costs = [instructionsOf(removal.shaped())];
    for (const group of alike.slice(0, 3)) {
      removal.putBack(group);
      costs.push(instructionsOf(removal.shaped()));
    }
    const best = costs.indexOf(Math.min(...costs));
    for (const group of alike.slice(best, costs.length - 1)) removal.takeOut(group);
  }
}

/** Puts back what makes every tensor's channels a multiple of 4 again, where there are as many. */
function wholeWords(removal: Removal): void {
  for (const alike of removal.removedAlike()) {
    const isWhole = () => alike[0].every((channel) => removal.aliveIn(channel) % 4 === 0);
    for (const group of alike) {
      if (isWhole()) break;
      removal.putBack(group);
    }
  }
}

/** Convolution, pointwise and fully connected: each of their outputs reads every channel. */
interface MixingLayer {
  operator: WeightedOperator;
  values: Int8Array;
  layout: WeightLayout;
  /** bias with the input zero point folded in, and factor, by output channel; both change as channels go */
  folded: Int32Array;
  factors: Float64Array;
}

/** A channel of a tensor, all of them numbered through. */
type Channel = number;

class Removal {
  /** number of channel 0 of every tensor */
  private readonly first: number[] = [];
  private readonly tensorOf: number[] = [];
  private readonly alive: boolean[] = [];
  private readonly aliveOf: number[];
  /** channels that go together or stay */
  private readonly groups: Channel[][];
  /** those that were taken out, the last first */
  readonly removed: Channel[][] = [];
  /** taken out and put back: they are there, and nothing reads them */
  private readonly idle = new Set<Channel>();
  private readonly pinned: Set<number>;
  private readonly mixers = new Map<Operator, MixingLayer>();
  private readonly ranges: Ranges[];

  constructor(
    private readonly model: Model,
    private readonly program: Program,
  ) {
    program.tensors.forEach(({ shape: [, , channels] }, tensor) => {
      this.first.push(this.alive.length);
      for (let c = 0; c < channels; c++) {
        this.tensorOf.push(tensor);
        this.alive.push(true);
      }
    });
    this.aliveOf = program.tensors.map(({ shape }) => shape[2]);
    this.pinned = this.findPinned();
    this.groups = this.findGroups();
    this.ranges = valueRanges(model, program);
    for (const operator of program.operators) if (isMixing(operator)) this.addMixing(operator);
  }

  /** Backwards, since a layer that loses an output may no longer need an input; until nothing changes. */
  run(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const group of this.groups.toReversed()) if (this.alive[group[0]] && this.remove(group)) changed = true;
    }
  }

  result(sources: Sources): Program {
    const operators = this.program.operators.map((operator) =>
      'source' in operator ? this.shrink(operator, sources) : operator,
    );
    return { ...this.shaped(), operators };
  }

  /** The program with tensors of the channels that are left; only numbers fit, not yet the weights. */
  shaped(): Program {
    const tensors = this.program.tensors.map((tensor, t) => ({
      ...tensor,
      shape: [tensor.shape[0], tensor.shape[1], this.aliveOf[t]] as Tensor['shape'],
    }));
    return { ...this.program, tensors };
  }

  /** How many channels are left beside this one, itself included if it is there. */
  aliveIn(channel: Channel): number {
    return this.aliveOf[this.tensorOf[channel]];
  }

  /** Groups that were taken out and are not back, those together that are channels of the same tensors. */
  removedAlike(): Channel[][][] {
    const alike = new Map<string, Channel[][]>();
    for (const group of this.removed) {
      if (this.idle.has(group[0])) continue;
      const key = group.map((channel) => this.tensorOf[channel]).join();
      const known = alike.get(key);
      if (known) known.push(group);
      else alike.set(key, [group]);
    }
    return [...alike.values()];
  }

  putBack(group: Channel[]): void {
    for (const channel of group) {
      this.idle.add(channel);
      this.aliveOf[this.tensorOf[channel]]++;
    }
  }

  takeOut(group: Channel[]): void {
    for (const channel of group) {
      this.idle.delete(channel);
      this.aliveOf[this.tensorOf[channel]]--;
    }
  }

  /** Tensors that keep all channels: ends of the program, and what is read or written otherwise than by channel. */
  private findPinned(): Set<number> {
    const { inputs, outputs, operators } = this.program;
    const pinned = new Set([...inputs, ...outputs]);
    for (const operator of operators) {
      const takesPart =
        'source' in operator ? this.model.sources[operator.source].kind === 'stored' : isChannelwise(operator);
      if (!takesPart) pinned.add(operator.input).add(operator.output);
    }
    return pinned;
  }

  /** Groups in the order of the tensors that they begin in; those with a pinned tensor are left out. */
  private findGroups(): Channel[][] {
    const parents = this.alive.map((_, channel) => channel);
    const root = (channel: Channel): Channel => {
      let at = channel;
      while (parents[at] !== at) at = parents[at] = parents[parents[at]];
      return at;
    };
    for (const operator of this.program.operators) {
      if (!isChannelwise(operator)) continue;
      const multiplier = 'multiplier' in operator ? operator.multiplier : 1;
      const channels = this.program.tensors[operator.output].shape[2];
      for (const input of 'input2' in operator ? [operator.input, operator.input2] : [operator.input])
        for (let c = 0; c < channels; c++) {
          const [a, b] = [this.first[input] + Math.floor(c / multiplier), this.first[operator.output] + c].map(root);
          parents[Math.max(a, b)] = Math.min(a, b);
        }
    }
    const groups = new Map<Channel, Channel[]>();
    this.alive.forEach((_, channel) => {
      const key = root(channel);
      const group = groups.get(key);
      if (group) group.push(channel);
      else groups.set(key, [channel]);
    });
    return [...groups.values()].filter((group) => !group.some((channel) => this.pinned.has(this.tensorOf[channel])));
  }

  private addMixing(operator: WeightedOperator): void {
    const source = this.model.sources[operator.source];
    if (source.kind !== 'stored') return;
    const layout = weightedKind(operator).layout(operator, this.program.tensors);
    const { zeroPoint } = this.program.tensors[operator.input];
    const folded = operator.bias.map((bias, c) => bias - zeroPoint * this.sumOf(source.values, layout, c));
    this.mixers.set(operator, {
      operator,
      values: source.values,
      layout,
      folded,
      factors: operator.effectiveScale.slice(),
    });
  }

  private sumOf(values: Int8Array, { taps, depth, index }: WeightLayout, c: number): number {
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) for (let k = 0; k < depth; k++) sum += values[index(c, tap, k)];
    return sum;
  }

  /** Takes a group out when no output can tell; false when it stays. */
  private remove(group: Channel[]): boolean {
    const counts = new Map<number, number>();
    for (const channel of group) {
      const tensor = this.tensorOf[channel];
      counts.set(tensor, (counts.get(tensor) ?? 0) + 1);
    }
    if ([...counts].some(([tensor, count]) => this.aliveOf[tensor] === count)) return false; // a tensor keeps one
    const before = new Map<MixingLayer, Pick<MixingLayer, 'folded' | 'factors'>>();
    for (const channel of group) {
      for (const mixer of this.mixers.values()) {
        if (mixer.operator.input !== this.tensorOf[channel]) continue;
        if (!before.has(mixer)) before.set(mixer, { folded: mixer.folded.slice(), factors: mixer.factors.slice() });
        if (this.fold(mixer, channel - this.first[mixer.operator.input], group)) continue;
        for (const [changed, state] of before) Object.assign(changed, state);
        return false;
      }
    }
    for (const channel of group) this.alive[channel] = false;
    for (const [tensor, count] of counts) this.aliveOf[tensor] -= count;
    this.removed.push(group);
    return true;
  }

  /** Moves what input channel k adds to a layer into its biases; false where that is not one number. */
  private fold(mixer: MixingLayer, k: number, group: Channel[]): boolean {
    const { operator, values, layout, folded } = mixer;
    const { low, high } = this.ranges[operator.input];
    const { zeroPoint } = this.program.tensors[operator.input];
    const constant = low[k] === high[k] && (!layout.padded || low[k] === zeroPoint);
    for (let c = 0; c < folded.length; c++) {
      const output = this.first[operator.output] + c;
      if (!this.alive[output] || group.includes(output)) continue;
      const weights = Array.from({ length: layout.taps }, (_, tap) => values[layout.index(c, tap, k)]);
      if (weights.every((weight) => weight === 0)) continue;
      if (!constant) return false;
      folded[c] += low[k] * weights.reduce((sum, weight) => sum + weight, 0);
      if (Math.abs(folded[c]) > MAX_BIAS && !this.substitute(mixer, c, k)) return false;
    }
    return true;
  }

  /**
   * A bias and factor that the device can take, for output channel c without input channel k; false if there are none.
   */
  private substitute(mixer: MixingLayer, c: number, k: number): boolean {
    const { operator, folded, factors } = mixer;
    const { zeroPoint } = this.program.tensors[operator.output];
    const channel = { folded: folded[c], factor: factors[c], zeroPoint, activation: operator.activation };
    try {
      const substitute = substituteBias(channel, this.reach(mixer, c, k));
      folded[c] = substitute.folded;
      factors[c] = substitute.factor;
      return true;
    } catch (error) {
      if (error instanceof Unsupported) return false;
      throw error;
    }
  }

  /** Of output channel c over the input channels that are left but one. */
  private reach({ operator, values, layout }: MixingLayer, c: number, without: number): Reach {
    let [lowest, highest] = [0, 0];
    for (let k = 0; k < layout.depth; k++) {
      if (k === without || !this.alive[this.first[operator.input] + k]) continue;
      for (let tap = 0; tap < layout.taps; tap++) {
        const weight = values[layout.index(c, tap, k)];
        lowest += weight * (weight > 0 ? -128 : 127);
        highest += weight * (weight > 0 ? 127 : -128);
      }
    }
    return [lowest, highest];
  }

  /** Channels of a tensor that the new one has, by their old numbers. */
  private keptOf(tensor: number): number[] {
    const channels = this.program.tensors[tensor].shape[2];
    const isThere = (channel: Channel) => this.alive[channel] || this.idle.has(channel);
    return Array.from({ length: channels }, (_, c) => c).filter((c) => isThere(this.first[tensor] + c));
  }

  private isIdle(tensor: number, c: number): boolean {
    return this.idle.has(this.first[tensor] + c);
  }

  private shrink(operator: WeightedOperator, sources: Sources): WeightedOperator {
    const outputs = this.keptOf(operator.output);
    const idle = outputs.map((c) => this.isIdle(operator.output, c));
    const bias = Int32Array.from(outputs, (c, row) => (idle[row] ? 0 : operator.bias[c]));
    const mixer = this.mixers.get(operator);
    if (!mixer) {
      // depthwise, whose input channel goes with all that is made of it; what has no stored weights loses nothing
      const source =
        this.model.sources[operator.source].kind === 'stored'
          ? sources.take(operator.source, { columns: outputs, zeroColumns: idle })
          : sources.whole(operator.source);
      return {
        ...operator,
        source,
        bias,
        effectiveScale: Float64Array.from(outputs, (c) => operator.effectiveScale[c]),
      };
    }
    const inputs = this.keptOf(operator.input);
    const { taps, depth } = mixer.layout;
    const columns = Array.from({ length: taps }, (_, tap) => inputs.map((k) => tap * depth + k)).flat();
    const zeroColumns = columns.map((column) => this.isIdle(operator.input, column % depth));
    const { zeroPoint } = this.program.tensors[operator.input];
    outputs.forEach((c, row) => {
      if (idle[row]) return;
      const weight = (column: number, i: number) => (zeroColumns[i] ? 0 : mixer.values[c * taps * depth + column]);
      bias[row] = mixer.folded[c] + zeroPoint * columns.reduce((total, column, i) => total + weight(column, i), 0);
    });
    const source = sources.take(operator.source, { rows: outputs, zeroRows: idle, columns, zeroColumns });
    return { ...operator, source, bias, effectiveScale: Float64Array.from(outputs, (c) => mixer.factors[c]) };
  }
}

/** Some columns of some rows of a source, or of all; those marked are 0. */
interface Part {
  rows?: number[];
  zeroRows?: boolean[];
  columns: number[];
  zeroColumns: boolean[];
}

/** The sources of the new model: parts of the old ones, the same part once. */
class Sources {
  readonly list: WeightSource[] = [];
  private readonly known = new Map<string, number>();

  constructor(private readonly model: Model) {}

  whole(source: number): number {
    return this.once(`${source}`, () => this.model.sources[source]);
  }

  /** A part of a stored source. */
  take(source: number, part: Part): number {
    const whole = this.model.sources[source] as StoredSource;
    const rows = part.rows ?? Array.from({ length: whole.rows }, (_, row) => row);
    const { columns, zeroColumns, zeroRows = rows.map(() => false) } = part;
    const isWhole = rows.length === whole.rows && columns.length === whole.rowLength;
    if (isWhole && ![...zeroRows, ...zeroColumns].includes(true)) return this.whole(source);
    return this.once(`${source} ${rows} ${columns} ${zeroRows} ${zeroColumns}`, () => {
      const of = (values: ArrayLike<number>): number[] =>
        rows.flatMap((row, r) =>
          columns.map((column, i) => (zeroRows[r] || zeroColumns[i] ? 0 : values[row * whole.rowLength + column]!)),
        );
      return {
        ...whole,
        rows: rows.length,
        rowLength: columns.length,
        values: Int8Array.from(of(whole.values)),
        ...(whole.reals && { reals: Float32Array.from(of(whole.reals)) }),
      };
    });
  }

  private once(key: string, make: () => WeightSource): number {
    const index = this.known.get(key) ?? this.list.push(make()) - 1;
    this.known.set(key, index);
    return index;
  }
}

/** Works on each channel by itself, from the channels of its inputs to that of its output. */
function isChannelwise({ kind }: Operator): boolean {
  return OPERATORS[kind].channelwise;
}

function isMixing(operator: Operator): operator is WeightedOperator {
  return 'source' in operator && !isChannelwise(operator);
}

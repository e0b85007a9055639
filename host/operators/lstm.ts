/**
 * LSTM: a long short-term memory over the positions of its input, which keeps its cells and its last output.
 *
 *   input   [1, T, K]    i8
 *   state   [1, 3 U, 1]  i8   i16 cells[U], then the last output, i8[U]
 *   output  [1, T, U]    i8
 *
 * Gates in Q3.12 and functions in Q0.15, as TensorFlow Lite Micro's int8 UNIDIRECTIONAL_SEQUENCE_LSTM has them.
 */
import * as F from '../../assembly/format.ts';
import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier, realOf } from '../arithmetic/fixed.ts';
import type { OperatorBase } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { WordReader, wordsOf } from '../records/words.ts';
import type { FileOperator, ImportRule, LoweringContext } from './lowering.ts';
import type { Decoding, Fields, PlainKind } from './operator.ts';
import { anything } from './ranges.ts';

/** Both sums of a gate, of the input and of the last output, each with a real factor to Q3.12. */
export interface LstmGate {
  /** [U][K] */
  weights: Int8Array;
  /** [U]; the zero point of the input is not folded in */
  bias: Int32Array;
  factor: number;
  /** [U][U] */
  recurrentWeights: Int8Array;
  recurrentFactor: number;
}

type Gates = [input: LstmGate, forget: LstmGate, cell: LstmGate, output: LstmGate];

/** A layer of long short-term memory: positions of the input in order, and its cells and last outputs as a state. */
export interface Lstm extends OperatorBase {
  kind: 'lstm';
  /** its state, 3 U bytes: that of no other operator */
  input2: number;
  gates: Gates;
  /** of a forget gate times a cell, and of an input gate times a cell gate, to a cell; of tanh(cell) times an output gate */
  forgetFactor: number;
  candidateFactor: number;
  hiddenFactor: number;
  /** a cell is q * 2^cellExponent; at most 0 */
  cellExponent: number;
  /** cells stay within +- this, in their own steps; 0: within i16 */
  clip: number;
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    lstm: Lstm;
  }
}

const PARAMETERS = 25;
const SIGMOIDS = 256;

/**
 * 1 / (1 + e^-x) in Q0.16 for x in steps of a 24th, which are those of 3 x in Q3.12 without its 9 lowest bits: straight
 * lines between entries run below the curve, so each is half of what they miss there above it. The last stands for all above.
 */
export function sigmoidTable(): Uint16Array {
  const sigmoid = (i: number) => 0x10000 / (1 + Math.exp(-i / 24));
  return Uint16Array.from({ length: SIGMOIDS }, (_, i) => {
    const missed = (2 * sigmoid(i) - sigmoid(i - 1) - sigmoid(i + 1)) / 8;
    return i === SIGMOIDS - 1 ? 0xffff : Math.round(sigmoid(i) + missed / 2);
  });
}

const short = (x: number) => clamp(x, -0x8000, 0x7fff);

/** Between two entries of the table in a straight line, with so many more bits. */
function between(table: Uint16Array, place: number, bits: number): number {
  const step = place >> bits;
  return table[step] * 2 ** bits + (place & (2 ** bits - 1)) * (table[step + 1] - table[step]);
}

/** Of Q3.12 in Q0.15. */
export function sigmoidShort(table: Uint16Array, x: number): number {
  const place = 3 * Math.abs(x);
  const value = place >> 9 >= 255 ? 0x7fff << 10 : between(table, place, 9);
  return (x >= 0 ? value + 2 ** 9 : 2 ** 25 - value + 2 ** 9 - 1) >> 10;
}

/** Of three times Q3.12 in Q0.15. */
export function tanhShort(table: Uint16Array, thrice: number): number {
  const place = Math.abs(thrice);
  const value = place >> 8 >= 255 ? 0xffff << 8 : between(table, place, 8);
  return (thrice >= 0 ? value - 2 ** 23 + 2 ** 7 : 2 ** 23 - value + 2 ** 7 - 1) >> 8;
}

/** Of a cell to three times Q3.12: a multiplier, then a shift to the right. */
function tanhScale(cellExponent: number): { multiplier: number; shift: number } {
  const left = 12 + cellExponent;
  return left >= 0 ? { multiplier: 3 << left, shift: 0 } : { multiplier: 3, shift: -left };
}

/** The outputs of all positions, and the state behind the last. */
export function lstm(
  operator: Omit<Lstm, keyof OperatorBase | 'kind' | 'input2'>,
  positions: readonly Int8Array[],
  zeroPoints: { input: number; output: number },
  before: { cells: Int16Array; last: Int8Array },
): { outputs: Int8Array[]; cells: Int16Array; last: Int8Array } {
  const table = sigmoidTable();
  const times = (x: number, factor: number) => multiplyByQuantizedMultiplier(x, quantizeMultiplier(factor));
  const sum = (start: number, weights: Int8Array, row: number, values: Int8Array, zeroPoint: number) =>
    values.reduce((total, value, k) => (total + weights[row * values.length + k] * (value - zeroPoint)) | 0, start);
  const cells = before.cells.slice();
  let { last } = before;
  const outputs = positions.map((position) => {
    const made = Int8Array.from(cells, (cell, u) => {
      const [input, forget, candidate, output] = operator.gates.map((gate) => {
        const fresh = sum(gate.bias[u], gate.weights, u, position, zeroPoints.input);
        const recurrent = sum(0, gate.recurrentWeights, u, last, zeroPoints.output);
        return short(short(times(fresh, gate.factor)) + short(times(recurrent, gate.recurrentFactor)));
      });
      const sigmoid = (x: number) => sigmoidShort(table, x);
      const kept = short(times(sigmoid(forget) * cell, operator.forgetFactor));
      const added = short(times(sigmoid(input) * tanhShort(table, 3 * candidate), operator.candidateFactor));
      const { clip } = operator;
      const next = clip > 0 ? clamp(short(kept + added), -clip, clip) : short(kept + added);
      cells[u] = next;
      const { multiplier, shift } = tanhScale(operator.cellExponent);
      const level = tanhShort(table, (next * multiplier + ((2 ** shift) >> 1)) >> shift);
      return clamp(times(level * sigmoid(output), operator.hiddenFactor) + zeroPoints.output, -128, 127);
    });
    last = made;
    return made;
  });
  return { outputs, cells, last };
}

/** Biases with zero points folded in: of the input, and of the last output, which has none of its own. */
function folded({ weights, bias, recurrentWeights }: LstmGate, zeroPoints: { input: number; output: number }) {
  const units = bias.length;
  const less = (values: Int8Array, u: number, zeroPoint: number) => {
    const row = values.subarray((u * values.length) / units, ((u + 1) * values.length) / units);
    return Math.imul(
      zeroPoint,
      row.reduce((total, weight) => total + weight, 0),
    );
  };
  return [
    bias.map((start, u) => (start - less(weights, u, zeroPoints.input)) | 0),
    bias.map((_, u) => -less(recurrentWeights, u, zeroPoints.output) | 0),
  ];
}

function encode(operator: Lstm, tensors: Decoding['tensors']): number[] {
  const { gates, cellExponent, clip } = operator;
  const zeroPoints = { input: tensors[operator.input].zeroPoint, output: tensors[operator.output].zeroPoint };
  const factors = [
    ...gates.flatMap(({ factor, recurrentFactor }) => [factor, recurrentFactor]),
    ...[operator.forgetFactor, operator.candidateFactor, operator.hiddenFactor],
  ].map(quantizeMultiplier);
  const scale = tanhScale(cellExponent);
  return [
    ...factors.flatMap(({ multiplier, shift }) => [multiplier, shift]),
    ...[scale.multiplier, scale.shift, clip],
    ...wordsOf([
      sigmoidTable(),
      ...gates.flatMap((gate) => folded(gate, zeroPoints)),
      ...gates.flatMap(({ weights, recurrentWeights }) => [weights, recurrentWeights]),
    ]),
  ];
}

function decode({ image, view, parameter, tensors }: Decoding): Fields<Lstm> {
  const [input, output] = [tensors[view.input], tensors[view.output]];
  const [depth, units] = [input.shape[2], output.shape[2]];
  const factor = (i: number) => realOf({ multiplier: parameter(2 * i), shift: parameter(2 * i + 1) });
  const [multiplier, shift, clip] = [22, 23, 24].map(parameter);
  const at = image.section(F.SECTION_TABLES).offset + view.table + 4 * PARAMETERS + 2 * SIGMOIDS;
  const reader = new WordReader(image, at);
  const biases = Array.from({ length: 4 }, () => [reader.i32s(units), reader.i32s(units)]);
  const gates = biases.map(([bias], g): LstmGate => {
    const [weights, recurrentWeights] = [reader.i8s(units * depth), reader.i8s(units * units)];
    const zeroPoints = { input: -input.zeroPoint, output: 0 };
    const gate = { weights, bias, factor: factor(2 * g), recurrentWeights, recurrentFactor: factor(2 * g + 1) };
    return { ...gate, bias: folded(gate, zeroPoints)[0] };
  });
  return {
    input2: view.input2,
    gates: gates as Gates,
    forgetFactor: factor(8),
    candidateFactor: factor(9),
    hiddenFactor: factor(10),
    cellExponent: Math.log2(multiplier / 3) - shift - 12,
    clip,
  };
}

interface LstmOptions {
  activation: string;
  clip: number;
}

/** Where the file has the weights of each gate: of the input, of the last output, and the bias. */
const GATES = [
  [1, 5, 12],
  [2, 6, 13],
  [3, 7, 14],
  [4, 8, 15],
] as const;
/** Peepholes, projection and layer normalisation, which none may have. */
const VARIANTS = [
  ['peepholes', 9, 10, 11],
  ['a projection', 16, 17],
  ['layer normalisation', 20, 21, 22, 23],
] as const;
const [LAST_OUTPUT, CELLS] = [18, 19];

function lower(operator: FileOperator<LstmOptions>, to: LoweringContext): void {
  const { activation, clip } = operator.options;
  for (const [what, ...inputs] of VARIANTS)
    if (inputs.some((i) => (operator.inputs[i] ?? -1) >= 0)) throw new Unsupported(`an LSTM with ${what}`);
  if (activation !== 'TANH') throw new Unsupported(`cell gates through ${activation}, expected TANH`);
  const input = to.input(operator);
  const output = to.output(operator);
  const [depth, units] = [input.shape[2], output.shape[2]];
  const last = to.variable(operator, LAST_OUTPUT, ['INT8']);
  const cells = to.variable(operator, CELLS, ['INT16']);
  if (input.shape[0] !== 1 || output.shape[0] !== 1 || input.shape[1] !== output.shape[1])
    throw new Unsupported(`[${input.shape}] to [${output.shape}]; expected positions of a batch of 1`);
  if (last.values !== units || cells.values !== units)
    throw new Unsupported(`${units} units with states of ${last.values} and ${cells.values} values`);
  if (last.scale !== output.scale || last.zeroPoint !== output.zeroPoint)
    throw new Unsupported('the last output has another scale or zero point than the output');
  if (cells.zeroPoint !== 0) throw new Unsupported(`cells with the zero point ${cells.zeroPoint}, expected 0`);
  const cellExponent = Math.round(Math.log2(cells.scale));
  if (cellExponent < -27 || cellExponent > 0 || 2 ** cellExponent !== cells.scale)
    throw new Unsupported(`cells with the scale ${cells.scale}, expected a power of two from 2^-27 to 1`);
  const gates = GATES.map(([fresh, recurrent, bias]): LstmGate => {
    const weights = to.matrix(operator, fresh, ['INT8'], [units, depth]);
    const recurrentWeights = to.matrix(operator, recurrent, ['INT8'], [units, units]);
    return {
      weights: weights.values as Int8Array,
      bias: to.bias(operator, bias, units),
      factor: Math.fround(input.scale * weights.scale) / GATE_SCALE,
      recurrentWeights: recurrentWeights.values as Int8Array,
      recurrentFactor: Math.fround(last.scale * recurrentWeights.scale) / GATE_SCALE,
    };
  });
  const factors = {
    forgetFactor: 2 ** -15,
    candidateFactor: 2 ** -30 / cells.scale,
    hiddenFactor: 2 ** -30 / last.scale,
  };
  for (const { factor, recurrentFactor } of gates)
    for (const each of [factor, recurrentFactor]) to.checkFactor(each, 30, 'scale * weight scale * 2^12');
  for (const each of Object.values(factors)) to.checkFactor(each, 30, 'the factor of a product of gates');
  to.emit(operator, {
    kind: 'lstm',
    name: `operator ${operator.index}`,
    input: input.tensor,
    input2: to.temporary([1, 3 * units, 1], cells).tensor,
    output: output.tensor,
    gates: gates as Gates,
    ...factors,
    cellExponent,
    clip: Math.trunc(Math.min(Math.max(clip / cells.scale, 0), 0x7fff)),
  });
}

const GATE_SCALE = 2 ** -12;

const rule: ImportRule<LstmOptions> = {
  support: 'limited',
  note:
    'keeps its state from one inference to the next; INT8 with cells of INT16, whose scale is a power of two; ' +
    'no peepholes, projection or layer normalisation',
  optionsType: 71,
  options: ({ float32, activation }) => ({ activation: activation(0), clip: float32('cell_clip', 1) }),
  lower,
};

export const lstmOperator: PlainKind<Lstm> = {
  code: 23,
  short: 'lstm',
  about: {
    does: 'a long short-term memory over positions; [keeps](state.md) its cells and its last output',
    reads: '[1, T, K], and [1, 3 U, 1] to keep',
    writes: '[1, T, U]',
  },
  parameters: {
    words: PARAMETERS,
    are:
      'multiplier and shift of both sums of the input, forget, cell and output gates, of what is kept of a cell, of what is ' +
      'new in it and of what is put out; multiplier and shift of a cell for its tanh; clip, or 0',
    behind:
      'u16 sigmoid[256]; of each gate i32 bias[U] and i32[U] of the last output, zero points folded in; of each gate i8 ' +
      'weights [U][K] and [U][U]',
  },
  imports: { UNIDIRECTIONAL_SEQUENCE_LSTM: rule as ImportRule },
  encode,
  decode,
  run(operator, { tensors, values, kept, keep }) {
    const { input, input2, output } = operator;
    const [from, to] = [tensors[input], tensors[output]];
    const [, count, depth] = from.shape;
    const units = to.shape[2];
    const bytes = kept(input2) ?? new Int8Array(3 * units).fill(to.zeroPoint, 2 * units);
    const before = { cells: new Int16Array(bytes.slice(0, 2 * units).buffer), last: bytes.slice(2 * units) };
    const all = values(input);
    const positions = Array.from({ length: count }, (_, t) => all.subarray(t * depth, (t + 1) * depth));
    const zeroPoints = { input: from.zeroPoint, output: to.zeroPoint };
    const { outputs, cells, last } = lstm(operator, positions, zeroPoints, before);
    keep(input2, Int8Array.of(...new Int8Array(cells.buffer), ...last));
    return Int8Array.from(outputs.flatMap((each) => [...each]));
  },
  keeps: ({ input2 }) => input2,
  ranges: ({ output }, { program }) => anything(program.tensors[output].shape[2]),
  channelwise: false,
  overwrites: () => [],
};

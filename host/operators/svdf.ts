/**
 * SVDF: a dense layer over a window of time, of low rank, which keeps what it made of earlier frames.
 *
 *   input   K values       i8
 *   state   filters x M    i8 or i16, as bytes of a tensor [1, bytes, 1]
 *   output  [1, 1, units]  i8       filters = units * rank
 */
import * as F from '../../assembly/format.ts';
import {
  clamp,
  multiplyByQuantizedMultiplier,
  type QuantizedMultiplier,
  quantizeMultiplier,
  realOf,
} from '../arithmetic/fixed.ts';
import type { OperatorBase } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { WordReader, wordsOf } from '../records/words.ts';
import type { FileOperator, ImportRule, LoweringContext } from './lowering.ts';
import type { Decoding, Fields, PlainKind } from './operator.ts';
import { anything } from './ranges.ts';

/** Filters of a window of time, each a dense one of every frame and one over the frames it remembers. */
export interface Svdf extends OperatorBase {
  kind: 'svdf';
  /** its state, filters * memory numbers as bytes: that of no other operator */
  input2: number;
  rank: number;
  /** frames that a filter remembers, the newest included */
  memory: number;
  /** zero point of the state; 0 where that is i16 */
  zeroPoint: number;
  /** from a sum over a frame to the state, and from one over time to the output */
  stateFactor: number;
  outputFactor: number;
  /** [units] */
  biases: Int32Array;
  /** [filters][memory], of the type of the state's numbers */
  timeWeights: Int8Array | Int16Array;
  /** [filters][K] */
  frameWeights: Int8Array;
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    svdf: Svdf;
  }
}

const PARAMETERS = 8;

/** What the numbers of a state are read from and written to, which an image keeps as bytes. */
function numbersOf(state: Int8Array, wide: boolean): Int8Array | Int16Array {
  const { buffer } = state.slice();
  return wide ? new Int16Array(buffer) : new Int8Array(buffer);
}

/** The output of a frame, and the state behind it. */
export function svdf(
  operator: Omit<Svdf, keyof OperatorBase | 'kind' | 'input2' | 'stateFactor' | 'outputFactor'>,
  factors: { state: QuantizedMultiplier; output: QuantizedMultiplier },
  frame: Int8Array,
  zeroPoints: { input: number; output: number },
  before: Int8Array | Int16Array,
): { output: Int8Array; state: Int8Array | Int16Array } {
  const { rank, memory, zeroPoint, biases, timeWeights, frameWeights } = operator;
  const state = before.slice();
  const [low, high] = state instanceof Int16Array ? [-0x8000, 0x7fff] : [-128, 127];
  const sumOf = (f: number) => {
    let sum = 0;
    frame.forEach((value, k) => {
      sum = (sum + frameWeights[f * frame.length + k] * (value - zeroPoints.input)) | 0;
    });
    const numbers = state.subarray(f * memory, (f + 1) * memory);
    numbers.copyWithin(0, 1);
    numbers[memory - 1] = zeroPoint + clamp(multiplyByQuantizedMultiplier(sum, factors.state), low, high);
    let total = 0;
    numbers.forEach((number, m) => {
      total = (total + Math.imul(timeWeights[f * memory + m], number - zeroPoint)) | 0;
    });
    return total;
  };
  const output = Int8Array.from(biases, (start, unit) => {
    let sum = start;
    for (let r = 0; r < rank; r++) sum = (sum + sumOf(unit * rank + r)) | 0;
    return clamp(multiplyByQuantizedMultiplier(sum, factors.output) + zeroPoints.output, -128, 127);
  });
  return { output, state };
}

function encode(operator: Svdf): number[] {
  const { rank, memory, zeroPoint, biases, timeWeights, frameWeights } = operator;
  const [state, output] = [operator.stateFactor, operator.outputFactor].map(quantizeMultiplier);
  const wide = timeWeights instanceof Int16Array;
  if (timeWeights.length !== biases.length * rank * memory)
    throw new Error(`weights over time: expected ${biases.length} x ${rank} x ${memory}, got ${timeWeights.length}`);
  return [
    ...[rank, memory, wide ? 1 : 0, zeroPoint],
    ...[state.multiplier, state.shift, output.multiplier, output.shift],
    ...wordsOf([biases, timeWeights, frameWeights]),
  ];
}

function decode({ image, view, parameter, tensors }: Decoding): Fields<Svdf> {
  const [rank, memory, wide, zeroPoint] = [0, 1, 2, 3].map(parameter);
  const factorAt = (i: number) => realOf({ multiplier: parameter(i), shift: parameter(i + 1) });
  const [units, depth] = [view.output, view.input].map((tensor) => tensors[tensor].shape.reduce((a, b) => a * b));
  const reader = new WordReader(image, image.section(F.SECTION_TABLES).offset + view.table + 4 * PARAMETERS);
  const biases = reader.i32s(units);
  const count = units * rank * memory;
  return {
    input2: view.input2,
    rank,
    memory,
    zeroPoint,
    stateFactor: factorAt(4),
    outputFactor: factorAt(6),
    biases,
    timeWeights: wide === 1 ? reader.i16s(count) : reader.i8s(count),
    frameWeights: reader.i8s(units * rank * depth),
  };
}

interface SvdfOptions {
  rank: number;
  activation: string;
}

/** TensorFlow Lite Micro clamps to INT8 and nothing else, whatever is fused: a RELU is in the output's zero point. */
function lower(operator: FileOperator<SvdfOptions>, to: LoweringContext): void {
  const { rank, activation } = operator.options;
  if (activation !== 'NONE' && activation !== 'RELU') throw new Unsupported(`fused activation ${activation}`);
  const input = to.input(operator);
  const output = to.output(operator);
  const frame = to.matrix(operator, 1, ['INT8']);
  const time = to.matrix(operator, 2, ['INT8', 'INT16']);
  const state = to.variable(operator, 4, [time.type]);
  const [filters, depth] = frame.shape;
  const [rows, memory] = time.shape;
  const units = filters / rank;
  const size = input.shape[0] * input.shape[1] * input.shape[2];
  const shapes = `${size} values, ${frame.shape.join('x')} and ${time.shape.join('x')} weights of rank ${rank}`;
  if (!(rank >= 1 && rank <= 255 && Number.isInteger(units)) || size !== depth || rows !== filters)
    throw new Unsupported(
      `${shapes}: expected rows of one frame, one row over time for each of them, all of whole units`,
    );
  if (state.values !== filters * memory) throw new Unsupported(`${shapes}, a state of ${state.values} numbers`);
  if (time.type === 'INT16' && state.zeroPoint !== 0)
    throw new Unsupported(`a state of INT16 with the zero point ${state.zeroPoint}, expected 0`);
  const f = Math.fround;
  const stateFactor = f(f(input.scale * frame.scale) / state.scale);
  const outputFactor = f(f(state.scale * time.scale) / output.scale);
  to.checkFactor(stateFactor, 30, 'input scale * weight scale / state scale');
  to.checkFactor(outputFactor, 30, 'state scale * weight scale / output scale');
  const bytes = state.values * (time.type === 'INT16' ? 2 : 1);
  to.emit(operator, {
    kind: 'svdf',
    name: `operator ${operator.index}`,
    input: input.tensor,
    input2: to.temporary([1, bytes, 1], state).tensor,
    output: output.tensor,
    rank,
    memory,
    zeroPoint: state.zeroPoint,
    stateFactor,
    outputFactor,
    biases: to.bias(operator, 3, units),
    timeWeights: time.values,
    frameWeights: frame.values as Int8Array,
  });
}

const rule: ImportRule<SvdfOptions> = {
  support: 'limited',
  note: 'keeps its state from one inference to the next; INT8 with a state of INT8 or INT16, one scale each',
  optionsType: 6,
  options: ({ int32, activation }) => ({ rank: int32('rank', 0), activation: activation(1) }),
  lower,
};

export const svdfOperator: PlainKind<Svdf> = {
  code: 22,
  short: 'svdf',
  about: {
    does: 'a dense layer over time, of low rank; [keeps](state.md) what it made of earlier frames',
    reads: '[H, W, K], flattened, and [1, state bytes, 1] to keep',
    writes: '[1, 1, C]',
  },
  parameters: {
    words: PARAMETERS,
    are: 'rank, memory M, 1 for a state of i16 else 0, its zero point, multiplier and shift of the state, of the output',
    behind: 'i32 bias[C], weights over time [C rank][M] in the type of the state, i8 weights of a frame [C rank][K]',
  },
  imports: { SVDF: rule as ImportRule },
  encode,
  decode,
  run(operator, { tensors, values, kept, keep }) {
    const { input, input2, output } = operator;
    const [stateMultiplier, outputMultiplier] = [operator.stateFactor, operator.outputFactor].map(quantizeMultiplier);
    const wide = operator.timeWeights instanceof Int16Array;
    const count = operator.timeWeights.length * (wide ? 2 : 1);
    const before = kept(input2) ?? new Int8Array(count).fill(operator.zeroPoint);
    const made = svdf(
      operator,
      { state: stateMultiplier, output: outputMultiplier },
      values(input),
      { input: tensors[input].zeroPoint, output: tensors[output].zeroPoint },
      numbersOf(before, wide),
    );
    keep(input2, new Int8Array(made.state.slice().buffer));
    return made.output;
  },
  keeps: ({ input2 }) => input2,
  ranges: ({ output }, { program }) => anything(program.tensors[output].shape[2]),
  channelwise: false,
  size: 'counted',
  overwrites: () => [],
};

/**
 * SVDF: a dense layer over a window of time, of low rank. Each filter makes one number of the newest frame, keeps its last
 * M numbers, and weighs them; `rank` filters make an output. TFLite's int8 SVDF, whose state is i8 or i16.
 *
 *   input   K values          i8
 *   state   [1, F M bytes, 1] i8   F filters' M numbers, i8 or i16 each, the newest last
 *   output  [1, 1, F / rank]  i8
 *
 * parameters: SVDF_PARAMETERS of the image, then i32 bias[F / rank], i8 or i16 weights over time [F][M], as wide as the
 * state's numbers, and i8 weights of a frame [F][K]. Sums are i32 and wrap, as nobody's weights make them.
 */
import { isFactor } from '../bounds.ts';
import { clamp, requantize, saturate } from '../fixed.ts';
import { tensorBytes, tensorPositions, tensorZeroPoint } from '../image.ts';
import { fill } from '../memory.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';

export const SVDF: u32 = 22;
export const SVDF_PARAMETERS: u32 = 8;

// of i32 parameters
const RANK_AT: usize = 0;
const MEMORY_AT: usize = 4; // M
const WIDE_AT: usize = 8; // 0: numbers of i8, 1: of i16
const ZERO_POINT_AT: usize = 12; // of the state
const STATE_MULTIPLIER_AT: usize = 16; // and shift: of a sum over a frame to the state
const OUTPUT_MULTIPLIER_AT: usize = 24; // and shift: of a sum over time to the output
const BIAS_AT: usize = 32;

/** bytes: of TABLES from the parameters on. */
export function proveSvdf(parameters: usize, bytes: u32, input: usize, state: usize, output: usize): i32 {
  const rank = load<u32>(parameters, RANK_AT);
  const memory = load<u32>(parameters, MEMORY_AT);
  const wide = load<u32>(parameters, WIDE_AT);
  const zeroPoint = load<i32>(parameters, ZERO_POINT_AT);
  if (rank == 0 || rank > 0xff || memory == 0 || memory > 0xffff || wide > 1) return BAD_TABLE;
  if (wide == 1 ? zeroPoint != 0 : zeroPoint != <i32>(<i8>zeroPoint)) return BAD_TABLE;
  if (
    !isFactor(load<i32>(parameters, STATE_MULTIPLIER_AT), load<i32>(parameters, STATE_MULTIPLIER_AT + 4)) ||
    !isFactor(load<i32>(parameters, OUTPUT_MULTIPLIER_AT), load<i32>(parameters, OUTPUT_MULTIPLIER_AT + 4))
  )
    return BAD_TABLE;
  const filters = <u64>rank * tensorBytes(output);
  const stateBytes = (filters * memory) << wide;
  if (tensorPositions(output) != 1 || stateBytes != <u64>tensorBytes(state)) return BAD_SHAPE;
  const tables = <u64>BIAS_AT + 4 * tensorBytes(output) + stateBytes + filters * tensorBytes(input);
  return tables <= bytes ? OK : BAD_TABLE;
}

/** Products with a frame and over time. */
export function workOfSvdf(parameters: usize, input: usize, output: usize): u64 {
  const filters = <u64>load<u32>(parameters, RANK_AT) * tensorBytes(output);
  return filters * (8 + (tensorBytes(input) >> 1) + load<u32>(parameters, MEMORY_AT));
}

/** Every number is what 0 is. */
export function resetSvdf(parameters: usize, tensor: usize, state: usize): void {
  fill(state, load<u32>(parameters, ZERO_POINT_AT), tensorBytes(tensor));
}

export function svdf(
  parameters: usize,
  inputTensor: usize,
  input: usize,
  stateTensor: usize,
  state: usize,
  outputTensor: usize,
  output: usize,
): void {
  const rank = load<u32>(parameters, RANK_AT);
  const wide = load<u32>(parameters, WIDE_AT);
  const row = load<u32>(parameters, MEMORY_AT) << wide; // bytes of a filter's memory
  const depth = tensorBytes(inputTensor);
  const units = tensorBytes(outputTensor);
  const inputZeroPoint = tensorZeroPoint(inputTensor);
  const zeroPoint = tensorZeroPoint(outputTensor);
  let bias = parameters + BIAS_AT;
  let timeWeights = bias + 4 * units;
  let weights = timeWeights + tensorBytes(stateTensor);
  for (const end = output + units; output < end; output++, bias += 4) {
    let sum = load<i32>(bias);
    for (let r: u32 = 0; r < rank; r++) {
      const newest = stateOf(parameters, frameSum(weights, input, depth, inputZeroPoint));
      sum +=
        wide != 0 ? wideStep(timeWeights, state, row, newest) : narrowStep(parameters, timeWeights, state, row, newest);
      state += row;
      timeWeights += row;
      weights += depth;
    }
    const steps = requantize(
      sum,
      load<i32>(parameters, OUTPUT_MULTIPLIER_AT),
      load<i32>(parameters, OUTPUT_MULTIPLIER_AT + 4),
    );
    store<i8>(output, <i8>saturate(steps + zeroPoint));
  }
}

/** Of a filter's weights with a frame. */
function frameSum(weights: usize, input: usize, depth: u32, zeroPoint: i32): i32 {
  let sum: i32 = 0;
  for (const end = input + depth; input < end; input++, weights++) {
    sum += <i32>load<i8>(weights) * (<i32>load<i8>(input) - zeroPoint);
  }
  return sum;
}

/** Such a sum as a number of the state: clamped, then moved by the zero point, which narrow ones may wrap with. */
function stateOf(parameters: usize, sum: i32): i32 {
  const steps = requantize(
    sum,
    load<i32>(parameters, STATE_MULTIPLIER_AT),
    load<i32>(parameters, STATE_MULTIPLIER_AT + 4),
  );
  if (load<u32>(parameters, WIDE_AT) != 0) return clamp(steps, -0x8000, 0x7fff);
  return saturate(steps) + load<i32>(parameters, ZERO_POINT_AT);
}

/** Moves a filter's numbers, puts the newest behind them, and gives their sum with its weights over time. */
function narrowStep(parameters: usize, weights: usize, state: usize, bytes: u32, newest: i32): i32 {
  const zeroPoint = load<i32>(parameters, ZERO_POINT_AT);
  let sum: i32 = 0;
  for (const last = state + bytes - 1; state < last; state++, weights++) {
    const value = <i32>load<i8>(state, 1);
    store<i8>(state, <i8>value);
    sum += <i32>load<i8>(weights) * (value - zeroPoint);
  }
  store<i8>(state, <i8>newest);
  return sum + <i32>load<i8>(weights) * (<i32>(<i8>newest) - zeroPoint);
}

function wideStep(weights: usize, state: usize, bytes: u32, newest: i32): i32 {
  let sum: i32 = 0;
  for (const last = state + bytes - 2; state < last; state += 2, weights += 2) {
    const value = <i32>load<i16>(state, 2);
    store<i16>(state, <i16>value);
    sum += <i32>load<i16>(weights) * value;
  }
  store<i16>(state, <i16>newest);
  return sum + <i32>load<i16>(weights) * newest;
}

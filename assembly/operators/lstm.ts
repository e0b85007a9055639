/**
 * LSTM: a long short-term memory over the positions of its input, one after another; TFLite's int8
 * UNIDIRECTIONAL_SEQUENCE_LSTM without peepholes, projection and layer normalisation, whose cells are i16.
 *
 *   input   [1, T, K]     i8
 *   state   [1, 3 U, 1]   i8   i16 cells[U], then what the last position put out, i8[U]
 *   output  [1, T, U]     i8
 *
 * parameters: LSTM_PARAMETERS of the image, then u16 sigmoid[256], then for each of the input, forget, cell and output
 * gates i32 bias[U] of the input and i32 bias[U] of the last output, zero points folded in; then for each of them i8
 * weights [U][K] of the input and [U][U] of the last output. Sums are i32 and wrap, as nobody's weights make them.
 */
import { isFactor } from '../bounds.ts';
import { clamp, requantize, saturate } from '../fixed.ts';
import { tensorBytes, tensorChannels, tensorHeight, tensorWidth, tensorZeroPoint } from '../image.ts';
import { copy, fill } from '../memory.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';

export const LSTM: u32 = 23;
export const LSTM_PARAMETERS: u32 = 25;

// of i32 parameters; a factor is a multiplier and a shift
const FACTOR_BYTES: u32 = 8;
const FACTORS: u32 = 11; // of each gate those of its two sums to Q3.12, then FORGET, CANDIDATE, HIDDEN
const GATE_FACTORS_BYTES: u32 = 2 * FACTOR_BYTES;
const FORGET_AT: usize = 64; // what is kept of a cell
const CANDIDATE_AT: usize = 72; // what is new in it
const HIDDEN_AT: usize = 80; // what is put out
const TANH_MULTIPLIER_AT: usize = 88; // of a cell to three times Q3.12
const TANH_SHIFT_AT: usize = 92; // to the right, behind it
const CLIP_AT: usize = 96; // cells stay within +-, or 0
const SIGMOID_AT: usize = 100;
const SIGMOID_BYTES: u32 = 512;

const GATES: u32 = 4;
const INPUT_GATE: u32 = 0;
const FORGET_GATE: u32 = 1;
const CELL_GATE: u32 = 2;
const OUTPUT_GATE: u32 = 3;

/** Where what stands behind the parameters begins, and how long it is. */
const BIASES_AT: usize = SIGMOID_AT + SIGMOID_BYTES;

/** bytes: of TABLES from the parameters on. */
export function proveLstm(parameters: usize, bytes: u32, input: usize, state: usize, output: usize): i32 {
  for (let i: u32 = 0; i < FACTORS; i++) {
    const factor = parameters + i * FACTOR_BYTES;
    if (!isFactor(load<i32>(factor), load<i32>(factor, 4))) return BAD_TABLE;
  }
  if (
    load<u32>(parameters, TANH_MULTIPLIER_AT) > 0xffff ||
    load<u32>(parameters, TANH_SHIFT_AT) > 15 ||
    load<u32>(parameters, CLIP_AT) > 0x7fff
  )
    return BAD_TABLE;
  const units = tensorChannels(output);
  if (
    tensorHeight(input) != 1 ||
    tensorHeight(output) != 1 ||
    tensorWidth(input) != tensorWidth(output) ||
    tensorBytes(state) != 3 * units
  )
    return BAD_SHAPE;
  const weights = <u64>(GATES * units) * (2 * 4 + tensorChannels(input) + units);
  return <u64>BIASES_AT + weights <= bytes ? OK : BAD_TABLE;
}

/** Products of all gates, what is done with a cell, and its copies. */
export function workOfLstm(input: usize, output: usize): u64 {
  const units = tensorChannels(output);
  const position = <u64>units * (48 + 2 * (tensorChannels(input) + units));
  return tensorWidth(output) * position;
}

/** Cells are 0, and so is the last output. */
export function resetLstm(outputTensor: usize, state: usize): void {
  const units = tensorChannels(outputTensor);
  fill(state, 0, 2 * units);
  fill(state + 2 * units, tensorZeroPoint(outputTensor), units);
}

export function lstm(
  parameters: usize,
  inputTensor: usize,
  input: usize,
  state: usize,
  outputTensor: usize,
  output: usize,
): void {
  const units = tensorChannels(outputTensor);
  const depth = tensorChannels(inputTensor);
  let last = state + 2 * units;
  for (let left = tensorWidth(outputTensor); left > 0; left--, input += depth) {
    for (let u: u32 = 0; u < units; u++) {
      const at = state + 2 * u;
      const forget = sigmoid(parameters, gate(parameters, FORGET_GATE, u, input, depth, last, units));
      const enter = sigmoid(parameters, gate(parameters, INPUT_GATE, u, input, depth, last, units));
      const candidate = tanh(parameters, 3 * gate(parameters, CELL_GATE, u, input, depth, last, units));
      const open = sigmoid(parameters, gate(parameters, OUTPUT_GATE, u, input, depth, last, units));
      const kept = short(scaled(forget * <i32>load<i16>(at), parameters + FORGET_AT));
      let cell = short(kept + short(scaled(enter * candidate, parameters + CANDIDATE_AT)));
      const limit = load<i32>(parameters, CLIP_AT);
      if (limit > 0) cell = clamp(cell, -limit, limit);
      store<i16>(at, <i16>cell);
      const shift = load<i32>(parameters, TANH_SHIFT_AT);
      const half = (1 << shift) >> 1;
      const level = tanh(parameters, (cell * load<i32>(parameters, TANH_MULTIPLIER_AT) + half) >> shift);
      const steps = scaled(level * open, parameters + HIDDEN_AT) + tensorZeroPoint(outputTensor);
      store<i8>(output + u, <i8>saturate(steps));
    }
    last = output;
    output += units;
  }
  copy(state + 2 * units, last, units);
}

/** What goes into the function of a gate: two sums, each on its own scale, in Q3.12. */
function gate(parameters: usize, index: u32, unit: u32, input: usize, depth: u32, last: usize, units: u32): i32 {
  const factors = parameters + index * GATE_FACTORS_BYTES;
  const biases = parameters + BIASES_AT + 4 * (2 * index * units + unit);
  const all = parameters + BIASES_AT + 4 * 2 * GATES * units;
  const weights = all + index * units * (depth + units);
  const fresh = sum(load<i32>(biases), weights + unit * depth, input, depth);
  const recurrent = sum(load<i32>(biases + 4 * units), weights + units * depth + unit * units, last, units);
  return short(short(scaled(fresh, factors)) + short(scaled(recurrent, factors + FACTOR_BYTES)));
}

function sum(bias: i32, weights: usize, input: usize, depth: u32): i32 {
  for (const end = input + depth; input < end; input++, weights++) {
    bias += <i32>load<i8>(weights) * <i32>load<i8>(input);
  }
  return bias;
}

function scaled(x: i32, factor: usize): i32 {
  return requantize(x, load<i32>(factor), load<i32>(factor, 4));
}

function short(x: i32): i32 {
  return clamp(x, -0x8000, 0x7fff);
}

/** Of Q3.12 in Q0.15, between entries of the table in a straight line. */
function sigmoid(parameters: usize, x: i32): i32 {
  const thrice = 3 * x;
  const place = <u32>abs(thrice);
  const step = place >> 9;
  const value = step >= 255 ? 0x7fff << 10 : between(parameters, step, place & 0x1ff, 9);
  return <i32>((thrice >= 0 ? value + (1 << 9) : (1 << 25) - value + (1 << 9) - 1) >> 10);
}

/** Of three times Q3.12 in Q0.15: 2 sigmoid(2 x) - 1. */
function tanh(parameters: usize, thrice: i32): i32 {
  const place = <u32>abs(thrice);
  const step = place >> 8;
  const value = <i32>(step >= 255 ? 0xffff << 8 : between(parameters, step, place & 0xff, 8));
  return (thrice >= 0 ? value - (1 << 23) + (1 << 7) : (1 << 23) - value + (1 << 7) - 1) >> 8;
}

/** (a << bits) + part (b - a), of entry `step` of the table of sigmoids and the next. */
function between(parameters: usize, step: u32, part: u32, bits: u32): u32 {
  const entry = parameters + SIGMOID_AT + 2 * step;
  const value = <u32>load<u16>(entry);
  return (value << bits) + part * (<u32>load<u16>(entry, 2) - value);
}

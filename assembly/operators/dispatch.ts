/**
 * Every operator kind, once for each thing that is done with one: how many parameters it has, its proof, its run. A kind
 * is a file of this folder, with its proof beside its kernel, and a line in each of these.
 *
 * A kind that this build leaves out costs nothing here, and `open` has refused it (isKind).
 */
import { boundOperator, boundProgram, boundTables, isSkipped, tensorAddress } from '../arena.ts';
import { FEATURE_OPERATOR } from '../features.ts';
import * as F from '../format.ts';
import {
  isKind,
  isWeighted,
  operatorInput,
  operatorInput2,
  operatorKind,
  operatorOutput,
  tensorAt,
  tensorChannels,
  tensorPositions,
  tensorZeroPoint,
} from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { FEW_OPERATORS } from '../limits.ts';
import { BAD_OPERATOR } from '../status.ts';
import {
  ADD,
  ADD_PARAMETERS,
  add,
  proveAdd,
  proveSignedAdd,
  SIGNED_ADD,
  SIGNED_ADD_PARAMETERS,
  signedAdd,
} from './add.ts';
import { argmax, proveArgmax } from './argmax.ts';
import { COPY, COPY_PARAMETERS, copyValues, proveCopy } from './copy.ts';
import { proveDepthwise } from './depthwise.ts';
import { extremum, MAXIMUM, MINIMUM, proveExtremum } from './extremum.ts';
import { LOG_MEL, LOG_MEL_PARAMETERS, logMel, proveLogMel, workOfLogMel } from './logMel.ts';
import { LOOKUP, LOOKUP_PARAMETERS, lookup, proveLookup } from './lookup.ts';
import { LSTM, LSTM_PARAMETERS, lstm, proveLstm, resetLstm, workOfLstm } from './lstm.ts';
import { MEAN, MEAN_PARAMETERS, mean, proveMean } from './mean.ts';
import { MULTIPLY, MULTIPLY_PARAMETERS, multiplyElements, proveMultiply } from './multiply.ts';
import { AVERAGE_POOL, MAX_POOL, pool, provePool } from './pooling.ts';
import { proveProduct } from './product.ts';
import { proveResize, RESIZE, RESIZE_PARAMETERS, resize } from './resize.ts';
import { proveRoute, ROUTE_PARAMETERS, route } from './route.ts';
import { proveSoftmax, SOFTMAX, SOFTMAX_PARAMETERS, softmax } from './softmax.ts';
import { proveStandardize, STANDARDIZE, STANDARDIZE_PARAMETERS, standardize } from './standardize.ts';
import { proveState, resetState, STATE, STATE_PARAMETERS } from './state.ts';
import { proveSvdf, resetSvdf, SVDF, SVDF_PARAMETERS, svdf, workOfSvdf } from './svdf.ts';
import { activate } from './table.ts';
import { runWeighted } from './weighted.ts';

/** Kinds are numbered from 1 on, without a gap. */
export const LAST_KIND: u32 = LSTM;

/** Whether a kind slides a kernel over its input; the others carry kernel 1 x 1, stride 1, no padding. */
export function isWindowed(kind: u32): bool {
  return kind == F.CONVOLUTION || kind == F.DEPTHWISE || kind == AVERAGE_POOL || kind == MAX_POOL;
}

/** Of an operator's first input; every output is INT8. */
export function inputType(kind: u32): u32 {
  return isKind(kind, STANDARDIZE) || isKind(kind, LOG_MEL) ? F.TYPE_I16 : F.TYPE_I8;
}

/** Whether a kind has a second tensor, to read or to work in. */
export function isBinary(kind: u32): bool {
  return (
    isKind(kind, ADD) ||
    isKind(kind, MULTIPLY) ||
    isKind(kind, SIGNED_ADD) ||
    isKind(kind, MINIMUM) ||
    isKind(kind, MAXIMUM) ||
    isKind(kind, LOG_MEL) ||
    isKind(kind, SVDF) ||
    isKind(kind, LSTM)
  );
}

/** Whether programs of this build can keep anything from one inference to the next. */
export function keepsState(): bool {
  return uses(FEATURE_OPERATOR + STATE) || uses(FEATURE_OPERATOR + SVDF) || uses(FEATURE_OPERATOR + LSTM);
}

/** The tensor that an operator keeps its state in, which is that operator's to begin; NONE of most. */
export function stateOf(operator: usize): u32 {
  const kind = operatorKind(operator);
  if (isKind(kind, STATE)) return operatorOutput(operator);
  return isKind(kind, SVDF) || isKind(kind, LSTM) ? operatorInput2(operator) : F.NONE;
}

/** Words of parameters in TABLES; 0 for kinds without, and for those with weights, whose tables are others. */
export function parameterCount(kind: u32): u32 {
  if (isKind(kind, ADD)) return ADD_PARAMETERS;
  if (isKind(kind, SOFTMAX)) return SOFTMAX_PARAMETERS;
  if (isKind(kind, STANDARDIZE)) return STANDARDIZE_PARAMETERS;
  if (isKind(kind, LOOKUP)) return LOOKUP_PARAMETERS;
  if (isKind(kind, MULTIPLY)) return MULTIPLY_PARAMETERS;
  if (isKind(kind, MEAN)) return MEAN_PARAMETERS;
  if (isKind(kind, COPY)) return COPY_PARAMETERS;
  if (isKind(kind, SIGNED_ADD)) return SIGNED_ADD_PARAMETERS;
  if (isKind(kind, LOG_MEL)) return LOG_MEL_PARAMETERS;
  if (isKind(kind, F.ROUTE)) return ROUTE_PARAMETERS;
  if (isKind(kind, RESIZE)) return RESIZE_PARAMETERS;
  if (isKind(kind, STATE)) return STATE_PARAMETERS;
  if (isKind(kind, SVDF)) return SVDF_PARAMETERS;
  if (isKind(kind, LSTM)) return LSTM_PARAMETERS;
  return 0;
}

/**
 * What openOperator.ts cannot know of a kind: how the shapes of its tensors hang together, and which parameters it takes.
 * input2: input, for a kind that has none; from: its weight source, or its parameters, and `bytes` of TABLES from there on.
 * Refuses what is nobody's.
 */
export function proveOperator(
  operator: usize,
  input: usize,
  input2: usize,
  output: usize,
  from: usize,
  bytes: u32,
): i32 {
  const kind = operatorKind(operator);
  if (isKind(kind, F.DEPTHWISE)) return proveDepthwise(operator, input, output, from);
  if (isKind(kind, F.CONVOLUTION) || isKind(kind, F.POINTWISE) || isKind(kind, F.FULLY_CONNECTED))
    return proveProduct(operator, input, output, from);
  if (isKind(kind, AVERAGE_POOL) || isKind(kind, MAX_POOL)) return provePool(input, output);
  if (isKind(kind, ADD)) return proveAdd(from, input, input2, output);
  if (isKind(kind, SOFTMAX)) return proveSoftmax(from, input, output);
  if (isKind(kind, F.ARGMAX)) return proveArgmax(input, output);
  if (isKind(kind, STANDARDIZE)) return proveStandardize(from, input, output);
  if (isKind(kind, LOOKUP)) return proveLookup(input, output);
  if (isKind(kind, MULTIPLY)) return proveMultiply(from, input, input2, output);
  if (isKind(kind, MEAN)) return proveMean(from, input, output);
  if (isKind(kind, COPY)) return proveCopy(from, input, output);
  if (isKind(kind, SIGNED_ADD)) return proveSignedAdd(from, input, input2, output);
  if (isKind(kind, MINIMUM) || isKind(kind, MAXIMUM)) return proveExtremum(input, input2, output);
  if (isKind(kind, LOG_MEL)) return proveLogMel(from, bytes, input, input2, output);
  if (isKind(kind, F.ROUTE)) return proveRoute(from, bytes, input, output);
  if (isKind(kind, RESIZE)) return proveResize(from, bytes, input, output);
  if (isKind(kind, STATE)) return proveState(from, input, output);
  if (isKind(kind, SVDF)) return proveSvdf(from, bytes, input, input2, output);
  if (isKind(kind, LSTM)) return proveLstm(from, bytes, input, input2, output);
  return BAD_OPERATOR;
}

/** What a kind without weights takes beside what its tensors and its window say, in units of work.ts. */
export function workOfOperator(kind: u32, parameters: usize, input: usize, output: usize): u64 {
  if (isKind(kind, F.ROUTE)) return FEW_OPERATORS; // as many as its branches may have
  if (isKind(kind, SVDF)) return workOfSvdf(parameters, input, output);
  if (isKind(kind, LSTM)) return workOfLstm(input, output);
  return isKind(kind, LOG_MEL) ? workOfLogMel(parameters, output) : 0;
}

/** Begins the state of an operator that has one, as `load` does and a reset. */
export function resetOperator(arena: usize, index: u32): void {
  const operator = boundOperator(arena, index);
  const tensor = stateOf(operator);
  if (tensor == F.NONE) return;
  const kind = operatorKind(operator);
  const program = boundProgram(arena);
  const parameters = boundTables(arena) + load<u32>(operator, F.OPERATOR_TABLE_AT);
  const state = tensorAddress(arena, tensor);
  if (isKind(kind, STATE)) resetState(parameters, tensorAt(program, tensor), state);
  if (isKind(kind, SVDF)) resetSvdf(parameters, tensorAt(program, tensor), state);
  if (isKind(kind, LSTM)) resetLstm(tensorAt(program, operatorOutput(operator)), state);
}

/** Runs one operator, unless a ROUTE passes it by; those before it have run. */
export function runOperator(arena: usize, index: u32): void {
  if (isSkipped(arena, index)) return;
  const operator = boundOperator(arena, index);
  const kind = operatorKind(operator);
  const program = boundProgram(arena);
  const inputIndex = operatorInput(operator);
  const outputIndex = operatorOutput(operator);
  const inputTensor = tensorAt(program, inputIndex);
  const outputTensor = tensorAt(program, outputIndex);
  const input = tensorAddress(arena, inputIndex);
  const output = tensorAddress(arena, outputIndex);
  if (isWeighted(kind)) {
    runWeighted(arena, index, operator, inputTensor, input, outputTensor, output);
    return;
  }
  const parameters = boundTables(arena) + load<u32>(operator, F.OPERATOR_TABLE_AT);
  const positions = tensorPositions(inputTensor);
  const channels = tensorChannels(inputTensor);
  if (isKind(kind, ADD)) {
    const input2Index = operatorInput2(operator);
    add(
      parameters,
      positions * channels,
      input,
      tensorZeroPoint(inputTensor),
      tensorAddress(arena, input2Index),
      tensorZeroPoint(tensorAt(program, input2Index)),
      output,
      tensorZeroPoint(outputTensor),
    );
    activate(operator, output, positions * channels);
  }
  if (isKind(kind, SOFTMAX)) softmax(parameters, input, positions, channels, output);
  if (isKind(kind, F.ARGMAX)) argmax(input, positions, channels, output);
  if (isKind(kind, LOOKUP)) lookup(parameters, input, positions * channels, output);
  if (isKind(kind, MULTIPLY)) {
    const input2Index = operatorInput2(operator);
    multiplyElements(
      parameters,
      inputTensor,
      input,
      tensorAt(program, input2Index),
      tensorAddress(arena, input2Index),
      output,
      tensorZeroPoint(outputTensor),
    );
    activate(operator, output, positions * channels);
  }
  if (isKind(kind, SIGNED_ADD)) {
    const input2Index = operatorInput2(operator);
    signedAdd(
      parameters,
      inputTensor,
      input,
      tensorAt(program, input2Index),
      tensorAddress(arena, input2Index),
      output,
      tensorZeroPoint(outputTensor),
    );
    activate(operator, output, positions * channels);
  }
  if (isKind(kind, MINIMUM) || isKind(kind, MAXIMUM)) {
    const input2Index = operatorInput2(operator);
    const turn = -i32(isKind(kind, MAXIMUM));
    extremum(turn, inputTensor, input, tensorAt(program, input2Index), tensorAddress(arena, input2Index), output);
    activate(operator, output, positions * channels);
  }
  if (isKind(kind, COPY)) copyValues(parameters, input, outputTensor, output);
  if (isKind(kind, LOG_MEL)) {
    const workspace = tensorAddress(arena, operatorInput2(operator));
    logMel(parameters, input, positions, workspace, output, tensorZeroPoint(outputTensor));
  }
  if (isKind(kind, F.ROUTE)) route(arena, index, parameters, input, channels, output);
  if (isKind(kind, RESIZE)) resize(parameters, inputTensor, input, outputTensor, output);
  if (isKind(kind, SVDF)) {
    const state = operatorInput2(operator);
    const stateTensor = tensorAt(program, state);
    svdf(parameters, inputTensor, input, stateTensor, tensorAddress(arena, state), outputTensor, output);
  }
  if (isKind(kind, LSTM)) {
    const state = tensorAddress(arena, operatorInput2(operator));
    lstm(parameters, inputTensor, input, state, outputTensor, output);
  }
  if (isKind(kind, MEAN)) mean(parameters, inputTensor, input, output, tensorZeroPoint(outputTensor));
  if (isKind(kind, STANDARDIZE))
    standardize(parameters, input, positions, channels, output, tensorZeroPoint(outputTensor));
  if (isKind(kind, AVERAGE_POOL) || isKind(kind, MAX_POOL)) pool(operator, inputTensor, input, outputTensor, output);
}

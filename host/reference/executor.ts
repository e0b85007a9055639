/**
 * The oracle: runs a program of a model operator by operator, slowly, and keeps every tensor.
 * Uses the quantisation tables as the image stores them, so its bytes are those of the packed model.
 */

import {
  type ChannelTable,
  foldZeroPoint,
  makeTable,
  rowSums,
  type TableEncoding,
  tapSums,
} from '../arithmetic/channels.ts';
import type { Model, Operator, Program, Tensor, WeightedOperator } from '../model/model.ts';
import { materialize } from '../sources/registry.ts';
import { add, addFactors } from './add.ts';
import { argmax } from './argmax.ts';
import { convolution } from './convolution.ts';
import { copy } from './copy.ts';
import { depthwise } from './depthwise.ts';
import { fullyConnected } from './fullyConnected.ts';
import { lookup } from './lookup.ts';
import { mean, meanFactor } from './mean.ts';
import { multiply, multiplyFactor } from './multiply.ts';
import { pointwise } from './pointwise.ts';
import { averagePool, maxPool } from './pooling.ts';
import { softmax, softmaxFactors } from './softmax.ts';
import { standardize, standardizeParameters } from './standardize.ts';

export type TensorValues = Int8Array | Int16Array;

export interface ExecuteOptions {
  /** encoding of the tables in the image: one for all, or operator by operator */
  tables: TableEncoding | ((operator: WeightedOperator) => TableEncoding);
  /** called with what each operator leaves in its output, which a later one may overwrite */
  after?: (operator: number, output: Int8Array) => void;
}

/**
 * Runs `program` on `inputs`, one byte string per program input (i8, or i16 little-endian).
 * Returns the values of every tensor, by tensor index; throws when an input has the wrong size.
 */
export function execute(
  model: Model,
  program: Program,
  inputs: readonly Uint8Array[],
  options: ExecuteOptions,
): TensorValues[] {
  const values: TensorValues[] = [];
  program.inputs.forEach((tensor, i) => {
    values[tensor] = readTensor(program.tensors[tensor], inputs[i]);
  });
  program.operators.forEach((operator, o) => {
    const output = run(model, program, operator, values, options);
    const expected = elements(program.tensors[operator.output]);
    if (output.length !== expected) {
      throw new Error(
        `${operator.kind} "${operator.name}": output has ${expected} elements, computed ${output.length}`,
      );
    }
    values[operator.output] = output;
    options.after?.(o, output);
  });
  return values;
}

/** The tables of an operator with weights: zero point folded in, encoded, decoded. `weights` is what it materialises to. */
export function effectiveTable(
  operator: WeightedOperator,
  weights: Int8Array,
  inputZeroPoint: number,
  encoding: TableEncoding,
): ChannelTable {
  const channels = operator.bias.length;
  const sums = operator.kind === 'depthwise' ? tapSums(weights, channels) : rowSums(weights, channels);
  return makeTable(foldZeroPoint(operator.bias, sums, inputZeroPoint), operator.effectiveScale, encoding);
}

function run(
  model: Model,
  program: Program,
  operator: Operator,
  values: readonly TensorValues[],
  { tables }: ExecuteOptions,
): Int8Array {
  const inputTensor = program.tensors[operator.input];
  const outputTensor = program.tensors[operator.output];
  if (operator.kind === 'standardize') {
    const raw = typed(values, operator.input, Int16Array);
    const [height, width, channels] = inputTensor.shape;
    const parameters = standardizeParameters(operator, height * width, outputTensor.scale);
    return standardize(raw, channels, outputTensor.zeroPoint, parameters);
  }
  const input = typed(values, operator.input, Int8Array);
  const common = {
    input,
    inputShape: inputTensor.shape,
    inputZeroPoint: inputTensor.zeroPoint,
    outputShape: outputTensor.shape,
    outputZeroPoint: outputTensor.zeroPoint,
  };
  const weighted = (withWeights: WeightedOperator) => {
    const weights = materialize(model.sources[withWeights.source], model.generators);
    const encoding = typeof tables === 'function' ? tables(withWeights) : tables;
    const table = effectiveTable(withWeights, weights, inputTensor.zeroPoint, encoding);
    return { ...common, weights, table, activation: withWeights.activation };
  };
  switch (operator.kind) {
    case 'convolution':
      return convolution({ ...operator, ...weighted(operator) });
    case 'depthwise':
      return depthwise({ ...operator, ...weighted(operator) });
    case 'pointwise':
      return pointwise({ ...weighted(operator), positions: inputTensor.shape[0] * inputTensor.shape[1] });
    case 'fullyConnected':
      return fullyConnected(weighted(operator));
    case 'averagePool':
      return averagePool({ ...operator, ...common });
    case 'maxPool':
      return maxPool({ ...operator, ...common });
    case 'add': {
      const tensor2 = program.tensors[operator.input2];
      return add({
        input1: input,
        zeroPoint1: inputTensor.zeroPoint,
        input2: typed(values, operator.input2, Int8Array),
        zeroPoint2: tensor2.zeroPoint,
        factors: addFactors(inputTensor.scale, tensor2.scale, outputTensor.scale),
        outputZeroPoint: outputTensor.zeroPoint,
        activation: operator.activation,
      });
    }
    case 'multiply': {
      const tensor2 = program.tensors[operator.input2];
      return multiply({
        input1: input,
        zeroPoint1: inputTensor.zeroPoint,
        input2: typed(values, operator.input2, Int8Array),
        zeroPoint2: tensor2.zeroPoint,
        factor: multiplyFactor(inputTensor.scale, tensor2.scale, outputTensor.scale),
        outputZeroPoint: outputTensor.zeroPoint,
        activation: operator.activation,
      });
    }
    case 'mean': {
      const [height, width, channels] = inputTensor.shape;
      const factor = meanFactor(inputTensor.scale, outputTensor.scale, height * width);
      return mean(input, channels, inputTensor.zeroPoint, factor, outputTensor.zeroPoint);
    }
    case 'softmax':
      return softmax(input, inputTensor.shape[2], softmaxFactors(operator.beta, inputTensor.scale));
    case 'argmax':
      return argmax(input, inputTensor.shape[2]);
    case 'copy': {
      const before = values[operator.output] ?? new Int8Array(elements(outputTensor));
      return copy(operator, input, Int8Array.from(before), outputTensor.zeroPoint);
    }
    case 'lookup':
      return lookup(input, operator.table);
  }
}

function elements({ shape: [height, width, channels] }: Tensor): number {
  return height * width * channels;
}

function readTensor(tensor: Tensor, raw: Uint8Array | undefined): TensorValues {
  const expected = elements(tensor) * (tensor.type === 'i16' ? 2 : 1);
  if (raw?.length !== expected) {
    throw new RangeError(
      `input "${tensor.name}": expected ${expected} bytes of ${tensor.type}, got ${raw?.length ?? 0}`,
    );
  }
  if (tensor.type === 'i8') return Int8Array.from(raw, (byte) => (byte << 24) >> 24);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Int16Array.from({ length: raw.length / 2 }, (_, i) => view.getInt16(2 * i, true));
}

/** The values of a tensor, which must have been computed and be of the type the operator reads. */
function typed<T extends TensorValues>(
  values: readonly TensorValues[],
  tensor: number,
  type: { new (length: number): T; readonly name: string },
): T {
  const found = values[tensor];
  if (!(found instanceof type))
    throw new Error(`tensor ${tensor}: expected ${type.name}, got ${found?.constructor.name}`);
  return found;
}

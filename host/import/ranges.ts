/** What values each channel can have, whatever the inputs: bounds that hold, not always the closest. */

import { clamp, multiplyByQuantizedMultiplier, quantizeMultiplier } from '../arithmetic/fixed.ts';
import type { Model, Operator, Program, WeightedOperator } from '../model/model.ts';
import { weightLayout } from '../model/weights.ts';
import { add, addFactors } from '../reference/add.ts';
import { mean, meanFactor } from '../reference/mean.ts';
import { multiply, multiplyFactor } from '../reference/multiply.ts';

/** Lowest and highest value of every channel of a tensor. */
export interface Ranges {
  low: Int8Array;
  high: Int8Array;
}

/** By tensor. Every step of the arithmetic keeps order, so the bounds of an output come of those of its inputs. */
export function valueRanges(model: Model, program: Program): Ranges[] {
  const ranges = program.tensors.map(({ shape: [, , channels] }) => anything(channels));
  const writers = program.tensors.map(() => 0);
  for (const { output } of program.operators) writers[output]++;
  for (const operator of program.operators) {
    if (writers[operator.output] === 1) ranges[operator.output] = rangesOf(operator, model, program, ranges);
  }
  return ranges;
}

function anything(channels: number): Ranges {
  return { low: new Int8Array(channels).fill(-128), high: new Int8Array(channels).fill(127) };
}

function rangesOf(operator: Operator, model: Model, program: Program, ranges: readonly Ranges[]): Ranges {
  const input = ranges[operator.input];
  const { tensors } = program;
  const [{ scale, zeroPoint, shape }, output] = [tensors[operator.input], tensors[operator.output]];
  switch (operator.kind) {
    case 'convolution':
    case 'depthwise':
    case 'pointwise':
    case 'fullyConnected':
      return weightedRanges(operator, model, program, input);
    case 'averagePool':
    case 'maxPool':
      return bounds(
        [input.low, input.high].map((values) => values.map((value) => clamp(value, ...operator.activation))),
      );
    case 'lookup':
      return lookupRanges(input, operator.table);
    case 'mean': {
      const count = shape[0] * shape[1];
      const factor = meanFactor(scale, output.scale, count);
      const of = (value: number) => mean(new Int8Array(count).fill(value), 1, zeroPoint, factor, output.zeroPoint)[0];
      return bounds([input.low, input.high].map((values) => values.map(of)));
    }
    case 'add':
    case 'multiply': {
      const [second, other] = [tensors[operator.input2], ranges[operator.input2]];
      const common = {
        zeroPoint1: zeroPoint,
        zeroPoint2: second.zeroPoint,
        outputZeroPoint: output.zeroPoint,
        activation: operator.activation,
      };
      const combine: (input1: Int8Array, input2: Int8Array) => Int8Array =
        operator.kind === 'add'
          ? (input1, input2) =>
              add({ ...common, input1, input2, factors: addFactors(scale, second.scale, output.scale) })
          : (input1, input2) =>
              multiply({ ...common, input1, input2, factor: multiplyFactor(scale, second.scale, output.scale) });
      const corners = [input.low, input.high].flatMap((values) => [
        combine(values, other.low),
        combine(values, other.high),
      ]);
      return bounds(corners);
    }
    default:
      return anything(output.shape[2]);
  }
}

/** Lowest and highest of some possible values of each channel. */
function bounds(candidates: Int8Array[]): Ranges {
  const each = (pick: (...values: number[]) => number) =>
    candidates[0].map((_, c) => pick(...candidates.map((values) => values[c])));
  return { low: each(Math.min), high: each(Math.max) };
}

function lookupRanges({ low, high }: Ranges, table: Int8Array): Ranges {
  const reached = (c: number) => table.subarray(low[c] + 128, high[c] + 129);
  return { low: low.map((_, c) => Math.min(...reached(c))), high: low.map((_, c) => Math.max(...reached(c))) };
}

function weightedRanges(operator: WeightedOperator, model: Model, program: Program, input: Ranges): Ranges {
  const channels = operator.bias.length;
  const ranges = anything(channels);
  const source = model.sources[operator.source];
  if (source.kind !== 'stored') return ranges;
  const { zeroPoint } = program.tensors[operator.input];
  const output = program.tensors[operator.output].zeroPoint;
  const { taps, depth, index, inputChannel, padded } = weightLayout(operator, program);
  for (let c = 0; c < channels; c++) {
    let [lowest, highest] = [operator.bias[c], operator.bias[c]];
    for (let k = 0; k < depth; k++) {
      const from = inputChannel(c, k);
      const low = Math.min(input.low[from] - zeroPoint, padded ? 0 : 255);
      const high = Math.max(input.high[from] - zeroPoint, padded ? 0 : -255);
      for (let tap = 0; tap < taps; tap++) {
        const weight = source.values[index(c, tap, k)];
        lowest += weight * (weight > 0 ? low : high);
        highest += weight * (weight > 0 ? high : low);
      }
    }
    const factor = quantizeMultiplier(operator.effectiveScale[c]);
    const reach = Math.max(Math.abs(lowest), Math.abs(highest)) * 2 ** Math.max(0, factor.shift);
    if (reach >= 2 ** 31) continue; // a shift to the left would wrap, and order with it
    const result = (acc: number) => clamp(multiplyByQuantizedMultiplier(acc, factor) + output, ...operator.activation);
    ranges.low[c] = result(lowest);
    ranges.high[c] = result(highest);
  }
  return ranges;
}

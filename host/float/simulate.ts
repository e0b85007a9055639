/**
 * The float network and its quantised form side by side, operator by operator: what each layer loses, and the mean of
 * that per channel, which a bias can take back (Nagel et al., Data-Free Quantization Through Weight Equalization and
 * Bias Correction, ICCV 2019; here with the means over calibration inputs).
 *
 * The quantised form is simulated: INT8 values, each times its scale, in real arithmetic. Outputs can differ from those
 * of the device where its requantisation rounds a near tie the other way.
 */
import type { GraphOperator } from '../import/graph.ts';
import { activate, Executor, type Values } from './execute.ts';
import { Draft, realsOf } from './graph.ts';
import { activationOf } from './kind.ts';
import { type Correction, type Corrections, quantizeLayer, quantizeValue } from './quantize.ts';
import { floatKind } from './registry.ts';
import { roundLayer } from './rounding.ts';
import type { Plan } from './scales.ts';

/** What one operator of the quantised network loses against float, over all inputs. */
export interface LayerLoss {
  index: number;
  opcode: string;
  /** sums of squares: of the float outputs, and of the differences */
  signal: number;
  noise: number;
  /** largest difference, in real units and in steps of the output */
  maxError: number;
  maxSteps: number;
}

export interface Simulated {
  losses: LayerLoss[];
  /** per layer with weights: what was fitted, with which the mean difference of each channel is 0 */
  corrections: Corrections;
}

/** What is fitted to the inputs: biases, or weights and biases. */
export type Fitting = 'biases' | 'weights';

/**
 * Runs both on all inputs. With `fit`, what is found takes the place of `corrections`: each layer is fitted on what the
 * quantised ones before it give, and only then the next one is looked at.
 */
export function simulate(
  plan: Plan,
  inputs: readonly (readonly Float32Array[])[],
  { corrections = new Map(), fit }: { corrections?: Corrections; fit?: Fitting } = {},
): Simulated {
  const { graph, scaled } = plan;
  const real = new Executor(graph);
  const whole = new Executor(dequantized(plan, corrections));
  const snap = (values: Float32Array, tensor: number): Float32Array => {
    const of = scaled.get(tensor)!;
    return values.map((value) => (quantizeValue(value, of) - of.zeroPoint) * of.scale);
  };
  const samples = inputs.map((arrays) => {
    const pair: [Values, Values] = [[], []];
    graph.inputs.forEach((tensor, i) => {
      pair[0][tensor] = arrays[i];
      pair[1][tensor] = snap(arrays[i], tensor);
    });
    return pair;
  });
  const losses: LayerLoss[] = [];
  const found = new Map<number, Correction>();
  for (const [place, operator] of graph.operators.entries()) {
    const channels = graph.tensors[operator.outputs[0]].shape.at(-1)!;
    const fits = fit !== undefined && floatKind(operator.opcode)?.weights !== undefined;
    const given = samples.map(([, approximate]) => approximate);
    const own = fits && fit === 'weights' ? roundLayer(plan, operator, real, given) : null;
    if (own !== null) found.set(operator.index, { rounded: own, shift: new Float64Array(channels) });
    const rounded = own === null ? whole : new Executor(dequantized(plan, found, [operator]));
    const twin = rounded.graph.operators[own === null ? place : 0];
    const before = samples.map(([exact, approximate]) => [
      real.before(operator, exact),
      rounded.before(twin, approximate),
    ]);
    if (fits) {
      const means = meanDifference(before, channels);
      found.set(operator.index, { rounded: own, shift: means });
      for (const [, [values]] of before) for (let i = 0; i < values.length; i++) values[i] += means[i % means.length];
    }
    const loss = emptyLoss(operator);
    samples.forEach(([exact, approximate], s) => {
      const activation = activationOf(operator);
      operator.outputs.forEach((tensor, i) => {
        exact[tensor] = activate(before[s][0][i].slice(), activation);
        approximate[tensor] = snap(activate(before[s][1][i].slice(), activation), tensor);
        accumulate(loss, exact[tensor], approximate[tensor], scaled.get(tensor)!.scale);
      });
      for (const tensor of [...operator.inputs, ...operator.outputs])
        if (tensor >= 0 && real.isLast(operator, tensor)) exact[tensor] = approximate[tensor] = undefined;
    });
    losses.push(loss);
  }
  return { losses, corrections: found };
}

/** The float graph, or some operators of it, with the weights, biases and constants that the quantised one has. */
function dequantized(plan: Plan, corrections: Corrections, operators = plan.graph.operators) {
  const { graph, scaled } = plan;
  const draft = new Draft(graph);
  for (const [tensor, of] of scaled) {
    const { data, name, shape } = graph.tensors[tensor];
    if (!data) continue;
    const values = realsOf(graph.tensors[tensor]).map((value) => (quantizeValue(value, of) - of.zeroPoint) * of.scale);
    draft.tensors[tensor] = { ...draft.tensors[draft.reals(name, shape, values)], index: tensor };
  }
  for (const operator of operators) {
    const weights = floatKind(operator.opcode)?.weights;
    if (!weights) {
      draft.operators.push(operator);
      continue;
    }
    const { values, scales, bias } = quantizeLayer(plan, operator, corrections);
    const { name, shape } = graph.tensors[operator.inputs[1]];
    const step = shape.slice(weights.channelDimension + 1).reduce((a, b) => a * b, 1);
    const scaleOf = (c: number) => scales[scales.length === 1 ? 0 : c];
    const inputScale = scaled.get(operator.inputs[0])!.scale;
    const reals = Float32Array.from(values, (value, i) => value * scaleOf(Math.floor(i / step) % bias.length));
    const shifts = Float32Array.from(bias, (value, c) => value * inputScale * scaleOf(c));
    draft.operators.push({
      ...operator,
      inputs: [operator.inputs[0], draft.reals(name, shape, reals), draft.reals(`${name} bias`, [bias.length], shifts)],
    });
  }
  return draft.finish(graph.inputs, graph.outputs);
}

/** Of float less quantised outputs, per channel over all samples and positions. */
function meanDifference(before: Float32Array[][][], channels: number): Float64Array {
  const sums = new Float64Array(channels);
  let count = 0;
  for (const [[exact], [approximate]] of before) {
    for (let i = 0; i < exact.length; i++) sums[i % channels] += exact[i] - approximate[i];
    count += exact.length / channels;
  }
  return sums.map((sum) => sum / count);
}

function emptyLoss({ index, opcode }: GraphOperator): LayerLoss {
  return { index, opcode, signal: 0, noise: 0, maxError: 0, maxSteps: 0 };
}

function accumulate(loss: LayerLoss, exact: Float32Array, approximate: Float32Array, step: number): void {
  for (let i = 0; i < exact.length; i++) {
    const difference = exact[i] - approximate[i];
    loss.signal += exact[i] * exact[i];
    loss.noise += difference * difference;
    loss.maxError = Math.max(loss.maxError, Math.abs(difference));
  }
  loss.maxSteps = Math.max(loss.maxSteps, loss.maxError / step);
}

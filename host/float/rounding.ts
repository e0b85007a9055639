/**
 * INT8 weights whose rounding errors make up for one another: what comes near to the float layer is each sum of
 * products, on the inputs that the layer has behind what is quantised already, and not each weight by itself (Frantar
 * and Alistarh, Optimal Brain Compression, NeurIPS 2022; Frantar et al., GPTQ, ICLR 2023).
 */
import { type Moments, Products, shareOf } from '../compress/products.ts';
import { quadratics } from '../compress/quadratic.ts';
import type { GraphOperator } from '../import/graph.ts';
import { Random } from '../system/random.ts';
import type { Executor, Values } from './execute.ts';
import { realsOf } from './graph.ts';
import { countOf } from './kinds/indices.ts';
import { quantizeLayer, type Rounded } from './quantize.ts';
import { floatKind } from './registry.ts';
import type { Plan } from './scales.ts';

/** Covariances of a layer at most, 32 MB: in longer sums errors average out, and their weights stay the nearest ones. */
const MOST_PAIRS = 2 ** 22;

const nearest = (x: number): number => Math.min(127, Math.max(-127, Math.round(x)));

/**
 * `inputs`: values of the quantised network before the layer, one set per sample. null where weights are not to be
 * changed: they come with scales, several layers share them, or the layer is too large.
 */
export function roundLayer(
  plan: Plan,
  operator: GraphOperator,
  executor: Executor,
  inputs: readonly Values[],
): Rounded | null {
  const { channelDimension, sets } = floatKind(operator.opcode)!.weights!;
  const { shape, scales: given, index } = plan.graph.tensors[operator.inputs[1]];
  const [channels, depth] = [shape[channelDimension], countOf(shape) / shape[channelDimension]];
  const users = plan.graph.operators.filter((other) => other.inputs.includes(index));
  const pairs = sets(executor.reading(operator, inputs[0])) * depth ** 2;
  if (given.length > 0 || users.length > 1 || pairs > MOST_PAIRS) return null;
  const forms = quadratics(momentsOf(executor, operator, inputs, depth), channels);
  const { values, scales } = quantizeLayer(plan, operator, new Map());
  const reals = realsOf(plan.graph.tensors[index]);
  const place = (c: number, k: number) => (channelDimension === 0 ? c * depth + k : k * channels + c);
  const levels = new Float64Array(depth);
  for (let c = 0; c < channels; c++) {
    const scale = scales[scales.length === 1 ? 0 : c];
    const own = Float64Array.from({ length: depth }, (_, k) => reals[place(c, k)]);
    forms[c].round(own, scale, nearest, levels);
    forms[c].improve(own, scale, nearest, levels);
    for (let k = 0; k < depth; k++) values[place(c, k)] = levels[k];
  }
  return { values, scales };
}

/** Of what the weights are multiplied with; of many positions a share, drawn at random. */
function momentsOf(executor: Executor, operator: GraphOperator, inputs: readonly Values[], depth: number): Moments {
  const weights = floatKind(operator.opcode)!.weights!;
  const first = executor.reading(operator, inputs[0]);
  const [sets, positions] = [weights.sets(first), weights.positions(first)];
  const share = shareOf(positions * inputs.length, sets, depth);
  const random = new Random(1);
  const products = new Products(sets, depth);
  let count = 0;
  for (const values of inputs) {
    const taken = Array.from({ length: positions }, () => share === 1 || random.uniform() < share);
    count += taken.filter((isTaken) => isTaken).length;
    weights.visit(
      operator,
      executor.reading(operator, values),
      (position) => taken[position],
      (set, patch) => products.add(set, patch, null),
    );
  }
  return products.finish(Math.max(1, count));
}

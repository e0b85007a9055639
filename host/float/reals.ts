/**
 * The real weights of a model that was quantised here, for what fits other weights to them. Lowering moves weights, and
 * does nothing else to them: so it is given, in a second run, what rounding left of each.
 */
import type { Graph } from '../import/graph.ts';
import { type ImportOptions, importGraph } from '../import/import.ts';
import type { Model, StoredSource } from '../model/model.ts';
import { removeDeadChannels } from '../transform/deadChannels.ts';
import { bytesOf, realsOf } from './graph.ts';
import { type Corrections, quantizedGraph, quantizeLayer } from './quantize.ts';
import { floatKind } from './registry.ts';
import type { Plan } from './scales.ts';

/** Levels of the largest remainder. */
const FINEST = 127;

/** The model that importGraph makes, with `reals` beside all INT8 weights of layers, to some hundredths of a step. */
export function withReals(
  plan: Plan,
  corrections: Corrections,
  name: string,
  { keepDead = false, ...options }: ImportOptions & { source?: string } = {},
): Model {
  const graph = quantizedGraph(plan, corrections);
  const remainders = remaindersOf(plan, corrections);
  const unit = remainders.reduce((most, { of }) => of.reduce((a, b) => Math.max(a, Math.abs(b)), most), 0) / FINEST;
  const whole = { ...options, keepDead: true };
  const { model } = importGraph(graph, name, whole);
  const rest = importGraph(replaced(graph, remainders, unit), name, whole).model;
  const sources = model.sources.map((source, i) => ({
    ...source,
    reals: Float32Array.from((source as StoredSource).values, (value, k) => {
      return value + unit * (rest.sources[i] as StoredSource).values[k];
    }),
  }));
  const refined = { ...model, sources };
  return keepDead ? refined : removeDeadChannels(refined);
}

interface Remainder {
  /** in steps, in the order of the weights */
  of: Float64Array;
  /** place of the layer among the operators */
  place: number;
}

function remaindersOf(plan: Plan, corrections: Corrections): Remainder[] {
  return plan.graph.operators.flatMap((operator, place) => {
    const weights = floatKind(operator.opcode)?.weights;
    if (!weights) return [];
    const { values, scales } = quantizeLayer(plan, operator, corrections);
    const { shape, ...tensor } = plan.graph.tensors[operator.inputs[1]];
    const step = shape.slice(weights.channelDimension + 1).reduce((a, b) => a * b, 1);
    const scaleOf = (i: number) => scales[scales.length === 1 ? 0 : Math.floor(i / step) % scales.length];
    return { of: Float64Array.from(realsOf({ shape, ...tensor }), (real, i) => real / scaleOf(i) - values[i]), place };
  });
}

/** The same INT8 graph with remainders, in units, for weights. */
function replaced(graph: Graph, remainders: readonly Remainder[], unit: number): Graph {
  const tensors = [...graph.tensors];
  for (const { of, place } of remainders) {
    const [, weights] = graph.operators[place].inputs;
    const data = bytesOf(Int8Array.from(of, (remainder) => Math.round(remainder / (unit || 1))));
    tensors[weights] = { ...tensors[weights], data };
  }
  return { ...graph, tensors };
}

/** The layers whose weights can be exchanged: stored INT8 that one operator uses, seen channel by channel. */
import type { Model, Operator, WeightedOperator } from '../model/model.ts';

export interface Layer {
  /** index among the operators of program 0 */
  operator: number;
  name: string;
  kind: WeightedOperator['kind'];
  /** in Model.sources, where rows x rowLength is its layout */
  source: number;
  rows: number;
  rowLength: number;
  channels: number;
  /** weights of a channel */
  depth: number;
  /** [channels][depth], for depthwise, too */
  weights: Int8Array;
  /** the real ones that they were rounded from, in the same order and in their steps, where these are known */
  reals?: Float32Array;
  /** [channels] output steps of one accumulator step */
  effectiveScale: Float64Array;
}

/** Layers of program 0, in its order. Throws for a model of several programs. */
export function layersOf(model: Model): Layer[] {
  if (model.programs.length !== 1)
    throw new Error(`compress: expected a model of one program, got ${model.programs.length}; compress each by itself`);
  const { operators } = model.programs[0];
  const users = new Map<number, number>();
  for (const operator of operators) {
    if ('source' in operator) users.set(operator.source, (users.get(operator.source) ?? 0) + 1);
  }
  return operators.flatMap((operator, index) => {
    const layer = layerOf(model, operator, index);
    return layer && users.get(layer.source) === 1 ? [layer] : [];
  });
}

/** What other weights of a layer are to come near to, [channels][depth]. */
export const targetsOf = ({ weights, reals }: Layer): Int8Array | Float32Array => reals ?? weights;

function layerOf(model: Model, operator: Operator, index: number): Layer | null {
  if (!('source' in operator)) return null;
  const source = model.sources[operator.source];
  if (source.kind !== 'stored' || source.encoding !== 'int8') return null;
  const { rows, rowLength, values, reals } = source;
  const arranged = <T extends Int8Array | Float32Array>(all: T): T =>
    operator.kind === 'depthwise' ? transposed(all, rows, rowLength) : all;
  const channels = operator.bias.length;
  return {
    operator: index,
    name: operator.name,
    kind: operator.kind,
    source: operator.source,
    rows,
    rowLength,
    channels,
    depth: values.length / channels,
    weights: arranged(values),
    reals: reals && arranged(reals),
    effectiveScale: operator.effectiveScale,
  };
}

/** [rows][columns] -> [columns][rows] */
function transposed<T extends Int8Array | Float32Array>(values: T, rows: number, columns: number): T {
  const turned = values.slice() as T;
  for (let i = 0; i < turned.length; i++) turned[i] = values[(i % rows) * columns + Math.floor(i / rows)];
  return turned;
}

/** Values [channels][depth] in the order of the layer's source, [rows][rowLength]. */
export function inSourceOrder(layer: Layer, values: Int8Array): Int8Array {
  return layer.kind === 'depthwise' ? transposed(values, layer.channels, layer.depth) : values;
}

/** Values [rows][rowLength] of the layer's source as [channels][depth]. */
export function byChannel(layer: Layer, values: Int8Array): Int8Array {
  return layer.kind === 'depthwise' ? transposed(values, layer.rows, layer.rowLength) : values;
}

/** Channel and place in the channel of weight k of source row r. */
export function placeOf({ kind }: Layer, r: number, k: number): [channel: number, index: number] {
  return kind === 'depthwise' ? [k, r] : [r, k];
}

/** Weights of a layer as a source has them, row after row, and as training computes with them, padded. */
import { depthOf, type LayerSpec, taps, weightShape } from '../layerSpec.ts';
import type { Tensor } from '../layers.ts';
import { numpy as np } from '../start.ts';

/** Of any layer but a depthwise one, whose weights lie tap by tap. */
export const rowShape = (layer: LayerSpec): [rows: number, rowLength: number] => [
  layer.output[2],
  taps(layer) * depthOf(layer),
];

/** [rows, rowLength] -> weightShape, with zeros behind each row. Consumes the array. */
export function paddedRows(levels: Tensor, layer: LayerSpec): Tensor {
  const missing = weightShape(layer)[1] - levels.shape[1]!;
  return missing === 0
    ? levels
    : np.pad(levels, [
        [0, 0],
        [0, missing],
      ]);
}

/** What keeps a method whose sources have rows of outputs from a depthwise layer among these. */
export function depthwiseFault(kind: string, layers: readonly LayerSpec[]): [field: string, message: string] | null {
  const depthwise = layers.find((layer) => layer.kind === 'depthwise');
  return depthwise ? ['kind', `expected int8 for depthwise layers, as ${depthwise.name}, got ${kind}`] : null;
}

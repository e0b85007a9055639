/** What methods that store every weight have in common: a latent float for each, and levels in the image. */

import type { Encoding } from '../../model/model.ts';
import * as json from '../../system/json.ts';
import type { Random } from '../../system/random.ts';
import { filled } from '../arrays.ts';
import { depthOf, type LayerSpec, taps, weightShape } from '../layerSpec.ts';
import type { Tensor } from '../layers.ts';
import { columnwise, type Quantized } from '../quantizers.ts';
import type { MethodConfig } from './config.ts';
import { integers, type Method, type MethodKind } from './method.ts';

interface StoredKind {
  kind: string;
  /** of the image */
  encoding: Encoding;
  about: string;
  /** [C, K] -> levels [C, K] and one scale a row [C, 1]; borrows the weights */
  quantizeRows(weights: Tensor): Quantized;
}

/** A method of this kind. Depthwise weights lie tap by tap and have a scale a column. */
export function storedMethod({ kind, encoding, about, quantizeRows }: StoredKind): MethodKind {
  return {
    schema: json.fields({ kind: json.oneOf([kind]) }) as unknown as json.Schema<MethodConfig>,
    about: () => about,
    isShared: false,
    fault: () => null,
    make: (_, layers): Method => {
      const [layer] = layers as [LayerSpec];
      const name = `${layer.name}.weight`;
      const isDepthwise = layer.kind === 'depthwise';
      const quantize = isDepthwise ? columnwise(quantizeRows) : quantizeRows;
      return {
        layers,
        shapes: () => [[name, weightShape(layer)]],
        initialize: (random) => ({ [name]: latentWeights(layer, random) }),
        weights(parameters) {
          return new Map([[layer.name, quantize(parameters[name]!)]]);
        },
        export(parameters, sources) {
          const { levels, scale } = this.weights(parameters).get(layer.name)!;
          const rows = isDepthwise ? taps(layer) : layer.output[2];
          const rowLength = isDepthwise ? layer.output[2] : taps(layer) * depthOf(layer);
          const values = firstColumns(integers(levels), rows, rowLength);
          const source = sources.list.push({ kind: 'stored', encoding, rows, rowLength, values }) - 1;
          const scales = Float64Array.from(scale.dataSync() as ArrayLike<number>);
          sources.of.set(layer.name, { source, scales, residency: encoding === 'int8' ? 'flash' : 'boot' });
        },
      };
    },
  };
}

/** Normal, by the number of inputs (He et al. 2015); the padding of rows stays 0. */
function latentWeights(layer: LayerSpec, random: Random): Tensor {
  const shape = weightShape(layer);
  const fanIn = layer.kind === 'depthwise' ? taps(layer) : taps(layer) * depthOf(layer);
  const [, columns] = shape;
  const used = layer.kind === 'depthwise' ? columns : fanIn;
  const deviation = Math.sqrt(2 / fanIn);
  return filled(shape, (i) => (i % columns < used ? random.normal() * deviation : 0));
}

/** Drops the padding of rows. */
function firstColumns(levels: Int8Array, rows: number, rowLength: number): Int8Array {
  const stride = levels.length / rows;
  if (stride === rowLength) return levels;
  const values = new Int8Array(rows * rowLength);
  for (let r = 0; r < rows; r++) values.set(levels.subarray(r * stride, r * stride + rowLength), r * rowLength);
  return values;
}

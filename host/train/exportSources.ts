/** Weight sources and the generator of a trained network, as integers. */

import type { Generator, Residency, WeightSource } from '../model/model.ts';
import type { BasisGenerator } from '../sources/basis.ts';
import type { Mlp } from '../sources/mlp.ts';
import { GENERATED_SCALE, layerWeights } from './forward.ts';
import { type Generated, generate, generatedLayers } from './generator.ts';
import type { Tensor } from './layers.ts';
import type { GeneratorConfig, LayerSpec, NetworkSpec } from './network.ts';
import type { Parameters } from './parameters.ts';
import type { StoredEncoding } from './quantizers.ts';

export interface Sources {
  list: WeightSource[];
  generators: Generator[];
  /** per layer: index of its source, real value of one level per output channel, when weights are materialised */
  of: Map<string, { source: number; scales: Float64Array; residency: Residency }>;
}

/** Borrows the parameters. */
export function exportSources(parameters: Parameters, spec: NetworkSpec): Sources {
  const sources: Sources = { list: [], generators: [], of: new Map() };
  if (spec.generator) {
    const generated = generate(parameters, spec);
    sources.generators.push(basisGenerator(generated, spec.generator));
    for (const layer of generatedLayers(spec)) addGenerated(sources, layer, generated, spec.generator);
  }
  const weights = layerWeights(parameters, spec);
  for (const layer of spec.layers) {
    if (layer.weights === 'generated') continue;
    const { levels, scale } = weights.get(layer.name)!;
    addStored(sources, layer, integers(levels), scale.dataSync());
  }
  return sources;
}

function addGenerated(sources: Sources, layer: LayerSpec, generated: Generated, generator: GeneratorConfig): void {
  const source = sources.list.push({
    kind: 'basis',
    generator: 0,
    rows: layer.outputChannels,
    rowLength: layer.inputChannels,
    rowsPerCode: generated.mixing ? generator.rowsPerCode : layer.outputChannels,
    codes: generated.mixing ? integers(generated.mixing.codes.get(layer.name)!) : new Int8Array(0),
    mixScale: generated.mixing ? scalar(generated.mixScales.get(layer.name)!) : 1,
  });
  const scales = new Float64Array(layer.outputChannels).fill(Math.fround(GENERATED_SCALE));
  sources.of.set(layer.name, { source: source - 1, scales, residency: 'boot' });
}

function addStored(sources: Sources, layer: LayerSpec, levels: Int8Array, scale: ArrayLike<number>): void {
  const encoding = layer.weights as StoredEncoding;
  const isDepthwise = layer.kind === 'depthwise';
  const rows = isDepthwise ? layer.kernel : layer.outputChannels;
  const rowLength = isDepthwise ? layer.outputChannels : layer.kernel * layer.inputChannels;
  const source = sources.list.push({
    kind: 'stored',
    encoding,
    rows,
    rowLength,
    values: firstColumns(levels, rows, rowLength),
  });
  const residency = encoding === 'int8' ? 'flash' : 'boot';
  sources.of.set(layer.name, { source: source - 1, scales: Float64Array.from(scale), residency });
}

/** Drops the padding of stem rows. */
function firstColumns(levels: Int8Array, rows: number, rowLength: number): Int8Array {
  const stride = levels.length / rows;
  if (stride === rowLength) return levels;
  const values = new Int8Array(rows * rowLength);
  for (let r = 0; r < rows; r++) values.set(levels.subarray(r * stride, r * stride + rowLength), r * rowLength);
  return values;
}

function basisGenerator(generated: Generated, generator: GeneratorConfig): BasisGenerator {
  const { encoding, matrices, rows, columns } = generator;
  return {
    kind: 'basis',
    mlp: generated.mixing ? mlpOf(generated, generator) : null,
    encoding,
    count: matrices,
    rows,
    columns,
    values: integers(generated.basis),
  };
}

function mlpOf(generated: Generated, { codeLength, hidden, matrices }: GeneratorConfig): Mlp {
  const { w1, b1, scale1, w2, b2, scale2 } = generated.mixing!;
  return {
    codeLength,
    codeEncoding: 'int8',
    hidden,
    outputs: matrices,
    w1: integers(w1),
    b1: Int32Array.from(b1.dataSync(), Math.round),
    scale1: scalar(scale1),
    w2: integers(w2),
    b2: Int32Array.from(b2.dataSync(), Math.round),
    scale2: scalar(scale2),
  };
}

/** Levels as int8. They are whole up to float32 rounding of the straight-through sum. Consumes the array. */
function integers(array: Tensor): Int8Array {
  return Int8Array.from(array.dataSync(), Math.round);
}

const scalar = (array: Tensor): number => array.dataSync()[0]!;

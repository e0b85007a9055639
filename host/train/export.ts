/**
 * From a checkpoint to the integer model that the packer writes: normalisation folded into the requantisation, weights as levels.
 *
 * For a layer with input scale si, weight scale sw[c], output scale so, and batch normalisation y = f (x - mean) + beta, where
 * f = gamma / sqrt(variance + epsilon) > 0:
 *
 *   q = round(effectiveScale * (acc + bias)) - 128,  effectiveScale = si sw f / so,  bias = (beta / f - mean) / (si sw)
 */

import { numpy as np } from '@jax-js/jax';
import { type Signal, timingOf } from '../data/signal.ts';
import type { FullyConnected, Model, Tensor as ModelTensor, Operator, Weighted } from '../model/model.ts';
import { frontEndOf } from '../task/task.ts';
import { type Checkpoint, classNamesOf } from './checkpoint.ts';
import { type ExportConfig, specOf } from './config.ts';
import { exportSources, type Sources } from './exportSources.ts';
import { gammaOf, rangeOf } from './forward.ts';
import { NORM_EPSILON, type Tensor } from './layers.ts';
import type { LayerSpec } from './network.ts';
import type { Parameters } from './parameters.ts';
import { startArrays } from './start.ts';

const ACTIVATION_ZERO_POINT = -128;
const ACTIVATION_LIMITS: [number, number] = [-128, 127];

/** The checkpoint holds what tensorShapes lists, and its class names. Throws where a folded bias does not fit. */
export async function exportModel(checkpoint: Checkpoint, config: ExportConfig): Promise<Model> {
  await startArrays();
  const labels = classNamesOf(checkpoint);
  const { task } = config;
  const spec = specOf(config, labels.length);
  const parameters = parametersOf(checkpoint);
  const sources = exportSources(parameters, spec);
  const { tensors, operators } = frontEndOf(task).operators(windowTensor(task.input));
  const addTensor = (name: string, width: number, channels: number, scale: number, zeroPoint: number): number =>
    tensors.push({ name, shape: [1, width, channels], type: 'i8', scale, zeroPoint }) - 1;

  for (const layer of spec.layers) {
    let input = tensors.length - 1;
    if (layer.kind === 'fullyConnected') {
      const { scale } = tensors[input]!;
      const pooled = addTensor('pooled', 1, layer.inputChannels, scale, ACTIVATION_ZERO_POINT);
      operators.push({ ...globalPool(tensors[input]!.shape[1]), input, output: pooled });
      input = pooled;
      const logitScale = valuesOf(checkpoint, 'logits.peak')[0]! / 127;
      const output = addTensor('logits', 1, layer.outputChannels, logitScale, 0);
      const weighted = foldLinear(layer, checkpoint, sources, scale, logitScale);
      operators.push({ kind: 'fullyConnected', name: layer.name, input, output, ...weighted });
      continue;
    }
    const step = first(rangeOf(parameters, layer)) / 255;
    const output = addTensor(layer.name, layer.outputWidth, layer.outputChannels, step, ACTIVATION_ZERO_POINT);
    const weighted = foldNormalized(layer, checkpoint, parameters, sources, tensors[input]!.scale, step);
    operators.push(operatorOf(layer, input, output, weighted));
  }
  for (const array of Object.values(parameters)) array.dispose();

  return {
    programs: [{ name: config.name, tensors, operators, inputs: [0], outputs: [tensors.length - 1] }],
    sources: sources.list,
    generators: sources.generators,
    metadata: {
      name: config.name,
      task: task.name,
      labels,
      ...timingOf(task.input),
      dataset: config.data,
      seed: config.seed,
      epochs: config.epochs,
    },
  };
}

const windowTensor = ({ name, shape, type, scale, zeroPoint }: Signal): ModelTensor => ({
  name,
  shape: [...shape],
  type,
  scale,
  zeroPoint,
});

function operatorOf(layer: LayerSpec, input: number, output: number, weighted: Weighted): Operator {
  const { name, kernel, stride, padLeft } = layer;
  const base = { name, input, output, ...weighted };
  if (layer.kind === 'pointwise') return { kind: 'pointwise', ...base };
  const window = {
    kernel: [1, kernel] as [number, number],
    stride: [1, stride] as [number, number],
    pad: [0, padLeft] as [number, number],
  };
  if (layer.kind === 'depthwise') return { kind: 'depthwise', multiplier: 1, ...base, ...window };
  return { kind: 'convolution', ...base, ...window };
}

function globalPool(width: number) {
  return {
    kind: 'averagePool' as const,
    name: 'pool',
    kernel: [1, width] as [number, number],
    stride: [1, 1] as [number, number],
    pad: [0, 0] as [number, number],
    activation: ACTIVATION_LIMITS,
  };
}

function foldNormalized(
  layer: LayerSpec,
  checkpoint: Checkpoint,
  parameters: Parameters,
  sources: Sources,
  inputScale: number,
  outputScale: number,
): Weighted {
  const { source, scales, residency } = sources.of.get(layer.name)!;
  const gamma = floats(gammaOf(parameters, layer));
  const beta = valuesOf(checkpoint, `${layer.name}.beta`);
  const mean = valuesOf(checkpoint, `${layer.name}.mean`);
  const variance = valuesOf(checkpoint, `${layer.name}.variance`);
  const channels = layer.outputChannels;
  const bias = new Int32Array(channels);
  const effectiveScale = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    const factor = gamma[c]! / Math.sqrt(variance[c]! + NORM_EPSILON);
    const unit = inputScale * scales[c]!;
    effectiveScale[c] = (unit * factor) / outputScale;
    bias[c] = biasOf(layer, c, (beta[c]! / factor - mean[c]!) / unit);
  }
  return { source, residency, bias, effectiveScale, activation: ACTIVATION_LIMITS };
}

function foldLinear(
  layer: LayerSpec,
  checkpoint: Checkpoint,
  sources: Sources,
  inputScale: number,
  outputScale: number,
): Omit<FullyConnected, 'kind' | 'name' | 'input' | 'output'> {
  const { source, scales, residency } = sources.of.get(layer.name)!;
  const units = Float64Array.from(scales, (scale) => inputScale * scale);
  const bias = Int32Array.from(valuesOf(checkpoint, `${layer.name}.bias`), (value, c) =>
    biasOf(layer, c, value / units[c]!),
  );
  const effectiveScale = units.map((unit) => unit / outputScale);
  return { source, residency, bias, effectiveScale, activation: ACTIVATION_LIMITS };
}

/** Rounded; a channel whose weights are almost 0 has so small a unit that no i32 holds its bias. */
function biasOf({ name }: LayerSpec, channel: number, value: number): number {
  const bias = Math.round(value);
  if (bias !== (bias | 0))
    throw new Error(
      `checkpoint: channel ${channel} of "${name}" expected a bias that fits 32 bits in units of its weights, got ${bias}; its weights are almost 0, remove the channel`,
    );
  return bias;
}

function valuesOf(checkpoint: Checkpoint, name: string): Float32Array {
  const tensor = checkpoint.tensors.get(name);
  if (!tensor)
    throw new Error(
      `checkpoint: expected a tensor "${name}", got none; the checkpoint does not fit the configuration, train again`,
    );
  return tensor.data;
}

/** Everything in the checkpoint as arrays; calibration values do no harm. */
export function parametersOf(checkpoint: Checkpoint): Parameters {
  const entries = [...checkpoint.tensors].map(([name, { shape, data }]) => [
    name,
    np.array(data as Float32Array<ArrayBuffer>, { shape }),
  ]);
  return Object.fromEntries(entries) as Parameters;
}

/** Copies an array out of the library and consumes it. */
const floats = (array: Tensor): Float32Array => Float32Array.from(array.dataSync());
const first = (array: Tensor): number => floats(array)[0]!;

/**
 * From trained layers to operators of the integer model: normalisation folded into the requantisation, weights
 * as levels.
 *
 * For a layer with input scale si, weight scale sw[c], output scale so, and batch normalisation y = f (x - mean) +
 * beta, where f = gamma / sqrt(variance + epsilon) > 0:
 *
 *   q = round(effectiveScale * (acc + bias)) - 128,  effectiveScale = si sw f / so,  bias = (beta / f - mean) / (si sw)
 */
import { timingOf } from '../data/signal.ts';
import type {
  FullyConnected,
  Tensor as ModelTensor,
  Operator,
  ProgramMetadata,
  Shape,
  Weighted,
} from '../model/model.ts';
import type { Parameters } from './arrays.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { ExportConfig } from './config.ts';
import { type LayerSpec, positionsOf } from './layerSpec.ts';
import type { Tensor } from './layers.ts';
import type { Sources } from './methods/method.ts';
import { type NetworkSpec, type NodeSpec, peakName } from './network.ts';
import { gammaOf, rangeOf } from './real.ts';
import { NORM_EPSILON } from './stages/normalized.ts';
import { numpy as np } from './start.ts';

const ACTIVATION_LIMITS: [number, number] = [-128, 127];

export const describeProgram = (
  { name, task, data, seed, epochs }: ExportConfig,
  labels: string[],
): ProgramMetadata => ({
  name,
  task: task.name,
  labels,
  ...timingOf(task.input),
  dataset: data,
  seed,
  epochs,
});

/** Where operators of a network go, and what they are made from. */
interface Place {
  checkpoint: Checkpoint;
  parameters: Parameters;
  sources: Sources;
  tensors: ModelTensor[];
  operators: Operator[];
  /** the tensor that the network is given */
  start: number;
  /** what its answers are called, and where they go if there is a tensor for them already */
  answers: { name: string; tensor: number | null };
  /** a network in front, which lends results of its layers */
  lender?: Exported;
}

/** Operators of a network, node by node, behind those in front of it. */
export class Exported {
  /** tensor of the result of each node */
  private readonly results: number[] = [];

  constructor(
    private readonly spec: NetworkSpec,
    private readonly place: Place,
  ) {}

  /** The tensor of its answers. */
  addAll(): number {
    for (const node of this.spec.nodes) this.results.push(this.add(node));
    return this.results.at(-1)!;
  }

  private add(node: NodeSpec): number {
    if (node.kind === 'layer') return this.layer(node);
    if (node.kind === 'add') return this.sum(node);
    return node.kind === 'averagePool' ? this.pool(node) : this.concatenation(node);
  }

  private tensorAt(node: number): number {
    return this.results[node] ?? this.place.start;
  }

  private tensor(name: string, shape: Shape, scale: number, zeroPoint: number): number {
    return this.place.tensors.push({ name, shape: [...shape], type: 'i8', scale, zeroPoint }) - 1;
  }

  private layer({ layer, input: from }: Extract<NodeSpec, { kind: 'layer' }>): number {
    const input = this.tensorAt(from);
    const { scale } = this.place.tensors[input]!;
    if (!layer.normalized) {
      const logitScale = valuesOf(this.place.checkpoint, peakName(this.spec))[0]! / 127;
      const { name, tensor } = this.place.answers;
      const output = tensor ?? this.tensor(name, layer.output, logitScale, 0);
      const weighted = foldLinear(layer, this.place.checkpoint, this.place.sources, scale, logitScale);
      this.place.operators.push({ kind: 'fullyConnected', name: layer.name, input, output, ...weighted });
      return output;
    }
    const { step, zeroPoint } = stepsOf(first(rangeOf(this.place.parameters, layer)), layer.activation);
    const output = this.tensor(layer.name, layer.output, step, zeroPoint);
    const weighted = foldNormalized(
      layer,
      this.place.checkpoint,
      this.place.parameters,
      this.place.sources,
      scale,
      step,
    );
    this.place.operators.push(operatorOf(layer, input, output, weighted));
    return output;
  }

  private sum({ name, inputs, output: shape }: Extract<NodeSpec, { kind: 'add' }>): number {
    const [input, input2] = inputs.map((node) => this.tensorAt(node)) as [number, number];
    const { step, zeroPoint } = stepsOf(first(rangeOf(this.place.parameters, { name })), 'relu');
    const output = this.tensor(name, shape, step, zeroPoint);
    this.place.operators.push({ kind: 'add', name, input, input2, output, activation: ACTIVATION_LIMITS });
    return output;
  }

  /** Copies, the channels of each run behind each other; both have one scale. */
  private concatenation({
    name,
    input: from,
    lent,
    output: shape,
  }: Extract<NodeSpec, { kind: 'concatenation' }>): number {
    const inputs = [this.tensorAt(from), this.place.lender!.results[lent.node]!];
    const [own, other] = inputs.map((tensor) => this.place.tensors[tensor]!) as [ModelTensor, ModelTensor];
    if (own.scale !== other.scale || own.zeroPoint !== other.zeroPoint)
      throw new Error(
        `checkpoint: "${lent.own}.range": expected that of "${lent.layer}", got another; it was not written by htpw train`,
      );
    const output = this.tensor(name, shape, own.scale, own.zeroPoint);
    let first = 0;
    for (const input of inputs) {
      const channels = this.place.tensors[input]!.shape[2];
      this.place.operators.push({
        kind: 'copy',
        name,
        input,
        output,
        count: [1, 1, positionsOf(shape)],
        inputStep: [0, 0, channels],
        outputStep: [0, 0, shape[2]],
        run: channels,
        inputOffset: 0,
        outputOffset: first,
        fill: false,
      });
      first += channels;
    }
    return output;
  }

  private pool({ name, kernel, input: from, output: shape }: Extract<NodeSpec, { kind: 'averagePool' }>): number {
    const input = this.tensorAt(from);
    const { scale, zeroPoint } = this.place.tensors[input]!;
    const output = this.tensor(name === 'pool' ? 'pooled' : name, shape, scale, zeroPoint);
    const [stride, pad] = [[...kernel], [0, 0]] as [number, number][];
    const isGlobal = positionsOf(shape) === 1;
    this.place.operators.push({
      kind: 'averagePool',
      name,
      input,
      output,
      kernel: [...kernel],
      stride: isGlobal ? [1, 1] : stride!,
      pad: pad!,
      activation: ACTIVATION_LIMITS,
    });
    return output;
  }
}

/** How the integers of a tensor with values up to `range` lie: on one side of zero after a ReLU, else on both. */
function stepsOf(range: number, activation: LayerSpec['activation']): { step: number; zeroPoint: number } {
  return activation === 'relu' ? { step: range / 255, zeroPoint: -128 } : { step: range / 127, zeroPoint: 0 };
}

function operatorOf(layer: LayerSpec, input: number, output: number, weighted: Weighted): Operator {
  const { name, kernel, stride, pad } = layer;
  const base = { name, input, output, ...weighted };
  if (layer.kind === 'pointwise' || layer.kind === 'fullyConnected') return { kind: layer.kind, ...base };
  const window = { kernel, stride, pad };
  if (layer.kind === 'depthwise') return { kind: 'depthwise', multiplier: 1, ...base, ...window };
  return { kind: 'convolution', ...base, ...window };
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
  const channels = layer.output[2];
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

/** What a layer is given, on average: means and covariances of its inputs over calibration samples. */

import { pack } from '../image/pack.ts';
import type { Model, Tensor, Window } from '../model/model.ts';
import { Runtime, type Wasm } from '../runtime/runtime.ts';
import { Random } from '../system/random.ts';
import type { Layer } from './layers.ts';
import type { Samples } from './samples.ts';

/**
 * Of the inputs q - zeroPoint under a channel's weights. Errors of the mean can be taken back in the bias, which is why
 * the covariance is about the mean: error of the output = e' covariance e for weights that are off by e.
 */
export interface Moments {
  depth: number;
  /** one set for all channels, or (depthwise) one for each */
  sets: number;
  /** [sets][depth] */
  mean: Float64Array;
  /** [sets][depth][depth] */
  covariance: Float64Array;
}

/**
 * Of a layer behind others that have changed: what it is given now, and how that goes with what it was given before.
 */
export interface ChangedMoments extends Moments {
  /** inputs that they are of, several a sample where a layer works at several positions */
  count: number;
  /** [sets][depth], before */
  originalMean: Float64Array;
  /** [sets][depth now][depth before] */
  cross: Float64Array;
}

/** Without calibration data: every input counts the same and is 0 on average. */
export function equalMoments({ depth }: Layer): Moments {
  const covariance = new Float64Array(depth * depth);
  for (let k = 0; k < depth; k++) covariance[k * depth + k] = 1;
  return { depth, sets: 1, mean: new Float64Array(depth), covariance };
}

const MOST_PRODUCTS = 1e8; // of inputs, per layer: a second
const LEAST_ROWS = 8; // times depth, or noise is taken for correlation,
const MOST_OF_LEAST = 4e9; // products; but not for minutes

/** Moments of each layer's input on the samples, in the order of `layers`. */
export function momentsOf(model: Model, layers: readonly Layer[], { inputs, wasm }: Samples): Moments[] {
  const collectors = layers.map((layer) => new Collector(inputOf(model, layer), layer, inputs.length));
  const run = tracer(model, wasm);
  for (const sample of inputs) {
    run(sample, (tensor, values) => {
      for (const collector of collectors) if (collector.tensor === tensor) collector.add(values, values);
    });
  }
  return collectors.map((collector) => {
    const { depth, sets, mean, covariance } = collector.finish();
    return { depth, sets, mean, covariance };
  });
}

/** Moments of one layer's input in `changed`, a version of `model` with other weights in the layers before it. */
export function changedMomentsOf(
  model: Model,
  changed: Model,
  layer: Layer,
  { inputs, wasm }: Samples,
): ChangedMoments {
  const collector = new Collector(inputOf(model, layer), layer, inputs.length);
  const [runOriginal, runChanged] = [tracer(model, wasm), tracer(changed, wasm)];
  for (const sample of inputs) {
    let original = new Int8Array();
    runOriginal(sample, (tensor, values) => {
      if (tensor === collector.tensor) original = values.slice();
    });
    runChanged(sample, (tensor, values) => {
      if (tensor === collector.tensor) collector.add(values, original);
    });
  }
  return collector.finish();
}

/** Runs a sample through the runtime; the callback gets every tensor as it comes to be, valid only during the call. */
function tracer(
  model: Model,
  wasm: Wasm,
): (sample: Uint8Array, on: (tensor: number, values: Int8Array) => void) => void {
  const [program] = model.programs;
  const runtime = new Runtime(pack(model), wasm).load();
  const signed = ({ buffer, byteOffset, length }: Uint8Array) => new Int8Array(buffer, byteOffset, length);
  return (sample, on) => {
    let at = 0;
    for (const input of program.inputs) {
      const { shape, type } = program.tensors[input];
      const bytes = shape.reduce((a, b) => a * b) * (type === 'i16' ? 2 : 1);
      on(input, signed(sample.subarray(at, at + bytes)));
      at += bytes;
    }
    runtime.trace(sample, (operator, result) => {
      on(program.operators[operator].output, signed(result));
    });
  };
}

interface Input {
  tensor: number;
  window: Window;
  input: Tensor;
  output: Tensor;
}

function inputOf({ programs: [program] }: Model, layer: Layer): Input {
  const operator = program.operators[layer.operator];
  const window: Window = 'kernel' in operator ? operator : { kernel: [1, 1], stride: [1, 1], pad: [0, 0] };
  return {
    tensor: operator.input,
    window,
    input: program.tensors[operator.input],
    output: program.tensors[operator.output],
  };
}

class Collector {
  readonly tensor: number;
  private readonly random = new Random(1);
  private readonly sets: number;
  private readonly positions: [y: number, x: number][] = [];
  private readonly share: number;
  private readonly sums: [now: Float64Array, before: Float64Array];
  private readonly products: Float64Array;
  private readonly crossProducts: Float64Array;
  private readonly rows: [now: Float64Array, before: Float64Array];
  private count = 0;

  constructor(
    private readonly from: Input,
    private readonly layer: Layer,
    samples: number,
  ) {
    const { depth, channels, kind } = layer;
    this.tensor = from.tensor;
    this.sets = kind === 'depthwise' ? channels : 1;
    const [height, width] = kind === 'fullyConnected' ? [1, 1] : from.output.shape;
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) this.positions.push([y, x]);
    const each = depth * depth * this.sets;
    const wanted = Math.max(MOST_PRODUCTS / each, Math.min(LEAST_ROWS * depth, MOST_OF_LEAST / each));
    this.share = Math.min(1, wanted / (this.positions.length * samples));
    const zeros = (size: number) => new Float64Array(size);
    this.sums = [zeros(this.sets * depth), zeros(this.sets * depth)];
    this.products = zeros(this.sets * depth * depth);
    this.crossProducts = zeros(this.sets * depth * depth);
    this.rows = [zeros(depth), zeros(depth)];
  }

  /** All positions of one sample, or a share of them drawn at random: what the layer is given now, and was before. */
  add(now: Int8Array, before: Int8Array): void {
    for (const [y, x] of this.positions) {
      if (this.share < 1 && this.random.uniform() >= this.share) continue;
      this.count++;
      for (let set = 0; set < this.sets; set++) {
        this.gather(now, y, x, set, this.rows[0]);
        if (before !== now) this.gather(before, y, x, set, this.rows[1]);
        this.accumulate(set, before !== now);
      }
    }
  }

  /** The inputs under the weights of a channel at one output position; padding is a real 0. */
  private gather(values: Int8Array, y: number, x: number, channel: number, row: Float64Array): void {
    const { kind, depth, channels } = this.layer;
    const { input, window } = this.from;
    const [height, width, inputs] = input.shape;
    if (kind === 'fullyConnected') {
      for (let k = 0; k < depth; k++) row[k] = values[k] - input.zeroPoint;
      return;
    }
    const { kernel, stride, pad } = window;
    const own = kind === 'depthwise' ? Math.floor(channel / (channels / inputs)) : -1;
    let at = 0;
    for (let i = 0; i < kernel[0]; i++) {
      for (let j = 0; j < kernel[1]; j++) {
        const [inputY, inputX] = [y * stride[0] + i - pad[0], x * stride[1] + j - pad[1]];
        const inside = inputY >= 0 && inputY < height && inputX >= 0 && inputX < width;
        const base = (inputY * width + inputX) * inputs;
        if (own >= 0) row[at++] = inside ? values[base + own] - input.zeroPoint : 0;
        else for (let k = 0; k < inputs; k++) row[at++] = inside ? values[base + k] - input.zeroPoint : 0;
      }
    }
  }

  private accumulate(set: number, changed: boolean): void {
    const { depth } = this.layer;
    const { rows, sums, products, crossProducts } = this;
    const [now, before] = rows;
    for (let i = 0; i < depth; i++) {
      const value = now[i];
      sums[0][set * depth + i] += value;
      if (changed) sums[1][set * depth + i] += before[i];
      if (value === 0) continue;
      const line = (set * depth + i) * depth;
      for (let j = i; j < depth; j++) products[line + j] += value * now[j];
      if (changed) for (let j = 0; j < depth; j++) crossProducts[line + j] += value * before[j];
    }
  }

  /** Where nothing has changed, `cross` and `originalMean` are 0. */
  finish(): ChangedMoments {
    const { depth } = this.layer;
    const { sets, count, products, crossProducts } = this;
    const [mean, originalMean] = this.sums.map((sum) => sum.map((value) => value / count));
    const covariance = new Float64Array(sets * depth * depth);
    const cross = new Float64Array(sets * depth * depth);
    for (let i = 0; i < sets * depth; i++) {
      const set = Math.floor(i / depth);
      for (let j = 0; j < depth; j++) {
        const other = set * depth + j;
        const [line, column] = j >= i % depth ? [i, j] : [other, i % depth]; // the upper triangle was summed
        covariance[i * depth + j] = products[line * depth + column] / count - mean[i] * mean[other];
        cross[i * depth + j] = crossProducts[i * depth + j] / count - mean[i] * originalMean[other];
      }
    }
    return { depth, sets, count, mean, covariance, originalMean, cross };
  }
}

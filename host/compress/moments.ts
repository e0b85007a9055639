/** What a layer is given, on average: means and covariances of its inputs over calibration samples. */

import { pack } from '../image/pack.ts';
import type { Model, Tensor, Window } from '../model/model.ts';
import { Runtime, type Wasm } from '../runtime/runtime.ts';
import { Random } from '../system/random.ts';
import type { Layer } from './layers.ts';
import { type ChangedMoments, type Moments, Products, shareOf } from './products.ts';
import type { Samples } from './samples.ts';

export type { ChangedMoments, Moments } from './products.ts';

/** Without calibration data: every input counts the same and is 0 on average. */
export function equalMoments({ depth }: Layer): Moments {
  const covariance = new Float64Array(depth * depth);
  for (let k = 0; k < depth; k++) covariance[k * depth + k] = 1;
  return { depth, sets: 1, mean: new Float64Array(depth), covariance };
}

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
  private readonly products: Products;
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
    this.share = shareOf(this.positions.length * samples, this.sets, depth);
    this.products = new Products(this.sets, depth);
    this.rows = [new Float64Array(depth), new Float64Array(depth)];
  }

  /** All positions of one sample, or a share of them drawn at random: what the layer is given now, and was before. */
  add(now: Int8Array, before: Int8Array): void {
    for (const [y, x] of this.positions) {
      if (this.share < 1 && this.random.uniform() >= this.share) continue;
      this.count++;
      for (let set = 0; set < this.sets; set++) {
        this.gather(now, y, x, set, this.rows[0]);
        if (before !== now) this.gather(before, y, x, set, this.rows[1]);
        this.products.add(set, this.rows[0], before === now ? null : this.rows[1]);
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

  finish(): ChangedMoments {
    return this.products.finish(this.count);
  }
}

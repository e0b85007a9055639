/** What is linear in a layer: products with its weights, before normalisation or bias. */
import { filledUp, type Geometry, type Workspace } from '../kernels/kernels.ts';
import { depthOf, type LayerSpec, positionsOf, taps, weightShape } from '../layerSpec.ts';
import type { Activation } from './stage.ts';

export interface Linear {
  /** channels of a row of its sums, filled up */
  channels: number;
  /** rows of its sums */
  rows: number;
  /** as weightShape says */
  load(weights: Float32Array): void;
  forward(sums: number): void;
  /** adds to the gradient of what it takes, and returns that of its weights as weightShape says */
  backward(gradient: number): Float32Array<ArrayBuffer>;
}

export function linearOf(layer: LayerSpec, input: Activation, batch: number, workspace: Workspace): Linear {
  if (layer.kind === 'depthwise') return new Depthwise(layer, input, batch, workspace);
  const isCut = layer.kind === 'convolution' && !input.isInput;
  return isCut ? new Convolution(layer, input, batch, workspace) : new Product(layer, input, batch, workspace);
}

/** Weights [rows][groups * channels] whose channels, and rows, are filled up with zeros; and their gradient. */
class FilledWeights {
  readonly rows: number;
  readonly depth: number;
  readonly address: number;
  readonly gradient: number;

  constructor(
    private readonly workspace: Workspace,
    private readonly shape: readonly [rows: number, rowLength: number],
    private readonly groups: number,
    private readonly channels: number,
  ) {
    this.rows = filledUp(shape[0]);
    this.depth = groups * filledUp(channels);
    this.address = workspace.allocate(this.rows * this.depth);
    this.gradient = workspace.allocate(this.rows * this.depth);
  }

  load(weights: Float32Array): void {
    const filled = this.workspace.at(this.address, this.rows * this.depth);
    this.eachGroup((dense, at) => filled.set(weights.subarray(dense, dense + this.channels), at));
  }

  clearGradient(): void {
    this.workspace.clear(this.gradient, this.rows * this.depth);
  }

  readGradient(): Float32Array<ArrayBuffer> {
    const [rows, rowLength] = this.shape;
    const filled = this.workspace.at(this.gradient, this.rows * this.depth);
    const gradient = new Float32Array(rows * rowLength);
    this.eachGroup((dense, at) => gradient.set(filled.subarray(at, at + this.channels), dense));
    return gradient;
  }

  /** Where the values of each group lie: without and with what fills up. */
  private eachGroup(visit: (dense: number, filled: number) => void): void {
    const [rows, rowLength] = this.shape;
    for (let row = 0; row < rows; row++)
      for (let group = 0; group < this.groups; group++)
        visit(row * rowLength + group * this.channels, row * this.depth + group * filledUp(this.channels));
  }
}

/** Of rows as they lie: pointwise, fully connected, and convolutions of patches that were cut before. */
class Product implements Linear {
  readonly channels: number;
  readonly rows: number;
  private readonly weights: FilledWeights;
  private readonly forwardPanels: number;
  private readonly backwardPanels: number;

  constructor(
    layer: LayerSpec,
    private readonly input: Activation,
    batch: number,
    private readonly workspace: Workspace,
  ) {
    const isFlat = layer.kind === 'fullyConnected';
    const groups = isFlat ? positionsOf(layer.input) : 1;
    const [outputs, length] = weightShape(layer);
    this.weights = new FilledWeights(workspace, [outputs, length], groups, length / groups);
    const { rows, depth } = this.weights;
    this.channels = rows;
    this.rows = isFlat ? batch : input.rows;
    this.forwardPanels = workspace.allocate(rows * depth);
    this.backwardPanels = workspace.allocate(rows * depth);
  }

  load(weights: Float32Array): void {
    this.weights.load(weights);
    const { address, rows, depth } = this.weights;
    this.workspace.kernels.pack(address, this.forwardPanels, depth, rows, 1, depth);
    this.workspace.kernels.pack(address, this.backwardPanels, rows, depth, depth, 1);
  }

  forward(sums: number): void {
    const { depth } = this.weights;
    const { kernels } = this.workspace;
    kernels.product(this.input.address, this.forwardPanels, sums, this.rows, depth, this.channels, false);
  }

  backward(gradient: number): Float32Array<ArrayBuffer> {
    const { weights, input, rows, channels } = this;
    const { kernels } = this.workspace;
    weights.clearGradient();
    kernels.transposedProduct(gradient, input.address, weights.gradient, rows, channels, weights.depth);
    if (!input.isInput) {
      const { address, adds } = input.receive(true);
      kernels.product(gradient, this.backwardPanels, address, rows, channels, weights.depth, adds);
    }
    return weights.readGradient();
  }
}

/** Kernels over a plane of activations: patches are cut window by window, so that they stay in the cache. */
class Convolution implements Linear {
  readonly channels: number;
  readonly rows: number;
  private readonly positions: number;
  private readonly geometry: Geometry;
  private readonly weights: FilledWeights;
  private readonly forwardPanels: number;
  private readonly backwardPanels: number;
  private readonly patches: number;
  private readonly patchesGradient: number;

  constructor(
    layer: LayerSpec,
    private readonly input: Activation,
    private readonly batch: number,
    private readonly workspace: Workspace,
  ) {
    this.geometry = geometryOf(layer, input.channels);
    this.positions = positionsOf(layer.output);
    this.weights = new FilledWeights(workspace, weightShape(layer), taps(layer), depthOf(layer));
    const { rows, depth } = this.weights;
    this.channels = rows;
    this.rows = batch * this.positions;
    [this.forwardPanels, this.backwardPanels] = [workspace.allocate(rows * depth), workspace.allocate(rows * depth)];
    const length = this.positions * depth;
    [this.patches, this.patchesGradient] = [workspace.allocate(length), workspace.allocate(length)];
  }

  load(weights: Float32Array): void {
    this.weights.load(weights);
    const { address, rows, depth } = this.weights;
    this.workspace.kernels.pack(address, this.forwardPanels, depth, rows, 1, depth);
    this.workspace.kernels.pack(address, this.backwardPanels, rows, depth, depth, 1);
  }

  forward(sums: number): void {
    const { positions, channels, weights } = this;
    const { kernels } = this.workspace;
    this.eachWindow(sums, (x, y) => {
      kernels.patches(x, this.patches, ...this.geometry);
      kernels.product(this.patches, this.forwardPanels, y, positions, weights.depth, channels, false);
    });
  }

  backward(gradient: number): Float32Array<ArrayBuffer> {
    const { positions, channels, weights, input, patches, patchesGradient } = this;
    const { kernels } = this.workspace;
    const slope = input.isInput ? null : input.receive().address;
    weights.clearGradient();
    this.eachWindow(gradient, (x, dy) => {
      kernels.patches(x, patches, ...this.geometry);
      kernels.transposedProduct(dy, patches, weights.gradient, positions, channels, weights.depth);
      if (slope === null) return;
      kernels.product(dy, this.backwardPanels, patchesGradient, positions, channels, weights.depth, false);
      kernels.patchesGradient(patchesGradient, slope + x - input.address, ...this.geometry);
    });
    return weights.readGradient();
  }

  /** Where the window lies in the input, and in the sums or their gradient. */
  private eachWindow(sums: number, visit: (input: number, sums: number) => void): void {
    const inputBytes = 4 * this.input.positions * this.input.channels;
    const sumBytes = 4 * this.positions * this.channels;
    for (let n = 0; n < this.batch; n++) visit(this.input.address + n * inputBytes, sums + n * sumBytes);
  }
}

class Depthwise implements Linear {
  readonly channels: number;
  readonly rows: number;
  private readonly geometry: Geometry;
  private readonly weights: FilledWeights;

  constructor(
    layer: LayerSpec,
    private readonly input: Activation,
    private readonly batch: number,
    private readonly workspace: Workspace,
  ) {
    this.channels = input.channels;
    this.rows = batch * positionsOf(layer.output);
    this.geometry = geometryOf(layer, input.channels);
    this.weights = new FilledWeights(workspace, weightShape(layer), 1, layer.output[2]);
  }

  load(weights: Float32Array): void {
    this.weights.load(weights);
  }

  forward(sums: number): void {
    const { kernels } = this.workspace;
    kernels.depthwise(this.input.address, this.weights.address, sums, this.batch, ...this.geometry);
  }

  backward(gradient: number): Float32Array<ArrayBuffer> {
    const { weights, input, batch, geometry } = this;
    const { kernels } = this.workspace;
    weights.clearGradient();
    const { address } = input.receive();
    kernels.depthwiseGradient(input.address, weights.address, gradient, address, weights.gradient, batch, ...geometry);
    return weights.readGradient();
  }
}

function geometryOf({ input, output, kernel, stride, pad }: LayerSpec, channels: number): Geometry {
  return [input[0], input[1], output[0], output[1], ...kernel, ...stride, ...pad, channels];
}

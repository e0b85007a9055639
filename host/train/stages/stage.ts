/**
 * What a network is computed by: a stage for each of its nodes, forwards and backwards, on arrays of one workspace.
 * Arrays of activations are [batch][positions][channels], channels filled up to whole vectors.
 */
import { filledUp, type Workspace } from '../kernels/kernels.ts';

/** Arrays by name: weights, gamma, beta, range and bias of layers as they are used, and gradients of these. */
export type RealArrays = Record<string, Float32Array<ArrayBuffer>>;

/** Mean and variance per channel over batch and positions. */
export interface Moments {
  mean: Float32Array<ArrayBuffer>;
  variance: Float32Array<ArrayBuffer>;
}

export interface Stage {
  /** takes its weights; throws nothing, shapes are those of the network */
  load(real: RealArrays): void;
  /** by moments that are given, else by those of the batch, as in training */
  forward(fixed: Moments | null): void;
  /**
   * From the gradient of what it gives: that of what it takes, and of its weights into `slopes`. `isTeaching`: that of
   * what another network lends it, too.
   */
  backward(slopes: RealArrays, isTeaching: boolean): void;
  /** that it was last computed by; null where nothing is normalised */
  readonly moments: Moments | null;
}

/** What a stage gives and others take. */
export class Activation {
  readonly channels: number;
  readonly rows: number;
  readonly address: number;
  /** of its integers; 0 where values are not rounded */
  step = 0;
  private slope: number | null = null;
  private isTouched = false;

  constructor(
    private readonly workspace: Workspace,
    batch: number,
    readonly positions: number,
    channels: number,
    readonly isInput = false,
  ) {
    this.channels = filledUp(channels);
    this.rows = batch * positions;
    this.address = workspace.allocate(this.length);
  }

  get length(): number {
    return this.rows * this.channels;
  }

  /** The whole gradient, when all readers have added to it. The next one to add begins again. */
  get gradient(): number {
    this.isTouched = false;
    return this.slope!;
  }

  /** Where a reader adds its gradient. The first may instead write: then what is there is anything. */
  receive(writes = false): { address: number; adds: boolean } {
    this.slope ??= this.workspace.allocate(this.length);
    const adds = this.isTouched;
    if (!adds && !writes) this.workspace.clear(this.slope, this.length);
    this.isTouched = true;
    return { address: this.slope, adds };
  }
}

/** Values per channel, filled up with zeros. */
export class ChannelArray {
  readonly address: number;

  constructor(
    private readonly workspace: Workspace,
    private readonly channels: number,
  ) {
    this.address = workspace.allocate(channels);
  }

  get values(): Float32Array<ArrayBuffer> {
    return this.workspace.at(this.address, this.channels);
  }
}

/**
 * Values scaled per channel, clipped to a range and rounded to the steps of int8, of which one side or both are used.
 * The range is learned through its clipping (PACT, Choi et al. 2018); rounding lets gradients through.
 */
import type { Workspace } from '../kernels/kernels.ts';
import type { LayerSpec } from '../layerSpec.ts';
import { type Activation, ChannelArray } from './stage.ts';

export class Rounding {
  readonly factor: ChannelArray;
  readonly offset: ChannelArray;
  private readonly sums: ChannelArray;
  private readonly products: ChannelArray;
  private high = 0;

  /** `mean`: of the values, per channel. */
  constructor(
    private readonly workspace: Workspace,
    private readonly values: number,
    private readonly output: Activation,
    private readonly activation: LayerSpec['activation'],
    private readonly mean: ChannelArray,
  ) {
    const perChannel = (): ChannelArray => new ChannelArray(workspace, output.channels);
    [this.factor, this.offset, this.sums, this.products] = [perChannel(), perChannel(), perChannel(), perChannel()];
  }

  /** Largest magnitude that is kept. */
  setRange(range: number): void {
    this.high = range;
    this.output.step = range / (this.activation === 'relu' ? 255 : 127);
  }

  forward(): void {
    const { values, high, low, output, factor, offset } = this;
    const { rows, channels, step } = output;
    this.workspace.kernels.quantize(
      values,
      rows,
      channels,
      factor.address,
      offset.address,
      low,
      high,
      step,
      output.address,
    );
  }

  /**
   * Gradient of the scaled values, in place of that of the output; of the range; and per channel the sum of the former
   * and of its product with (value - mean).
   */
  backward(): {
    gradient: number;
    range: number;
    sums: Float32Array<ArrayBuffer>;
    products: Float32Array<ArrayBuffer>;
  } {
    const { values, high, low, output, factor, offset, mean, sums, products } = this;
    const { rows, channels, gradient } = output;
    sums.values.fill(0);
    products.values.fill(0);
    const range = this.workspace.kernels.clipGradient(
      values,
      rows,
      channels,
      factor.address,
      offset.address,
      low,
      high,
      mean.address,
      gradient,
      sums.address,
      products.address,
    );
    return { gradient, range, sums: sums.values, products: products.values };
  }

  private get low(): number {
    return this.activation === 'relu' ? 0 : -this.high;
  }
}

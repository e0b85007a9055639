/** A layer with batch normalisation: products, normalised per channel, clipped and rounded to int8. */
import type { Workspace } from '../kernels/kernels.ts';
import type { LayerSpec } from '../layerSpec.ts';
import { type Linear, linearOf } from './linear.ts';
import { Rounding } from './rounding.ts';
import { Activation, ChannelArray, type Moments, type RealArrays, type Stage } from './stage.ts';

/** Variance that is added before the division, in units of (activation * weight)^2. */
export const NORM_EPSILON = 1e-5;

export class NormalizedLayer implements Stage {
  readonly output: Activation;
  moments: Moments | null = null;
  private readonly linear: Linear;
  private readonly sums: number;
  private readonly mean: ChannelArray;
  private readonly variance: ChannelArray;
  private readonly rounding: Rounding;
  /** how the gradient of the sums depends on that behind normalisation, on the sums, and on neither */
  private readonly slopes: readonly [ChannelArray, ChannelArray, ChannelArray];
  private gamma: Float32Array = new Float32Array();
  private beta: Float32Array = new Float32Array();

  constructor(
    private readonly layer: LayerSpec,
    input: Activation,
    batch: number,
    private readonly workspace: Workspace,
  ) {
    this.linear = linearOf(layer, input, batch, workspace);
    const { rows, channels } = this.linear;
    this.sums = workspace.allocate(rows * channels);
    this.output = new Activation(workspace, batch, rows / batch, layer.output[2]);
    const perChannel = (): ChannelArray => new ChannelArray(workspace, channels);
    [this.mean, this.variance] = [perChannel(), perChannel()];
    this.slopes = [perChannel(), perChannel(), perChannel()];
    this.rounding = new Rounding(workspace, this.sums, this.output, layer.activation, this.mean);
  }

  load(real: RealArrays): void {
    const { name } = this.layer;
    this.linear.load(real[`${name}.weights`]!);
    this.gamma = real[`${name}.gamma`]!;
    this.beta = real[`${name}.beta`]!;
    this.rounding.setRange(real[`${name}.range`]![0]!);
  }

  forward(fixed: Moments | null): void {
    const { rows, channels } = this.linear;
    const { mean, variance } = this;
    this.linear.forward(this.sums);
    if (fixed) {
      mean.values.set(fixed.mean);
      variance.values.set(fixed.variance);
    } else this.workspace.kernels.moments(this.sums, rows, channels, mean.address, variance.address);
    const used = this.layer.output[2];
    const [means, variances] = [mean.values.slice(0, used), variance.values.slice(0, used)];
    this.moments = { mean: means, variance: variances };
    const { factor, offset } = this.rounding;
    const [factors, offsets] = [factor.values, offset.values];
    for (let c = 0; c < used; c++) {
      factors[c] = this.gamma[c]! / Math.sqrt(variances[c]! + NORM_EPSILON);
      offsets[c] = this.beta[c]! - means[c]! * factors[c]!;
    }
    this.rounding.forward();
  }

  backward(slopes: RealArrays): void {
    const { name, output } = this.layer;
    const { rows, channels } = this.linear;
    const { gradient, range, sums, products } = this.rounding.backward();
    const [byGradient, bySum, byNothing] = this.slopes.map(({ values }) => values) as Float32Array[];
    const [factors, means, variances] = [this.rounding.factor.values, this.mean.values, this.variance.values];
    const gamma = new Float32Array(output[2]);
    for (let c = 0; c < output[2]; c++) {
      const precision = 1 / (variances[c]! + NORM_EPSILON);
      gamma[c] = products[c]! * Math.sqrt(precision);
      byGradient![c] = factors[c]!;
      bySum![c] = (-factors[c]! * products[c]! * precision) / rows;
      byNothing![c] = (-factors[c]! * sums[c]!) / rows - bySum![c]! * means[c]!;
    }
    const addresses = this.slopes.map(({ address }) => address) as [number, number, number];
    this.workspace.kernels.normalizeGradient(this.sums, rows, channels, ...addresses, gradient);
    slopes[`${name}.gamma`] = gamma;
    slopes[`${name}.beta`] = sums.slice(0, output[2]);
    slopes[`${name}.range`] = Float32Array.of(range);
    slopes[`${name}.weights`] = this.linear.backward(gradient);
  }
}

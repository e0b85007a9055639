/** The last layer: one value a class. */
import type { Workspace } from '../kernels/kernels.ts';
import type { LayerSpec } from '../layerSpec.ts';
import { type Linear, linearOf } from './linear.ts';
import type { Activation, RealArrays } from './stage.ts';

export class Classifier {
  private readonly linear: Linear;
  private readonly answers: number;
  private readonly gradient: number;
  private bias: Float32Array = new Float32Array();

  constructor(
    private readonly layer: LayerSpec,
    input: Activation,
    batch: number,
    private readonly workspace: Workspace,
  ) {
    this.linear = linearOf(layer, input, batch, workspace);
    const length = this.linear.rows * this.linear.channels;
    [this.answers, this.gradient] = [workspace.allocate(length), workspace.allocate(length)];
  }

  load(real: RealArrays): void {
    this.linear.load(real[`${this.layer.name}.weights`]!);
    this.bias = real[`${this.layer.name}.bias`]!;
  }

  /** Logits [batch][classes]. */
  forward(): Float32Array<ArrayBuffer> {
    const { rows, channels } = this.linear;
    const classes = this.bias.length;
    this.linear.forward(this.answers);
    const answers = this.workspace.at(this.answers, rows * channels);
    const logits = new Float32Array(rows * classes);
    for (let n = 0; n < rows; n++)
      for (let c = 0; c < classes; c++) logits[n * classes + c] = answers[n * channels + c]! + this.bias[c]!;
    return logits;
  }

  /** By the gradient of the logits [batch][classes]. */
  backward(slopesOfLogits: Float32Array, slopes: RealArrays): void {
    const { rows, channels } = this.linear;
    const classes = this.bias.length;
    const gradient = this.workspace.at(this.gradient, rows * channels);
    const bias = new Float32Array(classes);
    for (let n = 0; n < rows; n++)
      for (let c = 0; c < classes; c++) {
        const slope = slopesOfLogits[n * classes + c]!;
        gradient[n * channels + c] = slope;
        bias[c]! += slope;
      }
    slopes[`${this.layer.name}.bias`] = bias;
    slopes[`${this.layer.name}.weights`] = this.linear.backward(this.gradient);
  }
}

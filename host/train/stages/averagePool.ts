/** Means over windows of positions, rounded to the steps of what is averaged, as on the device. */
import type { Workspace } from '../kernels/kernels.ts';
import { Activation, type Stage } from './stage.ts';

export class AveragePool implements Stage {
  readonly output: Activation;
  readonly moments = null;

  /** `plane`: height and width of the input. */
  constructor(
    private readonly plane: readonly [number, number],
    private readonly kernel: readonly [number, number],
    private readonly input: Activation,
    private readonly batch: number,
    private readonly workspace: Workspace,
  ) {
    const positions = Math.floor(plane[0] / kernel[0]) * Math.floor(plane[1] / kernel[1]);
    this.output = new Activation(workspace, batch, positions, input.channels);
  }

  load(): void {}

  forward(): void {
    const { input, output, batch, plane, kernel } = this;
    output.step = input.step;
    const sizes = [batch, ...plane, ...kernel, input.channels] as const;
    this.workspace.kernels.pool(input.address, output.address, ...sizes, input.step);
  }

  backward(): void {
    const { input, output, batch, plane, kernel } = this;
    if (input.isInput) return;
    const { address } = input.receive();
    this.workspace.kernels.poolGradient(output.gradient, address, batch, ...plane, ...kernel, input.channels);
  }
}

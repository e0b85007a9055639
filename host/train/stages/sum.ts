/** relu(a + b), the end of a residual. */
import type { Workspace } from '../kernels/kernels.ts';
import { Rounding } from './rounding.ts';
import { Activation, ChannelArray, type RealArrays, type Stage } from './stage.ts';

export class Sum implements Stage {
  readonly output: Activation;
  readonly moments = null;
  private readonly sums: number;
  private readonly rounding: Rounding;

  constructor(
    private readonly name: string,
    private readonly inputs: readonly [Activation, Activation],
    batch: number,
    private readonly workspace: Workspace,
  ) {
    const { positions, channels, length } = inputs[0];
    this.sums = workspace.allocate(length);
    this.output = new Activation(workspace, batch, positions, channels);
    this.rounding = new Rounding(workspace, this.sums, this.output, 'relu', new ChannelArray(workspace, channels));
    this.rounding.factor.values.fill(1);
  }

  load(real: RealArrays): void {
    this.rounding.setRange(real[`${this.name}.range`]![0]!);
  }

  forward(): void {
    const [first, second] = this.inputs;
    this.workspace.kernels.sum(first.address, second.address, this.sums, this.output.length);
    this.rounding.forward();
  }

  backward(slopes: RealArrays): void {
    const { gradient, range } = this.rounding.backward();
    slopes[`${this.name}.range`] = Float32Array.of(range);
    for (const input of this.inputs) {
      if (input.isInput) continue;
      this.workspace.kernels.addTo(input.receive().address, gradient, this.output.length);
    }
  }
}

/** Channels of two activations of one scale side by side. The second is lent by another network. */
import type { Workspace } from '../kernels/kernels.ts';
import { Activation, type Stage } from './stage.ts';

export class Concatenation implements Stage {
  readonly output: Activation;
  readonly moments = null;

  /** `channels` of each, without what fills them up */
  constructor(
    private readonly inputs: readonly [Activation, Activation],
    private readonly channels: readonly [number, number],
    batch: number,
    private readonly workspace: Workspace,
  ) {
    const [own, lent] = inputs;
    if (own.positions !== lent.positions)
      throw new Error(`concatenation: expected ${own.positions} positions of both, got ${lent.positions}`);
    this.output = new Activation(workspace, batch, own.positions, channels[0] + channels[1]);
  }

  load(): void {}

  forward(): void {
    const { inputs, channels, output, workspace } = this;
    output.step = inputs[0].step;
    const values = workspace.at(output.address, output.length);
    let first = 0;
    inputs.forEach((input, i) => {
      const count = channels[i]!;
      const from = workspace.at(input.address, input.length);
      for (let row = 0; row < output.rows; row++)
        for (let c = 0; c < count; c++) values[row * output.channels + first + c] = from[row * input.channels + c]!;
      first += count;
    });
  }

  /** `isTeaching`: what is lent learns, too */
  backward(_slopes: unknown, isTeaching: boolean): void {
    const { inputs, channels, output, workspace } = this;
    const { gradient } = output;
    let first = 0;
    for (const [i, input] of inputs.entries()) {
      const count = channels[i]!;
      if (i === 0 || isTeaching) {
        const { address } = input.receive();
        const slopes = workspace.at(gradient, output.length);
        const values = workspace.at(address, input.length);
        for (let row = 0; row < output.rows; row++)
          for (let c = 0; c < count; c++)
            values[row * input.channels + c]! += slopes[row * output.channels + first + c]!;
      }
      first += count;
    }
  }
}

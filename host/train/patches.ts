/** Windows as the first layer takes them: through the front end of the task, and cut into patches for a convolution. */
import type { FrontEnd } from '../task/frontEnds/frontEnd.ts';
import { type LayerSpec, positionsOf, weightShape } from './layerSpec.ts';
import type { NetworkSpec } from './network.ts';

/** Cuts windows into [n][positions][length] of real values: patches, zero padded, or the values as they are. */
export class PatchCutter {
  /** patches of a window, and values of each */
  readonly positions: number;
  readonly length: number;
  /** [positions][channels], what the network is given for the window at hand, and its real values */
  private readonly integers: Float32Array;
  private readonly values: Float32Array;
  /** null where the patches are the window itself */
  private readonly copies: Int32Array | null;

  constructor(
    private readonly frontEnd: FrontEnd,
    network: NetworkSpec,
  ) {
    const { positions, length } = lengthOfPatch(network);
    [this.positions, this.length] = [positions, length];
    this.integers = new Float32Array(positionsOf(network.input) * network.input[2]);
    this.values = new Float32Array(this.integers.length);
    const cut = convolutionOf(network);
    this.copies = cut && copiesOf(cut);
  }

  /** Writes the patches of one raw window at patches[at], zero so far. `vary` changes what the front end gives. */
  cut(
    window: ArrayLike<number>,
    patches: Float32Array,
    at: number,
    vary: (features: Float32Array, shape: readonly number[]) => void = () => {},
  ): void {
    this.frontEnd.run(window, this.integers);
    vary(this.integers, this.frontEnd.output.shape);
    const { scale, zeroPoint } = this.frontEnd.output;
    const { integers, values, copies } = this;
    for (let i = 0; i < integers.length; i++) values[i] = (integers[i]! - zeroPoint) * scale;
    if (!copies) {
      patches.set(values, at);
      return;
    }
    for (let copy = 0; copy < copies.length; copy += 3) {
      const from = copies[copy]!;
      const to = at + copies[copy + 1]!;
      const count = copies[copy + 2]!;
      for (let i = 0; i < count; i++) patches[to + i] = values[from + i]!;
    }
  }
}

/** Patches of a window, and values of each, for a network. */
export function lengthOfPatch(network: NetworkSpec): { positions: number; length: number } {
  const cut = convolutionOf(network);
  return cut
    ? { positions: positionsOf(cut.output), length: weightShape(cut)[1] }
    : { positions: positionsOf(network.input), length: network.input[2] };
}

/** The convolution that a network begins with, if it does. */
function convolutionOf({ nodes: [first] }: NetworkSpec): LayerSpec | null {
  return first?.kind === 'layer' && first.layer.kind === 'convolution' ? first.layer : null;
}

/**
 * What patches have of a window, for each row of taps of each patch that reaches into it: where it begins in the window
 * and in the patches, and how many values it has.
 */
function copiesOf(layer: LayerSpec): Int32Array {
  const { kernel, stride, pad, input, output } = layer;
  const [height, width, channels] = input;
  const length = weightShape(layer)[1];
  const copies: number[] = [];
  for (let y = 0; y < output[0]; y++)
    for (let x = 0; x < output[1]; x++)
      for (let tapY = 0; tapY < kernel[0]; tapY++) {
        const [row, left] = [y * stride[0] + tapY - pad[0], x * stride[1] - pad[1]];
        const [column, end] = [Math.max(0, left), Math.min(width, left + kernel[1])];
        if (row < 0 || row >= height || column >= end) continue;
        const tap = tapY * kernel[1] + column - left;
        const patch = (y * output[1] + x) * length;
        copies.push((row * width + column) * channels, patch + tap * channels, (end - column) * channels);
      }
  return Int32Array.from(copies);
}

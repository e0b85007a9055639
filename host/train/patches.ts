/** Windows as the first layer takes them: through the front end of the task, and cut into patches for a convolution. */
import type { FrontEnd } from '../task/frontEnds/frontEnd.ts';
import { type LayerSpec, positionsOf, taps, weightShape } from './layerSpec.ts';
import type { NetworkSpec } from './network.ts';

/** Cuts windows into [n][positions][length] of real values: patches, zero padded, or the values as they are. */
export class PatchCutter {
  /** patches of a window, and values of each */
  readonly positions: number;
  readonly length: number;
  /** [positions][channels], what the network is given for the window at hand */
  private readonly integers: Float32Array;
  /** for each tap of each patch, where its values are in the window; -1 beyond an edge */
  private readonly places: Int32Array | null;

  constructor(
    private readonly frontEnd: FrontEnd,
    network: NetworkSpec,
  ) {
    const { positions, length } = lengthOfPatch(network);
    [this.positions, this.length] = [positions, length];
    this.integers = new Float32Array(positionsOf(network.input) * network.input[2]);
    const cut = convolutionOf(network);
    this.places = cut && placesOf(cut);
  }

  /** Writes the patches of one raw window at patches[at]. `vary` changes what the front end gives. */
  cut(
    window: ArrayLike<number>,
    patches: Float32Array,
    at: number,
    vary: (features: Float32Array, shape: readonly number[]) => void = () => {},
  ): void {
    this.frontEnd.run(window, this.integers);
    vary(this.integers, this.frontEnd.output.shape);
    const { scale, zeroPoint, shape } = this.frontEnd.output;
    const [, , channels] = shape;
    const { integers, places, positions, length } = this;
    if (!places) {
      for (let i = 0; i < integers.length; i++) patches[at + i] = (integers[i]! - zeroPoint) * scale;
      return;
    }
    const perPatch = places.length / positions;
    for (let i = 0, patch = 0; patch < positions; patch++)
      for (let tap = 0; tap < perPatch; tap++, i++) {
        const from = places[i]!;
        if (from < 0) continue;
        const to = at + patch * length + tap * channels;
        for (let c = 0; c < channels; c++) patches[to + c] = (integers[from + c]! - zeroPoint) * scale;
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

function placesOf(layer: LayerSpec): Int32Array {
  const { kernel, stride, pad, input, output } = layer;
  const places = new Int32Array(positionsOf(output) * taps(layer)).fill(-1);
  let i = 0;
  for (let y = 0; y < output[0]; y++)
    for (let x = 0; x < output[1]; x++)
      for (let tapY = 0; tapY < kernel[0]; tapY++)
        for (let tapX = 0; tapX < kernel[1]; tapX++, i++) {
          const [row, column] = [y * stride[0] + tapY - pad[0], x * stride[1] + tapX - pad[1]];
          if (row >= 0 && row < input[0] && column >= 0 && column < input[1])
            places[i] = (row * input[1] + column) * input[2];
        }
  return places;
}

/** Windows as the first layer takes them: through the front end of the task, and cut into patches for a convolution. */
import type { FrontEnd } from '../task/frontEnds/frontEnd.ts';
import { type LayerSpec, positionsOf, taps, weightShape } from './layerSpec.ts';

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
    first: LayerSpec,
  ) {
    const { shape } = frontEnd.output;
    const isCut = first.kind === 'convolution' && String(first.input) === String(shape); // else a pool reads the window
    this.positions = positionsOf(isCut ? first.output : shape);
    this.length = isCut ? weightShape(first)[1] : shape[2];
    this.integers = new Float32Array(positionsOf(shape) * shape[2]);
    this.places = isCut ? placesOf(first) : null;
  }

  /** Writes the patches of one raw window at patches[at]. */
  cut(window: ArrayLike<number>, patches: Float32Array, at: number): void {
    this.frontEnd.run(window, this.integers);
    const { scale, zeroPoint, shape } = this.frontEnd.output;
    const [, , channels] = shape;
    const real = (i: number): number => (this.integers[i]! - zeroPoint) * scale;
    if (!this.places) {
      for (let i = 0; i < this.integers.length; i++) patches[at + i] = real(i);
      return;
    }
    const perPatch = this.places.length / this.positions;
    this.places.forEach((from, i) => {
      if (from < 0) return;
      const to = at + Math.floor(i / perPatch) * this.length + (i % perPatch) * channels;
      for (let c = 0; c < channels; c++) patches[to + c] = real(from + c);
    });
  }
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

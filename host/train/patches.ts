/** Windows as the stem multiplies them: through the front end of the task, and cut into patches. */
import type { FrontEnd } from '../task/frontEnds/frontEnd.ts';
import { type LayerSpec, patchLength } from './network.ts';

/** Cuts windows into stem patches [n][outputWidth][patchLength] of real values, zero padded. */
export class PatchCutter {
  readonly windowLength: number;
  /** [positions][channels], what the network is given for the window at hand */
  private readonly integers: Float32Array;

  constructor(
    private readonly frontEnd: FrontEnd,
    private readonly stem: LayerSpec,
  ) {
    this.windowLength = stem.outputWidth * patchLength(stem.kernel, stem.inputChannels);
    this.integers = new Float32Array(stem.inputWidth * stem.inputChannels);
  }

  /** Writes the patches of one raw window at patches[at]. */
  cut(window: ArrayLike<number>, patches: Float32Array, at: number): void {
    this.frontEnd.run(window, this.integers);
    const { scale, zeroPoint } = this.frontEnd.output;
    const { kernel, stride, padLeft, outputWidth, inputWidth, inputChannels } = this.stem;
    const length = patchLength(kernel, inputChannels);
    for (let p = 0; p < outputWidth; p++) {
      for (let tap = 0; tap < kernel; tap++) {
        const from = p * stride + tap - padLeft;
        if (from < 0 || from >= inputWidth) continue;
        const to = at + p * length + tap * inputChannels;
        for (let c = 0; c < inputChannels; c++)
          patches[to + c] = (this.integers[from * inputChannels + c]! - zeroPoint) * scale;
      }
    }
  }
}

/**
 * What the device's STANDARDIZE operator does to a raw window, and how windows become batches: z-score, marker of the beat,
 * int8 steps of 1/32, cut into the patches that the stem multiplies.
 */

import { BEAT_POSITION, WINDOW } from '../data/beats.ts';
import type { Random } from '../system/random.ts';
import type { LayerSpec } from './network.ts';
import { patchLength } from './network.ts';

/** Steps per standard deviation: int8 then spans +-4 deviations. */
export const STEPS_PER_DEVIATION = 32;
/** Smallest deviation that is divided by, in ADC units (0.02 mV), so that a flat line does not become noise. */
export const DEVIATION_FLOOR = 4;
/** Second channel: without it, mean pooling would lose which of the beats in the window is asked about. In int8 steps. */
export const MARKER = { centre: BEAT_POSITION, peak: 127, slope: 16 };

export interface Augmentation {
  /** largest shift to either side, samples: annotations do not hit the peak exactly */
  shift: number;
  /** largest deviation of added noise, in deviations of the window */
  noise: number;
  /** largest amplitude of added baseline wander, in deviations of the window */
  wander: number;
}

/** Raw window (ADC units) -> int8 steps of the z-score. Writes WINDOW values to output. */
export function standardize(window: ArrayLike<number>, output: Float32Array): void {
  let sum = 0;
  for (let p = 0; p < WINDOW; p++) sum += window[p]!;
  const mean = sum / WINDOW;
  let squares = 0;
  for (let p = 0; p < WINDOW; p++) squares += (window[p]! - mean) ** 2;
  const deviation = Math.max(Math.sqrt(squares / WINDOW), DEVIATION_FLOOR);
  for (let p = 0; p < WINDOW; p++) {
    const steps = Math.round(((window[p]! - mean) / deviation) * STEPS_PER_DEVIATION);
    output[p] = Math.min(Math.max(steps, -128), 127);
  }
}

export function marker(position: number): number {
  return Math.max(0, MARKER.peak - MARKER.slope * Math.abs(position - MARKER.centre));
}

/** A shifted, noisy copy of a window, in ADC units. */
export function augment(window: Int16Array, { shift, noise, wander }: Augmentation, random: Random): Float32Array {
  let mean = 0;
  for (const sample of window) mean += sample / WINDOW;
  let squares = 0;
  for (const sample of window) squares += (sample - mean) ** 2;
  const deviation = Math.sqrt(squares / WINDOW);
  const offset = random.below(2 * shift + 1) - shift;
  const noiseDeviation = random.uniform(0, noise) * deviation;
  const amplitude = random.uniform(0, wander) * deviation;
  const frequency = random.uniform(0.1, 0.6) / 120; // cycles per sample
  const phase = random.uniform(0, 2 * Math.PI);
  const result = new Float32Array(WINDOW);
  for (let p = 0; p < WINDOW; p++) {
    const from = Math.min(Math.max(p + offset, 0), WINDOW - 1); // the ends repeat
    const drift = amplitude * Math.sin(2 * Math.PI * frequency * p + phase);
    result[p] = window[from]! + drift + noiseDeviation * random.normal();
  }
  return result;
}

/** Cuts windows into stem patches [n][outputWidth][patchLength]; real values (steps / STEPS_PER_DEVIATION), zero padded. */
export class PatchCutter {
  readonly windowLength: number;
  private readonly channel = new Float32Array(WINDOW);
  private readonly markers = Float32Array.from({ length: WINDOW }, (_, p) => marker(p));

  constructor(private readonly stem: LayerSpec) {
    this.windowLength = stem.outputWidth * patchLength(stem.kernel, stem.inputChannels);
  }

  /** Writes the patches of one raw window at patches[at]. */
  cut(window: ArrayLike<number>, patches: Float32Array, at: number): void {
    standardize(window, this.channel);
    const { kernel, stride, padLeft, outputWidth, inputChannels } = this.stem;
    const length = patchLength(kernel, inputChannels);
    for (let p = 0; p < outputWidth; p++) {
      for (let tap = 0; tap < kernel; tap++) {
        const from = p * stride + tap - padLeft;
        if (from < 0 || from >= WINDOW) continue;
        const to = at + p * length + tap * inputChannels;
        patches[to] = this.channel[from]! / STEPS_PER_DEVIATION;
        patches[to + 1] = this.markers[from]! / STEPS_PER_DEVIATION;
      }
    }
  }
}

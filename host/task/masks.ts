/**
 * Frames and bands of a spectrum that are hidden from training, behind the front end (SpecAugment, Park et al. 2019): a
 * network that must do without some of them does not lean on few.
 */
import * as json from '../system/json.ts';
import type { Random } from '../system/random.ts';

/** Most that are hidden of each window, side by side. */
export interface Masks {
  maskFrames?: number;
  maskBands?: number;
}

const count = json.optional(json.wholeNumber(0, 65_535));

export const MASKS = { maskFrames: count, maskBands: count };

/** Where frames and bands of a spectrum lie: channels of a row of frames, or a plane of one channel. */
const planeOf = ([height, width, channels]: readonly number[]): [frames: number, bands: number] =>
  height! > 1 ? [height!, width! * channels!] : [width!, channels!];

/** What keeps such features from being masked so; null where nothing. */
export function maskFault(masks: Masks, shape: readonly number[] | null): [field: string, message: string] | null {
  const [frames, bands] = shape ? planeOf(shape) : [0, 0];
  for (const [field, most] of [
    ['maskFrames', frames],
    ['maskBands', bands],
  ] as const) {
    const amount = masks[field];
    if (amount === undefined) continue;
    if (!shape) return [field, 'expected none, as the front end gives no spectrum'];
    if (amount > most / 2) return [field, `expected at most half of them, ${Math.floor(most / 2)}, got ${amount}`];
  }
  return null;
}

/** Sets what is hidden to the mean of the window, in place. `values`: what the front end gives, of this shape. */
export function mask(values: Float32Array, shape: readonly number[], masks: Masks, random: Random): void {
  if (!masks.maskFrames && !masks.maskBands) return;
  const [frames, bands] = planeOf(shape);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const hide = (most: number | undefined, of: number, place: (i: number) => number): void => {
    if (!most) return;
    const width = random.below(most + 1);
    const from = random.below(of - width + 1);
    for (let i = 0; i < values.length; i++) if (place(i) >= from && place(i) < from + width) values[i] = mean;
  };
  hide(masks.maskFrames, frames, (i) => Math.floor(i / bands));
  hide(masks.maskBands, bands, (i) => i % bands);
}

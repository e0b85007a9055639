/**
 * From any sampling rate to that of the windows, with an anti-alias filter whose taps are integers, so that every
 * machine gets the same samples.
 *
 * A windowed sinc at the exact place of each output sample (a polyphase filter: the places repeat, and so do the taps).
 * Half amplitude lies at 0.8 of the lower of both Nyquist frequencies: at 48 Hz from 120 Hz and more to 120 Hz. A
 * Hamming window of 20 periods of the lower rate stops 53 dB below from that Nyquist frequency on. The delay is
 * compensated. The QRS complex lies below 40 Hz.
 */

/** Fixed-point bits of the taps. */
const TAP_BITS = 15;

/** Places told apart between two input samples; exact for rates whose ratio needs no more, else 1/8192 off at most. */
const MOST_PHASES = 4096;

/** Hz. Below, no QRS complex is left; above, the filter gets longer than any recorder needs. */
const LOWEST_RATE = 50;
const HIGHEST_RATE = 100_000;

/** What to multiply the input with, from `first` on, in samples relative to the one at or before the output's place. */
interface Taps {
  first: number;
  taps: Int32Array;
}

/**
 * Samples at `from` Hz -> whole numbers at `to` Hz, one for each place inside the input; the ends repeat the edge
 * sample. NaN stands for a sample that is missing, and makes NaN of every output that would need it. Throws for a rate
 * outside 50 Hz to 100 kHz.
 */
export function resample(input: ArrayLike<number>, from: number, to: number): Float64Array {
  const fault = rateFault(from);
  if (fault) throw new Error(fault);
  const phases = phasesOf(from, to);
  const cache = new Map<number, Taps>();
  const tapsOf = (phase: number): Taps => {
    const taps = cache.get(phase) ?? lowPass(from / to, phase / phases);
    cache.set(phase, taps);
    return taps;
  };
  const output = new Float64Array(Math.max(0, Math.floor(((input.length - 1) * to) / from) + 1));
  for (let i = 0; i < output.length; i++) {
    const place = Math.round((i * from * phases) / to);
    const centre = Math.floor(place / phases);
    output[i] = filtered(input, centre, tapsOf(place - centre * phases));
  }
  return output;
}

/** Why nothing is resampled from this rate, Hz; null when it is. */
export function rateFault(rate: number): string | null {
  if (rate >= LOWEST_RATE && rate <= HIGHEST_RATE) return null;
  return `sampling rate: expected ${LOWEST_RATE} to ${HIGHEST_RATE} Hz, got ${rate}; resample the record`;
}

/** The smallest number of phases with which every output sample lies on one, or the most there may be. */
function phasesOf(from: number, to: number): number {
  for (let phases = 1; phases < MOST_PHASES; phases++) if (Number.isInteger((from * phases) / to)) return phases;
  return MOST_PHASES;
}

/** Rounded to nearest, halves up. */
function filtered(input: ArrayLike<number>, centre: number, { first, taps }: Taps): number {
  const last = input.length - 1;
  let sum = 2 ** (TAP_BITS - 1);
  for (let t = 0; t < taps.length; t++) sum += taps[t]! * input[Math.min(Math.max(centre + first + t, 0), last)]!;
  return Math.floor(sum / 2 ** TAP_BITS);
}

/**
 * Taps for an output sample that lies `phase` (0 to 1) of an input sample behind the centre; factor is the input's rate
 * over the output's. They sum to exactly 2^TAP_BITS, so that a constant stays what it is.
 */
export function lowPass(factor: number, phase = 0): Taps {
  const wider = Math.max(factor, 1); // when the rate rises, the input's Nyquist frequency is the lower one
  const half = 10 * wider;
  const cutoff = 0.8 / (2 * wider); // in cycles per input sample
  const first = Math.ceil(phase - half);
  const ideal = Float64Array.from({ length: Math.floor(phase + half) - first + 1 }, (_, i) => {
    const t = first + i - phase;
    const sinc = t === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
    return sinc * (0.54 + 0.46 * Math.cos((Math.PI * t) / half));
  });
  const sum = ideal.reduce((total, tap) => total + tap, 0);
  const taps = Int32Array.from(ideal, (tap) => Math.round((tap / sum) * 2 ** TAP_BITS));
  taps[Math.round(phase) - first]! += 2 ** TAP_BITS - taps.reduce((total, tap) => total + tap, 0);
  return { first, taps };
}

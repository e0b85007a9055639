/**
 * Decimation by an integer with an anti-alias filter, in integers, so that every machine gets the same samples.
 *
 * 360 Hz -> 120 Hz: a 61-tap windowed sinc, cut off (half amplitude) at 48 Hz, delay compensated. A Hamming window stops 53 dB below from the new Nyquist
 * frequency on. The QRS complex lies below 40 Hz.
 */

/** Fixed-point bits of the taps. */
const TAP_BITS = 15;

/** int16 at rate -> int16 at rate / factor. Output sample i lies at input sample i * factor; the ends repeat the edge sample. */
export function decimate(input: Int16Array, factor: number): Int16Array {
  const taps = lowPass(factor);
  const half = taps.length >> 1;
  const output = new Int16Array(Math.ceil(input.length / factor));
  for (let i = 0; i < output.length; i++) {
    const centre = i * factor;
    let sum = 1 << (TAP_BITS - 1);
    for (let t = 0; t < taps.length; t++) {
      const at = Math.min(Math.max(centre + t - half, 0), input.length - 1);
      sum += taps[t]! * input[at]!;
    }
    output[i] = sum >> TAP_BITS;
  }
  return output;
}

/** Symmetric taps that sum to exactly 2^TAP_BITS, so that a constant stays what it is. */
export function lowPass(factor: number): Int32Array {
  const half = 10 * factor;
  const cutoff = 0.8 / (2 * factor); // in cycles per input sample: 0.8 of the new Nyquist frequency
  const ideal = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const t = i - half;
    const sinc = t === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
    return sinc * (0.54 + 0.46 * Math.cos((Math.PI * t) / half));
  });
  const sum = ideal.reduce((total, tap) => total + tap, 0);
  const taps = Int32Array.from(ideal, (tap) => Math.round((tap / sum) * 2 ** TAP_BITS));
  taps[half]! += 2 ** TAP_BITS - taps.reduce((total, tap) => total + tap, 0);
  return taps;
}

/** Sound that is something like speech, and its log-mel energies in float, for tests of what the device makes of them. */
import { type LogMelOptions, logMelTables } from '../host/operators/logMel.ts';

/**
 * Natural logarithms of the energies of filters, [frames][bands], of samples in [-1, 1): a plain discrete Fourier transform,
 * weights that nobody has rounded.
 */
export function logEnergies(samples: Int16Array, options: LogMelOptions): number[] {
  const { rate, bands, lowest, highest } = options;
  const { size, length, hop } = logMelTables(options);
  const cosines = Float64Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const mel = (hertz: number) => 1127 * Math.log(1 + hertz / 700);
  const edge = (i: number) => mel(lowest) + ((mel(highest) - mel(lowest)) * i) / (bands + 1);
  const features: number[] = [];
  for (let at = 0; at + length <= samples.length; at += hop) {
    const frame = Float64Array.from(
      { length },
      (_, n) => (samples[at + n] / 32_768) * (0.5 - 0.5 * Math.cos((2 * Math.PI * n) / length)),
    );
    const energies = new Float64Array(bands);
    for (let k = 1; k < size / 2; k++) {
      const m = mel((k * rate) / size);
      const reached = Array.from({ length: bands }, (_, b) => b).filter((b) => edge(b) < m && m < edge(b + 2));
      if (reached.length === 0) continue;
      let [re, im] = [0, 0];
      for (let n = 0; n < length; n++) {
        re += frame[n] * cosines[(k * n) % size];
        im += frame[n] * cosines[(k * n + size / 4) % size];
      }
      for (const b of reached) {
        const share =
          m < edge(b + 1) ? (m - edge(b)) / (edge(b + 1) - edge(b)) : (edge(b + 2) - m) / (edge(b + 2) - edge(b + 1));
        energies[b] += share * (re * re + im * im);
      }
    }
    features.push(...energies.map((energy) => Math.log(Math.max(energy, 1e-30))));
  }
  return features;
}

/** A tone with harmonics that glides, amid noise: loud, quiet, and almost nothing. */
export const glide = (loudness: number) =>
  Int16Array.from({ length: 4_800 }, (_, i) => {
    const phase = 2 * Math.PI * (140 + i / 40) * (i / 16_000);
    const hiss = ((Math.imul(i + 1, 2_654_435_761) >>> 8) % 2001) / 1000 - 1;
    return Math.round(
      loudness * (Math.sin(phase) + 0.4 * Math.sin(3 * phase) + 0.1 * Math.sin(11 * phase) + 0.02 * hiss),
    );
  });

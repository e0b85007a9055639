/**
 * MFCC: log-mel features, then a discrete cosine transform of every frame as a pointwise layer whose INT8 weights are
 * cosines. Coefficient k > 0 is the amplitude of its cosine in the spectrum, coefficient 0 is half the mean, both in dB.
 */
import type { Pointwise, StoredSource } from '../../model/model.ts';
import * as json from '../../system/json.ts';
import { onDevice } from './device.ts';
import type { FrontEnd, FrontEndKind } from './frontEnd.ts';
import { framesOf, MEL_FIELDS, type MelConfig, melFault, melProgram, SILENCE } from './logMel.ts';

export interface MfccConfig extends MelConfig {
  kind: 'mfcc';
  /** of a frame, the mean counted */
  coefficients: number;
}

/** dB of an output step: speech stays within 32 dB, and half the mean within the range of the bands. */
export const MFCC_STEP = 0.25;

/** Steps of the bands that a mean counts from: the middle of int8. */
const CENTRE = 127.5;

export const mfcc: FrontEndKind<MfccConfig> = {
  schema: json.fields({
    kind: json.oneOf(['mfcc']),
    ...MEL_FIELDS,
    coefficients: json.optional(json.wholeNumber(1, 255), 13),
  }) as unknown as json.Schema<MfccConfig>,

  fault(config, signal) {
    const { bands, coefficients } = config;
    if (coefficients > bands)
      return ['frontEnd.coefficients', `expected at most one for each of ${bands} bands, got ${coefficients}`];
    return melFault(config, signal);
  },

  make(config, signal) {
    const frames = framesOf(config, signal);
    const output: FrontEnd['output'] = { shape: [1, frames, config.coefficients], scale: MFCC_STEP, zeroPoint: 0 };
    const operators: FrontEnd['operators'] = (window) => {
      const mel = melProgram(config, signal, window, [1, frames, config.bands]);
      const { source, ...weighted } = cosineTransform(config);
      const input = mel.tensors.length - 1;
      return {
        tensors: [...mel.tensors, { name: 'mfcc', type: 'i8', ...output }],
        operators: [
          ...mel.operators,
          { kind: 'pointwise', name: 'dct', input, output: input + 1, source: 0, residency: 'flash', ...weighted },
        ],
        sources: [source],
      };
    };
    return { output, operators, run: onDevice(signal, operators) };
  },
};

/** DCT-II of the bands, a row a coefficient, scaled so that the largest weight of each is 127. */
function cosineTransform({
  bands,
  coefficients,
  resolution,
}: MfccConfig): Pick<Pointwise, 'bias' | 'effectiveScale' | 'activation'> & { source: StoredSource } {
  const values = new Int8Array(coefficients * bands);
  const bias = new Int32Array(coefficients);
  const effectiveScale = new Float64Array(coefficients);
  for (let k = 0; k < coefficients; k++) {
    const cosines = Float64Array.from({ length: bands }, (_, b) => Math.cos((Math.PI * k * (b + 0.5)) / bands));
    const scale = cosines.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
    const row = cosines.map((value) => Math.round(value / scale));
    values.set(row, k * bands);
    // the mean counts from the middle; of other rows, this is what rounding has left of a sum of 0
    bias[k] = -Math.round(CENTRE * row.reduce((sum, value) => sum + value, 0));
    const perBand = (k === 0 ? 0.5 : 2) / bands;
    effectiveScale[k] = (resolution * scale * perBand) / MFCC_STEP;
  }
  return {
    source: { kind: 'stored', encoding: 'int8', rows: coefficients, rowLength: bands, values },
    bias,
    effectiveScale,
    activation: [SILENCE, 127],
  };
}

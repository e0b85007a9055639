/**
 * STANDARDIZE: the z-score of each channel of a raw int16 window, and a channel that marks where the event lies.
 * Without the marker, mean pooling would lose which of the beats in a window is asked about.
 */
import { MAX_WINDOW } from '../../../assembly/limits.ts';
import { lengthOf, type Signal } from '../../data/signal.ts';
import * as json from '../../system/json.ts';
import type { FrontEnd, FrontEndConfig, FrontEndKind } from './frontEnd.ts';

export interface StandardizeConfig extends FrontEndConfig {
  kind: 'standardize';
  /** smallest deviation that is divided by, in steps of the input, so that a flat line does not become noise */
  floor: number;
  /** output steps a deviation: with 32, int8 spans 4 deviations to either side */
  stepsPerDeviation: number;
  /** output steps at the event, and how many are lost with each position away from it; null: no marker */
  marker: { peak: number; slope: number } | null;
}

const STEPS = json.wholeNumber(1, 127);

export const standardize: FrontEndKind<StandardizeConfig> = {
  schema: json.fields({
    kind: json.oneOf(['standardize']),
    floor: json.quantity,
    stepsPerDeviation: json.optional(STEPS, 32),
    marker: json.optional(json.nullable(json.fields({ peak: STEPS, slope: STEPS })), null),
  }) as unknown as json.Schema<StandardizeConfig>,

  fault({ marker }, { type, shape, event }) {
    const positions = shape[0] * shape[1];
    if (type !== 'i16') return ['input.type', `expected "i16", which standardize takes, got "${type}"`];
    if (positions > MAX_WINDOW)
      return ['input.shape', `expected at most ${MAX_WINDOW} positions, which standardize takes, got ${positions}`];
    if (marker && event === null) return ['frontEnd.marker', 'expected null, as the input has no event to mark'];
    return null;
  },

  make: (config, signal) => {
    const [height, width, channels] = signal.shape;
    const { stepsPerDeviation, floor } = config;
    const marker = config.marker && { centre: signal.event!.at, ...config.marker };
    const outChannels = channels + (marker ? 1 : 0);
    const marks = marker && markerOf(marker, height * width);
    const output: FrontEnd['output'] = {
      shape: [height, width, outChannels],
      scale: 1 / stepsPerDeviation,
      zeroPoint: 0,
    };
    return {
      output,
      run(window, integers) {
        for (let c = 0; c < channels; c++) zScore(window, c, signal, config, integers, outChannels);
        marks?.forEach((steps, p) => {
          integers[p * outChannels + channels] = steps;
        });
      },
      operators: (window) => ({
        tensors: [window, { name: 'standardized', type: 'i8', ...output }],
        operators: [{ kind: 'standardize', name: 'standardize', input: 0, output: 1, floor, marker }],
        sources: [],
      }),
    };
  },
};

/** Steps of the marker at each position. */
export function markerOf({ centre, peak, slope }: { centre: number; peak: number; slope: number }, positions: number) {
  return Float32Array.from({ length: positions }, (_, p) => Math.max(0, peak - slope * Math.abs(p - centre)));
}

/** One channel, as whole steps inside int8. */
function zScore(
  window: ArrayLike<number>,
  channel: number,
  signal: Signal,
  { floor, stepsPerDeviation }: StandardizeConfig,
  integers: Float32Array,
  outChannels: number,
): void {
  const channels = signal.shape[2];
  const positions = lengthOf(signal) / channels;
  let sum = 0;
  for (let p = 0; p < positions; p++) sum += window[p * channels + channel]!;
  const mean = sum / positions;
  let squares = 0;
  for (let p = 0; p < positions; p++) squares += (window[p * channels + channel]! - mean) ** 2;
  const deviation = Math.max(Math.sqrt(squares / positions), floor);
  for (let p = 0; p < positions; p++) {
    const steps = Math.round(((window[p * channels + channel]! - mean) / deviation) * stepsPerDeviation);
    integers[p * outChannels + channel] = Math.min(Math.max(steps, -128), 127);
  }
}

/**
 * LOG_MEL: energies of raw sound in bands of the mel scale, frame by frame, in decibels. A network sees a row of frames
 * with the bands as channels, or a plane of frames and bands.
 */
import { lengthOf, type Signal } from '../../data/signal.ts';
import { energyScale, type LogMelOptions, logMelTables } from '../../operators/logMel.ts';
import * as json from '../../system/json.ts';
import { onDevice } from './device.ts';
import type { FrontEnd, FrontEndConfig, FrontEndKind, FrontEndProgram } from './frontEnd.ts';

/** Which frames and filters; what MFCC begins with, too. */
export interface MelConfig extends FrontEndConfig {
  /** seconds of a frame, and from one to the next */
  frame: number;
  step: number;
  /** filters, of equal width on the mel scale between two frequencies in Hz */
  bands: number;
  lowest: number;
  highest: number;
  /** energy of a filter, in dB of samples in [-1, 1), below which all is silence: -128 in the output */
  floor: number;
  /** dB of an output step */
  resolution: number;
}

export interface LogMelConfig extends MelConfig {
  kind: 'log-mel';
  /** `channels`: [1, frames, bands]; `plane`: [frames, bands, 1] */
  layout: 'channels' | 'plane';
}

/** Fields of MelConfig. 30 ms every 20 ms and 40 bands are what keyword spotters commonly take. */
export const MEL_FIELDS = {
  frame: json.optional(json.quantity, 0.03),
  step: json.optional(json.quantity, 0.02),
  bands: json.optional(json.wholeNumber(1, 255), 40),
  lowest: json.optional(json.numberUpTo(100_000), 20),
  highest: json.quantity,
  floor: json.optional(json.wholeNumber(-120, 40), -60), // what logarithms of the device hold, for any transform
  resolution: json.optional(json.quantity, 0.5),
};

export const logMel: FrontEndKind<LogMelConfig> = {
  schema: json.fields({
    kind: json.oneOf(['log-mel']),
    ...MEL_FIELDS,
    layout: json.optional(json.oneOf(['channels', 'plane']), 'channels'),
  }) as unknown as json.Schema<LogMelConfig>,

  fault: melFault,

  make(config, signal) {
    const frames = framesOf(config, signal);
    const { bands, layout, resolution: scale } = config;
    const shape: FrontEnd['output']['shape'] = layout === 'plane' ? [frames, bands, 1] : [1, frames, bands];
    const operators: FrontEnd['operators'] = (window) => melProgram(config, signal, window, shape);
    return { output: { shape, scale, zeroPoint: SILENCE }, operators, run: onDevice(signal, operators) };
  },
};

/** Of a filter at the floor. */
export const SILENCE = -128;

/** dB for a factor of two in energy. */
const DECIBELS_PER_OCTAVE = 10 * Math.log10(2);

/** Of logarithms to base 2 on the device. */
const FRACTION = 1024;

const optionsOf = ({ frame, step, bands, lowest, highest }: MelConfig, { rate }: Signal): LogMelOptions => ({
  rate: rate!,
  frame,
  step,
  bands,
  lowest,
  highest,
});

/** log2 of the energy at the floor, as the device counts it. */
const floorOf = (floor: number, size: number): number =>
  Math.round(FRACTION * (floor / DECIBELS_PER_OCTAVE + Math.log2(energyScale(size))));

/** What keeps windows of this kind from becoming such features. */
export function melFault(config: MelConfig, signal: Signal): [field: string, message: string] | null {
  const { type, shape, rate } = signal;
  const { kind, highest, lowest } = config;
  if (type !== 'i16') return ['input.type', `expected "i16", raw samples, which ${kind} takes, got "${type}"`];
  if (shape[0] !== 1 || shape[2] !== 1)
    return ['input.shape', `expected one row and one channel of sound, which ${kind} takes, got ${shape.join(' x ')}`];
  if (rate === null) return ['input.rate', `expected samples a second, which ${kind} has to know, got none`];
  if (highest > rate / 2 || lowest >= highest)
    return ['frontEnd.highest', `expected a frequency above ${lowest} and up to ${rate / 2} Hz, got ${highest}`];
  if (Math.round(config.step * rate) < 1) return ['frontEnd.step', `expected a sample or more, got ${config.step} s`];
  try {
    const { length } = logMelTables(optionsOf(config, signal));
    return shape[1] >= length ? null : ['input.shape', `expected a frame or more, ${length} samples, got ${shape[1]}`];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return ['frontEnd', error.message]; // frames that no transform takes, filters without a bin
  }
}

export function framesOf(config: MelConfig, signal: Signal): number {
  const { length, hop } = logMelTables(optionsOf(config, signal));
  return Math.floor((lengthOf(signal) - length) / hop) + 1;
}

/** From the window to a tensor of this shape with its features. */
export function melProgram(
  config: MelConfig,
  signal: Signal,
  window: FrontEndProgram['tensors'][number],
  shape: [number, number, number],
): FrontEndProgram {
  const tables = logMelTables(optionsOf(config, signal));
  const reference = floorOf(config.floor, tables.size);
  const factor = DECIBELS_PER_OCTAVE / FRACTION / config.resolution;
  return {
    tensors: [
      window,
      { name: 'workspace', shape: [1, 4 * tables.size, 1], type: 'i8', scale: 1, zeroPoint: 0 },
      { name: 'mel', shape, type: 'i8', scale: config.resolution, zeroPoint: SILENCE },
    ],
    operators: [
      { kind: 'logMel', name: 'mel', input: 0, input2: 1, output: 2, tables, reference, least: reference, factor },
    ],
    sources: [],
  };
}

/** The front ends log-mel and mfcc: beside a float reference, in front of a network, and what they refuse. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { execute } from '../../host/reference/executor.ts';
import type { FrontEndConfig } from '../../host/task/frontEnds/frontEnd.ts';
import { frontEndOf, readTask, type Task } from '../../host/task/task.ts';
import { readConfigFor } from '../../host/train/config.ts';
import { untrainedModel } from '../../host/train/index.ts';
import { glide, logEnergies } from '../speech.ts';

const SAMPLES = 4_800;
const MEL = { frame: 0.03, step: 0.02, bands: 40, lowest: 20, highest: 7_600, floor: -60, resolution: 0.5 };
const LOG_MEL = { kind: 'log-mel', ...MEL, layout: 'channels' };
const MFCC = { kind: 'mfcc', ...MEL, coefficients: 13 };

const taskWith = (frontEnd: FrontEndConfig, rate = 16_000): Task => {
  const task = readTask('spoken-digits');
  return { ...task, input: { ...task.input, shape: [1, SAMPLES, 1], rate }, frontEnd };
};

/** What a front end makes of clips, as real values. */
function featuresOf(frontEnd: FrontEndConfig, clips: readonly ArrayLike<number>[]): number[] {
  const { run, output } = frontEndOf(taskWith(frontEnd));
  return clips.flatMap((clip) => {
    const integers = new Float32Array(output.shape.reduce((product, extent) => product * extent));
    run(clip, integers);
    return Array.from(integers, (value) => (value - output.zeroPoint) * output.scale);
  });
}

/** dB above the floor of every band, [frames][bands], in float. */
const decibels = (clip: Int16Array): number[] =>
  logEnergies(clip, { rate: 16_000, ...MEL }).map((energy) => Math.max((10 * energy) / Math.LN10 - MEL.floor, 0));

/** Coefficients of one frame of 40 bands, in float. */
function coefficientsOf(frame: readonly number[]): number[] {
  const centred = frame.map((value) => value - MEL.resolution * 127.5);
  return Array.from({ length: MFCC.coefficients }, (_, k) => {
    const sum = centred.reduce((all, value, b) => all + value * Math.cos((Math.PI * k * (b + 0.5)) / MEL.bands), 0);
    return (sum * (k === 0 ? 0.5 : 2)) / MEL.bands;
  });
}

/** In dB: the power of features, less the mean of each of `period` columns, over that of the difference. */
function signalToNoise(ours: readonly number[], float: readonly number[], period: number): number {
  expect(ours.length).toBe(float.length);
  const rows = float.length / period;
  const means = Array.from(
    { length: period },
    (_, c) => float.reduce((s, x, i) => (i % period === c ? s + x : s), 0) / rows,
  );
  const signal = float.reduce((sum, x, i) => sum + (x - means[i % period]!) ** 2, 0);
  const noise = float.reduce((sum, x, i) => sum + (x - ours[i]!) ** 2, 0);
  return 10 * Math.log10(signal / noise);
}

const CLIPS = [glide(20_000), glide(900), glide(60)];

describe('log-mel', () => {
  it('stands at least 40 dB above its difference from a float reference, loud, quiet and very quiet', () => {
    const snr = signalToNoise(featuresOf(LOG_MEL, CLIPS), CLIPS.flatMap(decibels), MEL.bands);
    expect(snr).toBeGreaterThan(40);
  });

  it('takes windows that are varied: rounded, and no louder than full scale', () => {
    const loud = Float32Array.from(CLIPS[0]!, (value) => 2 * value + 0.3);
    const limited = Int16Array.from(loud, (value) => Math.min(Math.max(Math.round(value), -32_768), 32_767));
    expect(featuresOf(LOG_MEL, [loud])).toEqual(featuresOf(LOG_MEL, [limited]));
  });

  it('gives silence its floor', () => {
    expect(new Set(featuresOf(LOG_MEL, [new Int16Array(SAMPLES)]))).toEqual(new Set([0]));
  });
});

describe('mfcc', () => {
  it('stands at least 36 dB above its difference from a float reference, the means of coefficients left out', () => {
    const float = CLIPS.flatMap((clip) => {
      const bands = decibels(clip);
      return Array.from({ length: bands.length / MEL.bands }, (_, f) =>
        coefficientsOf(bands.slice(f * MEL.bands, (f + 1) * MEL.bands)),
      ).flat();
    });
    const snr = signalToNoise(featuresOf(MFCC, CLIPS), float, MFCC.coefficients);
    expect(snr).toBeGreaterThan(36);
  });
});

const TRAINING = {
  name: 'ears',
  task: 'ears',
  seed: 1,
  epochs: 1,
  batch: 8,
  windowsPerEpoch: { zero: 8 },
  learningRate: 0.003,
  codeRate: 3,
  warmupSteps: 1,
  weightDecay: 0.01,
  clip: 2,
};
const ROW = { layers: [{ kind: 'convolution', channels: 8, kernel: 3 }], methods: {} };
const PLANE = { layers: [{ kind: 'convolution', channels: 8, kernel: [3, 3], stride: [2, 2] }], methods: {} };

describe('a network behind', () => {
  it.each([
    ['log-mel, bands as channels', LOG_MEL, ROW, [1, 14, 40]],
    ['log-mel, a plane', { ...LOG_MEL, layout: 'plane' }, PLANE, [14, 40, 1]],
    ['mfcc', MFCC, ROW, [1, 14, 13]],
  ] as const)('%s is trained on what its image computes, byte for byte', async (_, frontEnd, network, shape) => {
    const task = taskWith(frontEnd);
    const model = await untrainedModel(readConfigFor(task, 'ears.json', { ...TRAINING, network }));
    const [program] = model.programs as [(typeof model.programs)[number]];
    const { run, output } = frontEndOf(task);
    expect(output.shape).toEqual(shape);
    const first = program.operators.find(({ name }) => name === 'stem')!.input;
    for (const clip of CLIPS) {
      const integers = new Float32Array(shape[0] * shape[1] * shape[2]);
      run(clip, integers);
      const values = execute(model, program, [new Uint8Array(clip.buffer)], { tables: 'compact' });
      expect(Array.from(values[first]!)).toEqual(Array.from(integers));
    }
  });
});

describe('log-mel and mfcc refuse', () => {
  const folder = mkdtempSync(join(tmpdir(), 'htpw-mel-'));
  const task = JSON.parse(readFileSync('models/tasks/spoken-digits.json', 'utf8'));
  it.each<[what: string, frontEnd: Record<string, unknown>, input: Record<string, unknown>, says: string]>([
    ['int8 samples', {}, { type: 'i8' }, 'input.type: expected "i16", raw samples, which log-mel takes, got "i8"'],
    [
      'two channels',
      {},
      { shape: [1, 4000, 2] },
      'input.shape: expected one row and one channel of sound, which log-mel',
    ],
    ['sound without a rate', {}, { rate: null }, 'input.rate: expected samples a second, which log-mel has to know'],
    ['a window shorter than a frame', {}, { shape: [1, 239, 1] }, 'input.shape: expected a frame or more, 240 samples'],
    [
      'frequencies that sound does not have',
      { highest: 4001 },
      {},
      'frontEnd.highest: expected a frequency above 60 and',
    ],
    [
      'a filter without a bin',
      { bands: 120 },
      {},
      'frontEnd: log-mel: filter 3 of 120 has no bin, which are 31.25 Hz apart',
    ],
    [
      'a frame that no transform takes',
      { frame: 0.2 },
      {},
      'frontEnd: log-mel: expected a frame of at most 1024 samples',
    ],
    ['frames that do not advance', { step: 0.00001 }, {}, 'frontEnd.step: expected a sample or more, got 0.00001 s'],
    [
      'a floor that logarithms do not reach',
      { floor: -200 },
      {},
      'frontEnd.floor: expected a whole number from -120 to 40',
    ],
    [
      'more coefficients than bands',
      { kind: 'mfcc', coefficients: 33 },
      {},
      'frontEnd.coefficients: expected at most one',
    ],
  ])('%s', (_, frontEnd, input, says) => {
    const path = join(folder, 'mine.json');
    const changed = { ...task, frontEnd: { ...task.frontEnd, ...frontEnd }, input: { ...task.input, ...input } };
    writeFileSync(path, JSON.stringify({ ...changed, augmentation: {} }));
    expect(() => readTask(path)).toThrow(says);
  });
});

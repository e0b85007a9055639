/** Windows of beats, the filter before them, and the synthetic data. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cutBeats } from '../../host/data/beats.ts';
import { SPLITS, type Split } from '../../host/data/part.ts';
import { openDataset } from '../../host/data/registry.ts';
import { lowPass, resample } from '../../host/data/resample.ts';
import { countClasses, leaksBetween, type WindowSet } from '../../host/data/windows.ts';
import { Random } from '../../host/system/random.ts';
import { ECG, ecgData, WINDOW } from './ecg.ts';

describe('resampling', () => {
  const tone = (frequency: number, rate: number): Float64Array =>
    Float64Array.from({ length: 10 * rate }, (_, i) => 1000 * Math.sin((2 * Math.PI * frequency * i) / rate));
  const peak = (signal: Float64Array): number => Math.max(...signal.subarray(100, -100).map(Math.abs));

  it.each([60, 100, 250, 360, 999.9])('leaves a constant at %d Hz as it is', (rate) => {
    for (const phase of [0, 0.3, 0.5, 0.9])
      expect(lowPass(rate / 120, phase).taps.reduce((sum, tap) => sum + tap, 0)).toBe(32768);
    expect(new Set(resample(new Int16Array(999).fill(-1024), rate, 120))).toEqual(new Set([-1024]));
  });

  it.each([250, 257, 360, 999.9, 1000])(
    'of %d Hz keeps 30 Hz and removes 70 Hz, which would come back as 50 Hz',
    (rate) => {
      expect(peak(resample(tone(30, rate), rate, 120))).toBeGreaterThan(960);
      expect(peak(resample(tone(70, rate), rate, 120))).toBeLessThan(10);
    },
  );

  it.each([60, 100, 128, 250, 257, 999.9, 5000])(
    'puts a tone at %d Hz where it is in time, to one part in 50',
    (rate) => {
      const output = resample(tone(10, rate), rate, 120);
      for (let i = 100; i < output.length - 100; i++)
        expect(Math.abs(output[i]! - 1000 * Math.sin((2 * Math.PI * 10 * i) / 120))).toBeLessThan(20);
    },
  );

  it('from 360 to 120 Hz gives the bytes that the committed networks were trained on', () => {
    const random = new Random(1);
    const noise = Int16Array.from({ length: 10_001 }, () => random.below(4096) - 2048);
    const bytes = new Uint8Array(Int16Array.from(resample(noise, 360, 120)).buffer);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      '2af0c533c530f39f3fefd4479450bcbe02640b76c1b67d1f2aaecb36cb601d81',
    );
  });

  it('gives a sample for each place inside the input, none for none', () => {
    expect([0, 1, 3, 4].map((length) => resample(new Float64Array(length), 360, 120).length)).toEqual([0, 1, 1, 2]);
    expect([0, 1, 2, 51].map((length) => resample(new Float64Array(length), 100, 120).length)).toEqual([0, 1, 2, 61]);
  });

  it('has no sample where the filter would need one that is missing', () => {
    const input = new Float64Array(3000).fill(5);
    input[1500] = Number.NaN;
    const output = resample(input, 360, 120);
    const missing = Array.from(output.keys()).filter((i) => Number.isNaN(output[i]));
    expect([missing[0], missing.at(-1), missing.length]).toEqual([490, 510, 21]);
  });

  it.each([0, 49, 100_001, Number.NaN])('refuses %d Hz', (rate) => {
    expect(() => resample(new Float64Array(9), rate, 120)).toThrow(/expected 50 to 100000 Hz, got /);
  });
});

describe('windows', () => {
  it('have the beat at its fixed position, and are dropped where they leave the record', () => {
    const lead = Int16Array.from({ length: 1000 }, (_, i) => i);
    const beats = [10, 400, 990].map((sample, label) => ({ time: sample / 120, label }));
    const set = cutBeats({ record: 'x', group: 'x' }, lead, beats, ECG.input);
    expect([set.labels.length, set.leftOut.edge, set.labels[0]]).toEqual([1, 2, 1]);
    expect([set.samples.length, set.samples[ECG.input.event!.at]]).toEqual([WINDOW, 400]);
  });
});

describe.each(['synthetic', 'synthetic-easy'] as const)('%s ECG', (name) => {
  const sets = Object.fromEntries(SPLITS.map((split) => [split, ecgData(name).load(split)]));

  it('has every class in every split', () => {
    for (const split of SPLITS) for (const count of countClasses(sets[split]!)) expect(count).toBeGreaterThan(20);
  });

  it('shares patients between train and later only', () => {
    const patients = (split: Split): string[] => [...new Set(sets[split]!.groups)];
    expect(patients('later')).toEqual(patients('train'));
    expect(patients('test').filter((p) => patients('train').includes(p) || patients('validation').includes(p))).toEqual(
      [],
    );
  });

  it('looks like millivolts: a QRS of 0.3 to 4 mV over a baseline within 1 mV of zero', () => {
    const { samples } = sets.train!;
    const millivolts = Array.from(samples.subarray(0, WINDOW), (sample) => (sample - 1024) / 200);
    expect(Math.max(...millivolts)).toBeGreaterThan(0.3);
    expect(Math.max(...millivolts)).toBeLessThan(4);
    expect(Math.abs(millivolts.sort((a, b) => a - b)[WINDOW / 2]!)).toBeLessThan(1);
  });

  it('is the same for the same seed, and other for another', () => {
    const bytes = ({ samples }: WindowSet) => Buffer.from(samples.buffer);
    const validation = bytes(sets.validation!);
    expect(bytes(ecgData(name).load('validation')).equals(validation)).toBe(true);
    expect(bytes(ecgData(name, { seed: 2 }).load('validation')).equals(validation)).toBe(false);
  });

  it('leaks nothing from one split to another', () => {
    SPLITS.forEach((first, i) => {
      for (const second of SPLITS.slice(i + 1))
        expect(leaksBetween(sets[first]!, sets[second]!, first === 'train' && second === 'later')).toEqual([]);
    });
  });

  it('accounts for its windows', () => {
    const { account, labels } = sets.test!;
    expect(account).toMatchObject({ data: name, split: 'test', windows: labels.length, folder: null });
    expect(account.records).toEqual([...new Set(sets.test!.records)]);
  });
});

describe('easy synthetic ECG', () => {
  it('keeps the bytes that are in committed test vectors', () => {
    const digest = createHash('sha256');
    for (const split of SPLITS) digest.update(new Uint8Array(ecgData('synthetic-easy').load(split).samples.buffer));
    expect(digest.digest('hex')).toBe('d236f96251cc6bf83b58e25c667d98861cddf2ccfcba7bb399643999e47fccd1');
  });
});

describe('names', () => {
  it.each(['nonsense', '', 'MITBIH', 'constructor'])(
    'of no data set are refused with those that there are: "%s"',
    (name) => {
      expect(() => openDataset(name)).toThrow(
        new RegExp(`^data set "${name}": expected mitbih, synthetic,? .*; choose one of them with --data$`),
      );
    },
  );

  it('of a lead are refused for data with one lead', () => {
    expect(() => ecgData('synthetic', { lead: 'V5' })).toThrow(/data set synthetic: has one lead, got --lead V5/);
  });
});

describe('random numbers', () => {
  it('repeat with the seed, differ between streams, and have the right mean and deviation', () => {
    const draw = (seed: number, stream: number): number[] => {
      const random = new Random(seed, stream);
      return Array.from({ length: 4000 }, () => random.normal());
    };
    expect(draw(1, 0)).toEqual(draw(1, 0));
    expect(draw(1, 0)[0]).not.toBe(draw(1, 1)[0]);
    const values = draw(7, 3);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(square - 1)).toBeLessThan(0.1);
  });
});

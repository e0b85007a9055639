import { describe, expect, it } from 'vitest';
import { BEAT_POSITION, countClasses, cutWindows, SAMPLE_RATE, WINDOW } from '../../host/data/beats.ts';
import { loadDataset, type Split } from '../../host/data/dataset.ts';
import { Random } from '../../host/data/random.ts';
import { decimate, lowPass } from '../../host/data/resample.ts';

describe('decimation', () => {
  const tone = (frequency: number): Int16Array =>
    Int16Array.from({ length: 3600 }, (_, i) => Math.round(1000 * Math.sin((2 * Math.PI * frequency * i) / 360)));
  const peak = (signal: Int16Array): number => Math.max(...signal.subarray(100, -100).map(Math.abs));

  it('leaves a constant as it is', () => {
    expect(lowPass(3).reduce((sum, tap) => sum + tap, 0)).toBe(32768);
    expect(new Set(decimate(new Int16Array(999).fill(-1024), 3))).toEqual(new Set([-1024]));
  });

  it('keeps 30 Hz and removes 70 Hz, which would come back as 50 Hz', () => {
    expect(peak(decimate(tone(30), 3))).toBeGreaterThan(960);
    expect(peak(decimate(tone(70), 3))).toBeLessThan(10);
  });

  it('does not delay: an impulse stays where it was', () => {
    const impulse = new Int16Array(600);
    impulse[300] = 10_000;
    const output = decimate(impulse, 3);
    expect(output.indexOf(Math.max(...output))).toBe(100);
  });
});

describe('windows', () => {
  it('have the beat at its fixed position, and are dropped where they leave the record', () => {
    const lead = Int16Array.from({ length: 1000 }, (_, i) => i);
    const beats = [10, 400, 990].map((sample, label) => ({ time: sample / SAMPLE_RATE, label }));
    const set = cutWindows('x', lead, beats);
    expect([set.labels.length, set.dropped, set.labels[0]]).toEqual([1, 2, 1]);
    expect([set.samples.length, set.samples[BEAT_POSITION]]).toEqual([WINDOW, 400]);
  });
});

describe('synthetic ECG', () => {
  const splits: Split[] = ['train', 'later', 'validation', 'test'];
  const sets = Object.fromEntries(splits.map((split) => [split, loadDataset('synthetic', split)]));

  it('has every class in every split', () => {
    for (const split of splits) for (const count of countClasses(sets[split]!)) expect(count).toBeGreaterThan(20);
  });

  it('shares patients between train and later only', () => {
    const patients = (split: Split): string[] => [...new Set(sets[split]!.records)];
    expect(patients('later')).toEqual(patients('train'));
    expect(patients('test').filter((p) => patients('train').includes(p) || patients('validation').includes(p))).toEqual(
      [],
    );
  });

  it('looks like millivolts: a QRS of 0.3 to 3 mV over a baseline near zero', () => {
    const { samples } = sets.train!;
    const millivolts = Array.from(samples.subarray(0, WINDOW), (sample) => (sample - 1024) / 200);
    expect(Math.max(...millivolts)).toBeGreaterThan(0.3);
    expect(Math.max(...millivolts)).toBeLessThan(3);
    expect(Math.abs(millivolts.sort((a, b) => a - b)[WINDOW / 2]!)).toBeLessThan(0.3);
  });

  it('is the same for the same seed', () => {
    expect(loadDataset('synthetic', 'validation').samples).toEqual(sets.validation!.samples);
    expect(loadDataset('synthetic', 'validation', { seed: 2 }).samples).not.toEqual(sets.validation!.samples);
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

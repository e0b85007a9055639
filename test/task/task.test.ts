/** Tasks as people write them: what agrees, what is refused, and how labels become classes. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countClasses } from '../../host/data/windows.ts';
import { Random } from '../../host/system/random.ts';
import { type Augmentation, augment } from '../../host/task/augmentation.ts';
import { frontEndOf, openTask, readTask, taskNames } from '../../host/task/task.ts';

const folder = mkdtempSync(join(tmpdir(), 'htpw-tasks-'));
const MOTION = JSON.parse(readFileSync('models/tasks/synthetic-motion.json', 'utf8'));

/** The motion task with other fields. */
function changed(fields: Record<string, unknown>): string {
  writeFileSync(join(folder, 'mine.json'), JSON.stringify({ ...MOTION, ...fields }));
  return join(folder, 'mine.json');
}

describe('a task', () => {
  it.each(taskNames())('%s is read by its name, and bears it', (name) => {
    expect(readTask(name).name).toBe(name);
  });

  it.each<[fields: Record<string, unknown>, says: string]>([
    [{ data: { set: 'cifar' } }, 'data.set: expected mitbih, synthetic, '],
    [{ data: {} }, 'data.set: expected a string, got none'],
    [{ input: { ...MOTION.input, shape: [64, 3] } }, 'input.shape: expected height, width and channels, each a whole'],
    [{ input: { ...MOTION.input, type: 'f32' } }, 'input.type: expected one of i8, i16, got "f32"'],
    [{ input: { ...MOTION.input, zeroPoint: 3 } }, 'input.zeroPoint: expected 0, as int16 inputs have'],
    [{ input: { ...MOTION.input, type: 'i8' } }, 'input.type: expected "i16", which standardize takes, got "i8"'],
    [{ input: { ...MOTION.input, event: { name: 'step', at: 64 } } }, 'input.event.at: expected a position below 64'],
    [{ frontEnd: { kind: 'fft' } }, 'frontEnd.kind: expected one of standardize, log-mel, mfcc, none, got "fft"'],
    [{ frontEnd: { kind: 'none' } }, 'input.type: expected "i8", as nothing stands before the network, got "i16"'],
    [
      { frontEnd: { kind: 'standardize', floor: 4, marker: { peak: 127, slope: 8 } } },
      'frontEnd.marker: expected null, as the input has no event to mark',
    ],
    [{ classes: ['rest'] }, 'classes: expected 2 to 255 classes, got 1'],
    [{ classes: ['rest', 'swim'] }, 'class "swim": expected labels of synthetic-motion, rest, walk, run, shake, got'],
    [{ classes: { still: [], moving: ['walk'] } }, 'classes.still: expected a list of labels of the data set, got []'],
    [{ augmentation: { echo: 1 } }, 'augmentation.echo: unknown; the fields are shift, noise, wander, scale, rotation'],
    [{ augmentation: { shift: 33 } }, 'augmentation.shift: expected at most half a window, 32, got 33'],
    [{ metrics: { versusRest: 'swim' } }, 'metrics: expected classes of the task, got "swim"'],
  ])('%j is refused: %s', (fields, says) => {
    const path = changed(fields);
    expect(() => readTask(path)).toThrow(says);
    expect(() => readTask(path)).toThrow(/^[^\n]*mine\.json: [^\n]*$/);
  });

  it('makes classes of labels, leaves others out, and says how many', () => {
    const whole = openTask(readTask('synthetic-motion')).load('test');
    const [rest, walk, run, shake] = countClasses(whole);
    const path = changed({ classes: { still: ['rest'], moving: ['run', 'walk'] } });
    const part = openTask(readTask(path)).load('test');
    expect(part.classNames).toEqual(['still', 'moving']);
    expect(countClasses(part)).toEqual([rest, walk! + run!]);
    expect(part.account).toMatchObject({ windows: rest! + walk! + run!, leftOut: { unmapped: shake } });
  });

  it('refuses a data set whose labels it is not about', () => {
    expect(() => openTask(readTask('synthetic-motion'), { data: 'fsdd' })).toThrow(
      'data set fsdd for task synthetic-motion: class "rest": expected labels of fsdd, zero, one,',
    );
  });

  it('gives the same windows for the same seed, others for another', () => {
    for (const name of ['synthetic-motion', 'synthetic-tones']) {
      const bytes = (seed: number) => Buffer.from(openTask(readTask(name), { seed }).load('validation').samples.buffer);
      expect(bytes(1).equals(bytes(1))).toBe(true);
      expect(bytes(1).equals(bytes(2))).toBe(false);
    }
  });
});

describe('front ends', () => {
  it('standardize each channel by itself, and keep a flat one at zero', () => {
    const window = Int16Array.from({ length: 64 * 3 }, (_, i) =>
      i % 3 === 0 ? 500 : 1000 * Math.sin(i / 9) * (i % 3),
    );
    const integers = new Float32Array(64 * 3);
    frontEndOf(readTask('synthetic-motion')).run(window, integers);
    const channel = (c: number) => Array.from(integers).filter((_, i) => i % 3 === c);
    expect(new Set(channel(0))).toEqual(new Set([0]));
    for (const c of [1, 2]) {
      const squares = channel(c).reduce((sum, value) => sum + value * value, 0);
      expect(Math.sqrt(squares / 64)).toBeCloseTo(32, 0);
    }
  });
});

describe('augmentation', () => {
  const { input } = readTask('synthetic-motion');
  const window = Int16Array.from({ length: 64 * 3 }, (_, i) => Math.round(1000 * Math.sin(i)));
  const vary = (amounts: Augmentation, seed = 1) => augment(window, amounts, input, new Random(seed));
  const length = (values: ArrayLike<number>, p: number) => Math.hypot(...[0, 1, 2].map((k) => values[3 * p + k]!));

  it('changes nothing where nothing is asked for', () => {
    expect(vary({})).toEqual(Float32Array.from(window));
  });

  it('turns vectors without making them longer', () => {
    const turned = vary({ rotation: 90 });
    expect(turned).not.toEqual(Float32Array.from(window));
    for (const p of [0, 17, 63]) expect(length(turned, p)).toBeCloseTo(length(window, p), 1);
  });

  it('scales all channels alike', () => {
    const scaled = vary({ scale: 0.5 });
    const factor = scaled[5]! / window[5]!;
    expect(Math.abs(factor - 1)).toBeGreaterThan(0.01);
    for (const i of [1, 50, 100]) expect(scaled[i]).toBeCloseTo(factor * window[i]!, 1);
  });

  it('shifts all channels together, and repeats the ends', () => {
    const shifted = vary({ shift: 8 }, 3);
    const first = Array.from({ length: 17 }, (_, i) => i - 8).find((by) =>
      Array.from({ length: 30 }, (_, p) => p + 16).every((p) => shifted[3 * p] === window[3 * (p + by)]),
    );
    expect(first).toBeDefined();
    expect(Array.from(shifted.subarray(3 * 20, 3 * 21))).toEqual(
      Array.from(window.subarray(3 * (20 + first!), 3 * (21 + first!))),
    );
  });

  it('draws the same numbers for a kind whatever comes behind it', () => {
    const alone = vary({ shift: 8 });
    expect(vary({ shift: 8, flip: 0 })).toEqual(alone);
  });

  it('flips rows of an image', () => {
    const image = { ...input, shape: [2, 3, 1] as const, rate: null };
    expect(Array.from(augment([1, 2, 3, 4, 5, 6], { flip: 1 }, image, new Random(1)))).toEqual([3, 2, 1, 6, 5, 4]);
  });
});

/** Tasks as people write them: what agrees, what is refused, and how labels become classes. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Signal } from '../../host/data/signal.ts';
import { countClasses } from '../../host/data/windows.ts';
import { Random } from '../../host/system/random.ts';
import { type Augmentation, Augmenter } from '../../host/task/augmentation.ts';
import { mask } from '../../host/task/masks.ts';
import { frontEndOf, openTask, readTask, type Task, taskNames } from '../../host/task/task.ts';
import { Batcher } from '../../host/train/batches.ts';
import { buildNetwork } from '../../host/train/network.ts';
import { startArrays } from '../../host/train/start.ts';

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
    [{ augmentation: { stretch: 0.7 } }, 'augmentation.stretch: expected a number from 0 to 0.5, got 0.7'],
    [{ augmentation: { crop: 2 } }, 'augmentation.crop: expected at most half an image, 0, got 2'],
    [{ augmentation: { maskBands: 2 } }, 'augmentation.maskBands: expected none, as the front end gives no spectrum'],
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
  const augment = (window: ArrayLike<number>, amounts: Augmentation, signal: Signal, random: Random) =>
    new Augmenter(amounts, signal).vary(window, random);
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

  it('stretches about the event, in between by straight lines', () => {
    const ramp = { ...input, shape: [1, 33, 1] as const, event: { name: 'peak', at: 10 } };
    const values = Array.from({ length: 33 }, (_, p) => 100 * p);
    const stretched = augment(values, { stretch: 0.4 }, ramp, new Random(5));
    expect(stretched[10]).toBe(1000);
    const tempo = (stretched[11]! - stretched[10]!) / 100;
    expect(Math.abs(tempo - 1)).toBeGreaterThan(0.02);
    expect(Math.abs(tempo - 1)).toBeLessThanOrEqual(0.4);
    stretched.forEach((value, p) => {
      expect(value).toBeCloseTo(Math.min(Math.max(1000 + 100 * tempo * (p - 10), 0), 3200), 2);
    });
  });

  it('crops an image whose border is zero', () => {
    const image = { ...input, shape: [5, 4, 2] as const, type: 'i8' as const, zeroPoint: -7, rate: null };
    const values = Array.from({ length: 40 }, (_, i) => i);
    const seen = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const cropped = augment(values, { crop: 2 }, image, new Random(seed));
      const at = (y: number, x: number, c: number): number =>
        y >= 0 && y < 5 && x >= 0 && x < 4 ? values[(y * 4 + x) * 2 + c]! : -7;
      const offsets = [-2, -1, 0, 1, 2].flatMap((down) => [-2, -1, 0, 1, 2].map((right) => [down, right] as const));
      const by = offsets.find(([down, right]) =>
        cropped.every((value, i) => value === at(Math.floor(i / 8) + down, (Math.floor(i / 2) % 4) + right, i % 2)),
      );
      expect(by).toBeDefined();
      seen.add(String(by));
    }
    expect(seen.size).toBeGreaterThan(15);
  });

  it.each<[string, number[]]>([
    ['a row of frames', [1, 10, 6]],
    ['a plane', [10, 6, 1]],
  ])('masks frames and bands of %s with its mean, side by side, at most so many', (_, shape) => {
    const widths = { frames: new Set<number>(), bands: new Set<number>() };
    for (let seed = 0; seed < 60; seed++) {
      const features = Float32Array.from({ length: 60 }, (_, i) => i);
      mask(features, shape, { maskFrames: 3, maskBands: 2 }, new Random(seed));
      const isHidden = (frame: number, band: number): boolean => features[frame * 6 + band] !== frame * 6 + band;
      const frames = Array.from({ length: 10 }, (_, f) => f).filter((f) => [0, 5].every((band) => isHidden(f, band)));
      const bands = Array.from({ length: 6 }, (_, b) => b).filter((b) => [0, 9].every((f) => isHidden(f, b)));
      for (const hidden of [frames, bands]) expect(hidden).toEqual(hidden.map((_, i) => hidden[0]! + i));
      features.forEach((value, i) => {
        const inside = frames.includes(Math.floor(i / 6)) || bands.includes(i % 6);
        expect(value).toBe(inside ? 29.5 : i);
      });
      widths.frames.add(frames.length);
      widths.bands.add(bands.length);
    }
    expect([...widths.frames].sort()).toEqual([0, 1, 2, 3]);
    expect([...widths.bands].sort()).toEqual([0, 1, 2]);
  });

  it('masks reach what a network is given in training, bands of the whole window and no others', async () => {
    await startArrays();
    const tones = JSON.parse(readFileSync('models/tasks/synthetic-tones.json', 'utf8'));
    const masked = (augmentation: object): Task => {
      writeFileSync(join(folder, 'mine.json'), JSON.stringify({ ...tones, augmentation }));
      return readTask(join(folder, 'mine.json'));
    };
    const task = masked({ maskBands: 6 });
    const { shape } = frontEndOf(task).output;
    const network = buildNetwork({ layers: [{ kind: 'pointwise', channels: 4 }], methods: {} }, shape, 4);
    const batcher = new Batcher(task, openTask(task).load('validation'), network);
    const given = (random: Random | null): Float32Array => batcher.patches([5], 1, random);
    const [plain, varied] = [given(null), given(new Random(3))];
    const changed = Array.from({ length: 20 }, (_, band) => band).filter((band) =>
      varied.some((value, i) => i % 20 === band && value !== plain[i]),
    );
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.length).toBeLessThanOrEqual(6);
    const hidden = varied.filter((_, i) => changed.includes(i % 20));
    expect(new Set(hidden).size).toBe(1);
    expect(() => masked({ maskBands: 11 })).toThrow(
      'augmentation.maskBands: expected at most half of them, 10, got 11',
    );
  });
});

/** Folders of recordings for tests: tones as WAV files, motion as CSV logs, arrays as NumPy saves them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import type { OwnOptions } from '../../../host/data/own/options.ts';
import { OWN_OPTIONS } from '../../../host/data/own/options.ts';
import type { Signal } from '../../../host/data/signal.ts';
import { checkJson } from '../../../host/system/json.ts';
import { Random } from '../../../host/system/random.ts';
import { elements, npy } from '../formats/npyWriter.ts';
import { wav } from '../formats/wavWriter.ts';

/** Gone after the tests of a file. */
export const place = mkdtempSync(join(tmpdir(), 'htpw own ')); // the blanks belong to the test
afterAll(() => rmSync(place, { recursive: true, force: true }));
let made = 0;

/** A new folder with these files, by path. */
export function folderWith(files: Record<string, string | Uint8Array | null>): string {
  const folder = join(place, `folder ${++made}`);
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    if (content === null) mkdirSync(join(folder, name), { recursive: true });
    else {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
  }
  return folder;
}

export const optionsOf = (path: string, options: Partial<OwnOptions> = {}): OwnOptions =>
  checkJson({ path, ...options }, 'options', OWN_OPTIONS);

export const sound = (width: number, rate = 8000): Signal => ({
  name: 'pcm',
  shape: [1, width, 1],
  type: 'i16',
  scale: 1 / 32768,
  zeroPoint: 0,
  rate,
  event: null,
});

export const motion = (width: number, rate = 50): Signal => ({
  ...sound(width, rate),
  shape: [1, width, 3],
  scale: 0.001,
});

/** A tone in noise, 16 bits. */
export function tone(hertz: number, samples: number, seed: number, rate = 8000): Int16Array {
  const random = new Random(seed);
  return Int16Array.from(
    { length: samples },
    (_, t) => 8000 * Math.sin((2 * Math.PI * hertz * t) / rate) + 500 * random.normal(),
  );
}

/** `speakers` x `takes` files of each of two words, "low/anna_1.wav" and so on. */
export function toneFiles({ speakers = ['anna', 'ben', 'cleo', 'dora'], takes = 2, samples = 4000, rate = 8000 } = {}) {
  const files: Record<string, Uint8Array> = {};
  for (const [word, hertz] of [
    ['low', 300],
    ['high', 1200],
  ] as const)
    for (const [i, speaker] of speakers.entries())
      for (let take = 1; take <= takes; take++)
        files[`${word}/${speaker}_${take}.wav`] = wav(tone(hertz, samples, 10 * i + take, rate), { rate });
  return files;
}

/** Rows "time,activity,x,y,z" of somebody who rests, walks, rests and walks, at 50 Hz in ms. */
export function motionLog(seed: number, { rows = 400, header = 'time,activity,x,y,z' } = {}): string {
  const random = new Random(seed);
  const lines = Array.from({ length: rows }, (_, t) => {
    const walks = Math.floor(t / 100) % 2 === 1;
    const swing = walks ? 4 * Math.sin((2 * Math.PI * 2 * t) / 50) : 0;
    const values = [swing, 9.81 + swing / 2, 0].map((value) => (value + 0.1 * random.normal()).toFixed(3));
    return [20 * t, walks ? 'walk' : 'rest', ...values].join(',');
  });
  return [header, ...lines, ''].join('\n');
}

export const arrayFiles = (labels: readonly number[], groups: readonly number[] | null, width = 8) => {
  const count = labels.length;
  const x = Array.from({ length: count * width * 3 }, (_, i) => i / 100);
  const whole = (values: readonly number[]) => npy('<i4', [count], elements('writeInt32LE', 4, values));
  return {
    'x.npy': npy('<f4', [count, width, 3], elements('writeFloatLE', 4, x)),
    'y.npy': whole(labels),
    ...(groups && { 'groups.npy': whole(groups) }),
  };
};

/** Grids of small networks for synthetic tasks. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { written as configured } from '../train/together.ts';

/** A configuration of two tasks: of 64 and 128 windows an epoch. */
export const BOTH = {
  name: 'both',
  ...configured(),
  tasks: [
    { name: 'motion', task: 'synthetic-motion', windowsPerEpoch: { rest: 16, walk: 16, run: 16, shake: 16 } },
    { name: 'tones', task: 'synthetic-tones', windowsPerEpoch: { hum: 32, twice: 32, whistle: 32, hiss: 32 } },
  ],
};

/** The path of a file with this JSON in it. */
export function written(folder: string, value: object, name = 'grid.json'): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

/** A series of one run: of both tasks. */
export const SERIES = { name: 'a', config: 'both.json', seeds: [1] };

/** What trainings of one process share: windows that were read once. */
import { describe, expect, it } from 'vitest';
import type { DataSet, Request } from '../../host/data/dataset.ts';
import type { Split } from '../../host/data/part.ts';
import { DATA_SETS } from '../../host/data/registry.ts';
import { remembered } from '../../host/data/remembered.ts';
import { checkJson } from '../../host/system/json.ts';
import { readTask } from '../../host/task/task.ts';

const { input } = readTask('synthetic-motion');
const MOTION = DATA_SETS.find(({ name }) => name === 'synthetic-motion')!;

/** The set, and which splits were read of it. */
function counted(most?: number): { load: DataSet['load']; read: string[] } {
  const read: string[] = [];
  const set: DataSet = {
    ...MOTION,
    load(split, request) {
      read.push(split);
      return MOTION.load(split, request);
    },
  };
  const [{ load }] = remembered([set], most) as [DataSet];
  return { load, read };
}

const request = (changes: Partial<Request> = {}): Request => ({
  signal: input,
  folder: '',
  options: checkJson({}, 'options', MOTION.options),
  seed: 1,
  ...changes,
});

describe('a remembered data set', () => {
  it('reads a split once, and gives what it would have given', () => {
    const { load, read } = counted();
    expect(load('test', request())).toBe(load('test', request()));
    expect(load('test', request())).toEqual(MOTION.load('test', request()));
    expect(read).toEqual(['test']);
  });

  it.each<[string, Split, Request]>([
    ['another split', 'validation', request()],
    ['another seed', 'test', request({ seed: 2 })],
    ['another folder', 'test', request({ folder: 'elsewhere' })],
    ['another signal', 'test', request({ signal: { ...input, scale: 2 * input.scale } })],
  ])('reads %s for itself', (_, split, other) => {
    const { load, read } = counted();
    const part = load('test', request());
    expect(load(split, other)).not.toBe(part);
    expect(read).toEqual(['test', split]);
  });

  it('forgets what was asked for longest ago, where it holds too much', () => {
    const bytes = (split: Split) => MOTION.load(split, request()).samples.byteLength;
    const { load, read } = counted(bytes('train') + bytes('test'));
    for (const split of ['train', 'validation', 'test', 'train', 'validation'] as const) load(split, request());
    expect(read).toEqual(['train', 'validation', 'test', 'train', 'validation']);
    load('validation', request());
    expect(read).toHaveLength(5);
  });
});

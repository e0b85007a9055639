/** Packed files of data sets that are damaged: each is named, before anything is made of what is left of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { gunzip } from '../../../host/data/formats/inflate.ts';
import { openTask, readTask } from '../../../host/task/task.ts';

const root = mkdtempSync(join(tmpdir(), 'packed-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const PACKED = gzipSync(Buffer.from('one, two, three'));

describe('a gzip file', () => {
  it.each<[string, Uint8Array]>([
    ['cut short', PACKED.subarray(0, -9)],
    ['empty', new Uint8Array()],
    ['of another kind', Buffer.from('one, two, three')],
  ])('%s is refused by its name', (_, bytes) => {
    expect(() => gunzip(bytes, 'x.gz')).toThrow(/^x\.gz: expected a gzip file, got one that is damaged or cut short; /);
  });
});

it.each<[what: string, set: string, task: string, files: Record<string, string | Uint8Array>, says: RegExp]>([
  [
    'a clip that is listed twice',
    'fsdd',
    'spoken-digits',
    { 'recordings.i16le.gz': gzipSync(Buffer.alloc(8)), 'index.csv': '0_theo_0.wav,0,theo,0,0,2\n'.repeat(2) },
    /recordings\.i16le\.gz: expected 0_theo_0\.wav once in index\.csv, got it twice; fetch both again/,
  ],
  [
    'a segment that ends before it begins',
    'wisdm',
    'wisdm',
    { '1600.i16le.gz': gzipSync(Buffer.alloc(6000)), 'segments.csv': '1600,A,900,-800\n' },
    /1600\.i16le\.gz: expected activity "A" of -800 samples from 900 on, got none; fetch it again/,
  ],
])('%s is refused', (_, set, task, files, says) => {
  mkdirSync(join(root, set));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(root, set, name), content);
  const { load } = openTask(readTask(task), { root });
  expect(() => load('train')).toThrow(says);
});

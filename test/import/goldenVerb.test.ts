/** htpw golden on the smallest recorded model; skipped, and reported so, where its folder is missing. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canRun } from '../boards/runnable.ts';
import { schemaFaults } from '../cli/schemaFaults.ts';

const data = process.env.HTPW_DATA ?? join('..', 'shared', 'data');
const NAME = 'tflm_hello_world_int8';
const boards = ['host', 'mps2-an500'].filter(canRun);

function golden(folder: string, ...words: string[]) {
  const all = ['scripts/htpw.js', 'golden', folder, '--models', NAME, '--json', ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' });
  return { status, stderr, results: stdout === '' ? null : JSON.parse(stdout) };
}

describe.skipIf(!existsSync(join(data, 'golden', NAME)))('htpw golden (HTPW_DATA/golden)', () => {
  it('finds no byte that differs, in Node, on the host and on an emulated board', { timeout: 240_000 }, () => {
    const { status, results } = golden(join(data, 'golden'), '--boards', boards.join(',') || 'none');
    expect(schemaFaults('golden', results)).toEqual([]);
    const differing = (target: string, samples: number) => ({ target, samples, differing: 0 });
    const slow = ['scalar', 'dsp', 'mve'].map((variant) => differing(`node ${variant}`, 4));
    const node = [...slow, differing('node simd', 256)];
    expect([status, results[0].targets]).toEqual([0, [...node, ...boards.map((board) => differing(board, 4))]]);
    if (boards.includes('mps2-an500')) expect(results[0].flashBytes).toBeGreaterThan(results[0].imageBytes);
  });

  it('exits with 1 and says where when a recorded byte is another', { timeout: 60_000 }, () => {
    const copy = mkdtempSync(join(tmpdir(), 'htpw-'));
    cpSync(join(data, 'golden', NAME), join(copy, 'golden', NAME), { recursive: true });
    const { model } = JSON.parse(readFileSync(join(data, 'golden', NAME, 'golden.json'), 'utf8'));
    cpSync(join(data, model), join(copy, model));
    const outputs = readFileSync(join(data, 'golden', NAME, 'output.bin'));
    outputs[200] ^= 1;
    const place = join(mkdtempSync(join(copy, 'changed-')), 'output.bin');
    writeFileSync(place, outputs);
    cpSync(place, join(copy, 'golden', NAME, 'output.bin'), { force: true });
    const { status, stderr, results } = golden(join(copy, 'golden'), '--boards', 'none');
    expect(results[0].targets.map(({ differing }: { differing: number }) => differing)).toEqual([0, 0, 0, 1]);
    expect([status, stderr]).toEqual([1, expect.stringContaining(`bytes differ in ${NAME}`)]);
  });

  it('refuses a model or a board that there is not', () => {
    const { status, stderr } = golden(join(data, 'golden'), '--boards', 'toaster');
    expect([status, stderr]).toEqual([2, expect.stringMatching(/--boards: expected some of .*, got "toaster"/)]);
  });
});

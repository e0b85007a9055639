/** htpw sweep on synthetic data, as processes of their own: whole, killed and resumed, failing, made again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { ImageView } from '../../host/records/view.ts';
import { readGrid } from '../../host/sweep/grid.ts';
import { type RunRecord, readRecord } from '../../host/sweep/record.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';
import { BOTH, written } from './grids.ts';

const folder = mkdtempSync(join(tmpdir(), 'sweep-'));
const at = (name: string): string => join(folder, name);
const config = 'both.json';
written(folder, { ...BOTH, epochs: 1 }, config);
const grid = written(folder, {
  name: 'tiny',
  records: 'records',
  series: [
    { name: 'added', config, tasks: ['motion'], seeds: [1], basis: 'one' },
    { name: 'one', config, tasks: ['tones'], seeds: [1] },
    // has other labels than tones and whistles
    { name: 'wrong', config, tasks: ['tones'], seeds: [1], data: 'synthetic-motion' },
    { name: 'pupil', config, tasks: ['tones'], seeds: [1], teacher: { method: 'one' } },
    { name: 'lost', config, tasks: ['motion'], seeds: [1], basis: 'wrong' },
  ],
});
const RECORDED = ['added.s1', 'one.s1', 'pupil.s1'];

/** Records without what depends on the machine and its time. */
const figuresOf = (records: string, run: string): Omit<RunRecord, 'training' | 'code'> => {
  const { training, code, ...rest } = readRecord(records, run);
  expect(training.windowsPerSecond).toBeGreaterThan(0);
  expect(code.node).toBe(process.version);
  return rest;
};

describe('htpw sweep', { timeout: 600_000 }, () => {
  let said: Awaited<ReturnType<typeof htpw>>;
  beforeAll(async () => {
    said = await htpw('sweep', grid, '--jobs', '2', '--images', at('images'), '--json');
  }, 600_000);

  it('records every run that can be, and why another cannot', () => {
    const { done, failed } = JSON.parse(said.out);
    expect(done.toSorted()).toEqual(RECORDED);
    expect(failed).toEqual({
      'wrong.s1': expect.stringMatching(/^data set synthetic-motion for task synthetic-tones: .*expected labels of/),
      'lost.s1': 'needs wrong.s1, which failed',
    });
    expect(JSON.parse(readFileSync(at('records/wrong.s1.failed.json'), 'utf8'))).toEqual({
      run: 'wrong.s1',
      error: failed['wrong.s1'],
    });
    expect(said.code).toBe(1);
  });

  it('says of each what became of it, in plain lines where there is no terminal', () => {
    const lines = said.error.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '5 runs',
        'one.s1: begins',
        expect.stringMatching(/^\[\d\/5\] one\.s1: \d+ bytes, \d+ s; test tones \d\.\d{3}$/),
        expect.stringMatching(/^\[\d\/5\] lost\.s1: failed: needs wrong\.s1, which failed$/),
      ]),
    );
  });

  it('trains a run on the basis of another, and judges its own program only', () => {
    const [added, one] = ['added.s1', 'one.s1'].map((run) => readRecord(at('records'), run)) as [RunRecord, RunRecord];
    expect(added.basis).toEqual({ run: 'one.s1', sha256: one.image.sha256 });
    expect(added.image.programs.map(({ name }) => name)).toEqual(['tones', 'motion']);
    expect(added.results.map(({ program }) => program)).toEqual(['motion']);
    expect(added.addOn!.bytes).toBeLessThan(added.image.bytes - one.image.bytes + 200);
    const image = readFileSync(at('images/added.s1.htpw'));
    expect(Object.values(added.image.categories).reduce((a, b) => a + b)).toBe(image.length);
    expect(new ImageView(image).programs.length).toBe(2);
  });

  it('trains a run by the answers of another, so that it comes to other bytes', () => {
    const [one, pupil] = ['one.s1', 'pupil.s1'].map((run) => readRecord(at('records'), run)) as [RunRecord, RunRecord];
    expect(pupil.lesson).toEqual({ teachers: { tones: 'one.s1' }, temperature: 2, weight: 0.7 });
    expect(pupil.configuration).toEqual({ ...one.configuration, name: pupil.configuration.name });
    expect(pupil.image.bytes).toBe(one.image.bytes);
    expect(pupil.image.sha256).not.toBe(one.image.sha256);
  });

  it('judges what is packed: figures are those of htpw eval', async () => {
    const { results } = readRecord(at('records'), 'one.s1');
    const { test } = results[0]!.splits;
    const evaluated = await htpw('eval', at('images/one.s1.htpw'), '--json');
    const { macroF1, accuracy, n } = JSON.parse(evaluated.out);
    expect({ n: test!.n, macroF1: test!.macroF1.value, accuracy: test!.accuracy.value }).toEqual({
      n,
      macroF1: macroF1.value,
      accuracy: accuracy.value,
    });
  });

  it('makes the same record again, with the same image', async () => {
    const again = ['--records', at('again'), '--images', at('images-again')];
    await htpw('sweep', grid, '--only', 'added', ...again);
    for (const run of ['added.s1', 'one.s1'])
      expect(figuresOf(at('again'), run)).toEqual(figuresOf(at('records'), run));
    expect(readFileSync(at('again/added.s1.answers.gz'))).toEqual(readFileSync(at('records/added.s1.answers.gz')));
  });

  it('skips what is recorded, and makes an image that is missing only where a basis is needed', async () => {
    const before = statSync(at('records/one.s1.json')).mtimeMs;
    rmSync(at('records/added.s1.json'));
    rmSync(at('images'), { recursive: true });
    const { error } = await htpw('sweep', grid, '--only', 'added', '--images', at('images'));
    expect(error.split('\n')).toEqual(expect.arrayContaining(['2 runs', 'one.s1: begins', 'added.s1: begins']));
    expect(statSync(at('records/one.s1.json')).mtimeMs).toBe(before);
    const done = await htpw('sweep', grid, '--only', 'added', '--images', at('images'));
    expect(done).toMatchObject({ code: 0, error: expect.stringMatching(/^0 runs, 2 recorded before\n$/) });
  });

  it('lists what there is', async () => {
    const { out } = await htpw('sweep', grid, '--list');
    expect(out.split('\n').slice(0, 5)).toEqual([
      'one.s1: recorded',
      'added.s1: recorded, on one.s1',
      'wrong.s1: failed',
      'pupil.s1: recorded',
      'lost.s1: failed, on wrong.s1',
    ]);
  });

  it('refuses a record of what the grid no longer says, before it trains', async () => {
    const other = JSON.parse(readFileSync(grid, 'utf8'));
    other.series[1].epochs = 2;
    const changed = written(folder, other, 'changed.json');
    const { code, error } = await htpw('sweep', changed, '--images', at('images'));
    expect(error).toMatch(ONE_LINE);
    expect({ code, error }).toMatchObject({
      code: 2,
      error: expect.stringContaining('one.s1.json: expected the record'),
    });
  });

  it.each([
    [['--run', 'nix'], '--run must be a run of '],
    [['--only', 'nix'], '--only: expected a part of the name of a run in '],
    [['--jobs', '0'], '--jobs must be a whole number from 1'],
  ])('refuses %j in one line', async (words, says) => {
    const { code, error } = await htpw('sweep', grid, ...words);
    expect(error).toMatch(ONE_LINE);
    expect({ code, error }).toMatchObject({ code: 2, error: expect.stringContaining(says) });
  });
});

describe('a sweep that is killed', { timeout: 600_000 }, () => {
  const long = () =>
    written(
      folder,
      {
        name: 'long',
        records: 'killed',
        series: [{ name: 'a', config, seeds: [1, 2, 3], tasks: ['tones'], epochs: 15 }],
      },
      'long.json',
    );

  it('goes on where it was, without a run that counts twice or a process that is left', async () => {
    const path = long();
    const words = ['scripts/htpw.js', 'sweep', path, '--jobs', '1', '--images', at('images-long')];
    const sweep = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const line of createInterface(sweep.stderr)) if (line === 'a.s2: begins') break;
    sweep.kill('SIGKILL');
    await once(sweep, 'exit');
    const first = readFileSync(at('killed/a.s1.json'), 'utf8');
    expect(existsSync(at('killed/a.s2.json'))).toBe(false);
    const { code, error } = await htpw('sweep', path, '--jobs', '1', '--images', at('images-long'));
    expect({ code, error }).toMatchObject({ code: 0, error: expect.stringContaining('2 runs, 1 recorded before') });
    expect(error.indexOf('a.s2: begins')).toBeLessThan(error.indexOf('a.s3: begins'));
    const names = readdirSync(at('killed')).filter((name) => name !== 'windows');
    expect(names.toSorted()).toEqual([1, 2, 3].flatMap((seed) => [`a.s${seed}.answers.gz`, `a.s${seed}.json`]));
    expect(readFileSync(at('killed/a.s1.json'), 'utf8')).toBe(first);
    expect(readGrid(path).runs.map(({ id }) => readRecord(at('killed'), id).seed)).toEqual([1, 2, 3]);
  });

  it('is no hindrance to another of the same grid: each is at another run', async () => {
    const folders = ['--records', at('shared'), '--images', at('images-shared')];
    const words = ['scripts/htpw.js', 'sweep', long(), '--jobs', '1', ...folders];
    const sweeps = [1, 2].map(() => spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] }));
    const said = await Promise.all(sweeps.map(({ stderr }) => text(stderr)));
    const trained = said.map((lines) => [...lines.matchAll(/\] (a\.s\d): \d+ bytes/g)].map(([, run]) => run!));
    expect(trained.flat().toSorted()).toEqual(['a.s1', 'a.s2', 'a.s3']);
    expect(trained.map(({ length }) => length).toSorted()).toEqual([1, 2]);
  });

  it('by a signal takes the trainings along, and leaves no file half made', async () => {
    const records = at('stopped');
    const words = ['scripts/htpw.js', 'sweep', long(), '--records', records, '--images', at('images-stopped')];
    const sweep = spawn(process.execPath, [...words, '--jobs', '1'], { stdio: ['ignore', 'ignore', 'pipe'] });
    for await (const line of createInterface(sweep.stderr)) if (line === 'a.s1: begins') break;
    const lock = join(records, 'a.s1.json.lock'); // has the number of the process that trains
    await expect.poll(() => existsSync(lock), { timeout: 120_000 }).toBe(true);
    await expect.poll(() => Number(readFileSync(lock)), { timeout: 10_000 }).toBeGreaterThan(0);
    const holder = Number(readFileSync(lock));
    const ended = new Promise((resolve) => sweep.on('exit', (_, signal) => resolve(signal)));
    sweep.kill('SIGTERM');
    expect(await ended).toBe('SIGTERM');
    const isRunning = (): boolean => {
      try {
        return process.kill(holder, 0);
      } catch {
        return false;
      }
    };
    await expect.poll(isRunning, { timeout: 10_000 }).toBe(false);
    expect(readdirSync(records).filter((name) => /\.tmp$|\.sweep\.lock$/.test(name))).toEqual([]);
  });
});

/** Search: what is drawn, what is kept, and that nothing but training and validation windows is read for it. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { syntheticMotion } from '../../host/data/sets/syntheticMotion.ts';
import { readBase } from '../../host/search/base.ts';
import { type Candidate, drawn, runFor, Sizes } from '../../host/search/candidates.ts';
import { halve, type Judged, rungsOf } from '../../host/search/halving.ts';
import { schemesOf, varied } from '../../host/search/space.ts';
import { perform } from '../../host/sweep/perform.ts';
import { readRecord } from '../../host/sweep/record.ts';
import { configsOf } from '../../host/train/config.ts';
import { listOf } from '../../host/train/network.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';
import { BOTH, written } from '../sweep/grids.ts';

const folder = mkdtempSync(join(tmpdir(), 'search-'));
const at = (name: string): string => join(folder, name);
const path = written(folder, { ...BOTH, epochs: 1 }, 'both.json');
const BUDGET = 2500;

afterEach(() => vi.restoreAllMocks());

describe('successive halving', () => {
  it.each([
    [27, 12, ['27 x 1', '9 x 4', '3 x 12']],
    [9, 12, ['9 x 4', '3 x 12']],
    [4, 2, ['4 x 1', '2 x 2']],
    [3, 5, ['3 x 5']],
    [9, 1, ['9 x 1']],
  ])('trains %i candidates towards %i epochs in rungs', (candidates, epochs, expected) => {
    expect(rungsOf(candidates, epochs).map((rung) => `${rung.candidates} x ${rung.epochs}`)).toEqual(expected);
  });

  const candidates = 'abcdefghi'.split('').map((name, i) => ({ name, bytes: 100 + i }));
  const judged = (epochs: number, validation: number, bytes: number): Judged => {
    return { epochs, validation, low: 0, high: 1, bytes, sha256: '' };
  };

  it('keeps the best of each rung, of equals the smaller, and puts aside what fails or grows beyond the budget', async () => {
    const asked: string[] = [];
    const scores: Record<string, number> = { a: 0.5, b: 0.7, c: 0.7, d: 0.9, e: 0.2, f: 0.1, g: 0.8, h: 0.3, i: 0.4 };
    const tried = await halve(candidates, rungsOf(9, 12), 108, async (some, epochs) => {
      asked.push(`${some.map(({ name }) => name).join('')} ${epochs}`);
      return new Map(
        some.map((one) => [
          one,
          one.name === 'd'
            ? new Error('broken')
            : judged(epochs, scores[one.name]!, one.bytes + (one.name === 'g' ? 3 : 0)),
        ]),
      );
    });
    expect(asked).toEqual(['abcdefghi 4', 'bca 12']);
    expect(tried.slice(0, 3).map(({ candidate }) => candidate.name)).toEqual(['b', 'c', 'a']);
    const failed = tried.filter(({ failed }) => failed !== null);
    expect(failed.map(({ candidate, failed }) => [candidate.name, failed])).toEqual([
      ['g', 'takes 109 bytes once it is trained, more than untrained'],
      ['d', 'broken'],
    ]);
  });
});

describe('the space of a search', () => {
  it.each([
    ['listed layers', path, 'synthetic-motion'],
    ['the short form', 'models/configs/synthetic-motion.json', 'synthetic-motion'],
    ['residual blocks', 'models/configs/synthetic-tones.json', 'synthetic-tones'],
  ])('has networks of as many blocks as their names say, from %s', (_, file, task) => {
    const base = readBase(file, task, 1);
    for (const scheme of schemesOf(base.network, file).filter(
      ({ rest, first }) => rest === 'int2' && first !== 'int8',
    )) {
      const configuration = varied(base.configuration, scheme, 1, base.task);
      const { network } = configsOf(configuration, file).programs[0]!;
      expect(listOf(network).filter(({ kind }) => kind !== 'convolution').length).toBe(scheme.blocks);
      expect(network.methods).toMatchObject({ pointwise: { kind: 'int2' }, fc: { kind: scheme.others } });
    }
  });

  it('is refused, in one line, where a route takes the place of a network', () => {
    expect(() => readBase('models/configs/synthetic-route.json', undefined, 1)).toThrow(
      /synthetic-route\.json: route: expected a network, got a route/,
    );
  });
});

describe('candidates', () => {
  const base = readBase(path, 'synthetic-motion', 1);
  const draw = (seed: number): Promise<Candidate[]> =>
    drawn(base, { budget: BUDGET, count: 2, seed }, new Sizes(base), () => {});

  it('of one seed are the same, of another others, and all fit by the bytes of their untrained images', async () => {
    const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
    expect(again).toEqual(first);
    expect(other.map(({ name }) => name)).not.toEqual(first.map(({ name }) => name));
    for (const { bytes } of [...first, ...other]) expect(bytes).toBeLessThanOrEqual(BUDGET);
  }, 120_000);

  it('are trained and judged without a window of the test split or of later ones, to the same image every time', async () => {
    const load = vi.spyOn(syntheticMotion, 'load');
    const [candidate] = await draw(1);
    const run = runFor(base, candidate!, 1);
    const digests: string[] = [];
    for (const name of ['one', 'two']) {
      const folders = { records: at(name), images: at(`${name}/images`) };
      await perform({ path }, run, folders, () => {});
      const { image, results } = readRecord(folders.records, run.id);
      expect(Object.keys(results[0]!.splits)).toEqual(['validation']);
      digests.push(image.sha256);
      expect(image.bytes).toBeLessThanOrEqual(BUDGET);
    }
    expect(new Set(digests).size).toBe(1);
    expect(syntheticMotion.splits).toContain('test');
    expect([...new Set(load.mock.calls.map(([split]) => split))].toSorted()).toEqual(['train', 'validation']);
  }, 120_000);
});

describe('htpw search', { timeout: 600_000 }, () => {
  const image = at('best.htpw');
  const words = ['search', '--config', path, '--task', 'synthetic-motion', '--candidates', '2', '--jobs', '1'];
  const search = (...more: string[]) => htpw(...words, '--folder', at('tried'), '-o', image, '--json', ...more);

  it('writes an image that fits, and the configuration that trains it again; nothing is tried twice', async () => {
    const load = vi.spyOn(syntheticMotion, 'load');
    const { code, out, error } = await search('--budget', `${BUDGET}`);
    expect(error).toContain('2 runs');
    expect(load.mock.calls.filter(([split]) => split !== 'train')).toEqual([]);
    const result = JSON.parse(out);
    const bytes = readFileSync(image);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(code).toBe(0);
    expect(result).toMatchObject({ bytes: bytes.length, sha256, chosen: result.tried[0].name });
    expect(bytes.length).toBeLessThanOrEqual(BUDGET);
    const card = readFileSync(at('best.md'), 'utf8');
    expect(card).toContain(sha256);
    for (const { name } of result.tried) expect(card).toContain(name);
    expect(readFileSync(at('best.svg'), 'utf8')).toContain(`${result.chosen}: `);

    const again = await search('--budget', `${BUDGET}`);
    expect(again.error).toContain('0 runs, 2 recorded before');
    expect(JSON.parse(again.out)).toEqual(result);

    const trained = await htpw('train', '--config', at('best.json'), '-o', at('again.htpw'), '--json');
    expect(JSON.parse(trained.out).sha256).toBe(sha256);
  });

  it.each<[what: string, words: string[], says: RegExp]>([
    [
      'a budget that nothing meets',
      [...words, '--budget', '100B'],
      /expected at least \d{3} bytes, as the smallest candidate \([\w.+-]+\) takes, got 100/,
    ],
    ['no budget', words, /required option '--budget <bytes>' not specified/],
    ['neither task nor configuration', ['search', '--budget', '8kB'], /expected --task or --config, got neither/],
    [
      'a task without a configuration',
      ['search', '--budget', '8kB', '--task', 'falls'],
      /give the configuration with --config/,
    ],
    [
      'a configuration of another task',
      [...words, '--budget', '8kB', '--task', 'pvc'].filter((word) => word !== 'synthetic-motion').toSpliced(3, 1),
      /expected a configuration of the task pvc/,
    ],
  ])('%s is one line, and nothing is written', async (_, line, says) => {
    const { code, error } = await htpw(...line, '-o', at('none.htpw'));
    expect(code).toBe(2);
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(says);
    expect(existsSync(at('none.htpw'))).toBe(false);
  });
});

/** htpw join on the command line: what it writes and says, and how it refuses what cannot be joined. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { readTask } from '../../host/task/task.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';
import { ModelBuilder } from '../zoo.ts';
import { inputsOf, network } from './networks.ts';

const folder = mkdtempSync(join(tmpdir(), 'join-'));
const at = (name: string): string => join(folder, name);
const NAMES = ['a', 'b', 'new'];

beforeAll(() => {
  NAMES.forEach((name, i) => {
    writeFileSync(at(`${name}.htpw`), pack(network(name, i + 1)));
    writeFileSync(at(`${name}.bin`), Buffer.concat(inputsOf(i, 24)));
  });
  writeFileSync(at('odd.bin'), new Uint8Array(100));
  writeFileSync(at('few.bin'), new Uint8Array(4 * 72));
  const image = readFileSync(at('a.htpw'));
  writeFileSync(at('short.htpw'), image.subarray(0, 300));
  const damaged = Buffer.from(image);
  damaged[200]! ^= 1;
  writeFileSync(at('damaged.htpw'), damaged);
  const newer = Buffer.from(image);
  newer.writeUInt16LE(9, 4);
  writeFileSync(at('newer.htpw'), newer);
});

const small = ['--entries', '16', '--length', '4,2'];
const calibrated = (...names: string[]): string[] =>
  names.flatMap((name) => ['--calibration', `${name}=${at(`${name}.bin`)}`]);

describe('htpw join', () => {
  it('puts images together, renamed where they are told, and says what is in the new one', async () => {
    const words = ['join', at('a.htpw'), `other=${at('a.htpw')}`, at('b.htpw'), '-o', at('plain.htpw'), '--json'];
    const { code, out, error } = await htpw(...words);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    const image = readFileSync(at('plain.htpw'));
    expect(JSON.parse(out)).toMatchObject({
      bytes: image.length,
      programs: ['a', 'other', 'b'],
      shared: { sources: 6, generators: 0 },
      weights: null,
    });
    expect(new Runtime(image).programs).toBe(3);
  });

  it('learns codebooks, then adds a network on the same ones', { timeout: 120_000 }, async () => {
    const both = ['join', at('a.htpw'), at('b.htpw'), '-o', at('books.htpw'), '--codebook', ...small];
    const first = await htpw(...both, ...calibrated('a', 'b'), '--json');
    expect([first.code, first.error]).toEqual([0, '']);
    const { weights, networks } = JSON.parse(first.out);
    expect(weights.toFloat32).toBeCloseTo(4 * weights.toInt8, 6);
    expect(networks[0].agreement).toBeGreaterThan(0.2);

    const more = ['join', at('new.htpw'), '--onto', at('books.htpw'), '-o', at('more.htpw')];
    const second = await htpw(...more, ...calibrated('new'));
    expect([second.code, second.error]).toEqual([0, '']);
    expect(second.out).toContain('programs a, b, new');
    const [before, after] = ['books', 'more'].map((name) => new ImageView(readFileSync(at(`${name}.htpw`))));
    expect(after!.generators).toHaveLength(before!.generators.length);
  });

  it('calibrates on training windows of the task that a network names, without a file', {
    timeout: 60_000,
  }, async () => {
    const { input, classes } = readTask('synthetic-motion');
    const b = new ModelBuilder(1, [...input.shape], input.type).standardize(null);
    b.pointwise(8).pointwise(8).pointwise(8).mean().fullyConnected(Object.keys(classes).length);
    const image = pack({ ...b.build(), metadata: { name: 'motion', task: 'synthetic-motion' } });
    writeFileSync(at('motion.htpw'), image);
    const words = ['join', at('motion.htpw'), '-o', at('windows.htpw'), '--codebook', ...small];
    const { code, out, error } = await htpw(...words, '--windows', '40', '--json');
    expect([code, error]).toEqual([0, '']);
    const [{ agreement }] = JSON.parse(out).networks;
    // a share of 40 windows
    expect([agreement * 40, agreement > 0.2]).toEqual([Math.round(agreement * 40), true]);
  });

  it('says without calibration that it does not know how answers change', { timeout: 60_000 }, async () => {
    const { out } = await htpw('join', at('a.htpw'), '-o', at('blind.htpw'), '--codebook', ...small);
    expect(out).toContain('not known: without calibration inputs');
  });

  it('ends with 1 and the smallest size when a budget cannot be met, and writes nothing', {
    timeout: 60_000,
  }, async () => {
    const words = ['join', at('a.htpw'), '-o', at('none.htpw'), '--codebook', ...small, '--budget', '900'];
    const { code, error } = await htpw(...words);
    expect([code, existsSync(at('none.htpw'))]).toEqual([1, false]);
    expect(error).toMatch(/cannot reach 900 bytes; the smallest image is [\d,]+/);
  });

  it.each<[what: string, words: string[], says: string]>([
    ['two programs of one name', [at('a.htpw'), at('a.htpw')], 'got two called "a"; give one another'],
    ['a name that is there already', [`b=${at('a.htpw')}`, at('b.htpw')], 'got two called "b"'],
    ['an image that ends too early', [at('a.htpw'), at('short.htpw')], 'short.htpw'],
    ['a damaged image', [at('a.htpw'), at('damaged.htpw')], 'damaged.htpw'],
    ['an image of another version', [at('a.htpw'), at('newer.htpw')], 'newer.htpw'],
    ['what is no network', [at('a.htpw'), 'biome.json'], 'biome.json'],
    ['a file that is not there', [at('a.htpw'), at('nothing.htpw')], 'nothing.htpw'],
    [
      'an image without codebooks as --onto',
      [at('a.htpw'), '--onto', at('b.htpw')],
      'expected an image with codebooks',
    ],
    ['calibration without anything to calibrate', [at('a.htpw'), ...calibrated('a')], 'needs --codebook or --onto'],
    [
      'two calibrations of one network',
      [at('a.htpw'), '--codebook', ...calibrated('a'), ...calibrated('a')],
      'got two',
    ],
    ['an agreement with nothing', [at('a.htpw'), '--codebook', '--agreement', '0.9'], 'give --calibration'],
    [
      'windows of a network without a task',
      [at('a.htpw'), '--codebook', '--windows', '9'],
      'a: expected a task in its',
    ],
    [
      'too few inputs to hold one out',
      [at('a.htpw'), '--codebook', '--calibration', `a=${at('few.bin')}`, '--agreement', '0.9'],
      'a: --agreement holds one calibration input of 5 out: expected at least 5, got 4',
    ],
    ['a share above 1', [at('a.htpw'), '--codebook', ...calibrated('a'), '--agreement', '99'], 'a share above 0'],
    ['inputs of nobody', [at('a.htpw'), '--codebook', '--calibration', `x=${at('a.bin')}`], 'a name of a, got "x"'],
    [
      'inputs of another size',
      [at('a.htpw'), '--codebook', '--calibration', `a=${at('odd.bin')}`],
      'expected inputs of 72 bytes',
    ],
    ['an entry of no weights', [at('a.htpw'), '--codebook', '--length', '0'], '--length must be'],
    ['its own input as output', [at('a.htpw'), '-o', at('a.htpw')], 'a.htpw'],
  ])('refuses %s in one line, and writes nothing', async (_, words, says) => {
    const target = words.includes('-o') ? [] : ['-o', at('refused.htpw')];
    const { code, error } = await htpw('join', ...words, ...target);
    expect([code, error]).toEqual([2, expect.stringMatching(ONE_LINE)]);
    expect(error).toContain(says);
    expect(existsSync(at('refused.htpw'))).toBe(false);
  });
});

/** Verbs at work on images of several programs, and configurations of several tasks. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { trainTogether } from '../../host/train/train.ts';
import { canRun } from '../boards/runnable.ts';
import { BASIS, together, written } from '../train/together.ts';
import { htpw, ONE_LINE } from './command.ts';
import { schemaFaults } from './schemaFaults.ts';

const folder = mkdtempSync(join(tmpdir(), 'programs-'));
const at = (name: string): string => join(folder, name);
const base = at('base.htpw');

const MOTION = {
  name: 'motion',
  task: 'synthetic-motion',
  windowsPerEpoch: { rest: 16, walk: 16, run: 16, shake: 16 },
};
const TONES = {
  name: 'tones',
  task: 'synthetic-tones',
  windowsPerEpoch: { hum: 16, twice: 16, whistle: 16, hiss: 16 },
};

function configured(name: string, fields: object): string {
  const path = at(name);
  writeFileSync(path, JSON.stringify(fields));
  return path;
}

beforeAll(async () => {
  writeFileSync(base, pack((await trainTogether(together(['motion', 'tones']), { epochs: 2 })).model));
}, 300_000);

describe('a configuration of several tasks', () => {
  it('makes one image with a program for each', { timeout: 300_000 }, async () => {
    const config = configured('both.json', { name: 'both', ...written(), tasks: [MOTION, TONES] });
    const { code, out, error } = await htpw(
      'train',
      '--config',
      config,
      '-o',
      at('both.htpw'),
      '--epochs',
      '1',
      '--json',
    );
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(JSON.parse(out)).toMatchObject({ name: 'both', programs: [{ name: 'motion' }, { name: 'tones' }] });
    expect(schemaFaults('train', out)).toEqual([]);
    expect(new Runtime(readFileSync(at('both.htpw'))).programs).toBe(2);
  });

  it('is what htpw pack makes the same image of, from their checkpoint', { timeout: 300_000 }, async () => {
    const config = configured('both.json', { name: 'both', ...written(), epochs: 1, tasks: [MOTION, TONES] });
    const [trained, packed, floats] = [at('both.htpw'), at('packed.htpw'), at('both.safetensors')];
    await htpw('train', '--config', config, '-o', trained, '--checkpoint', floats);
    const { out, ...said } = await htpw('pack', floats, '--config', config, '-o', packed, '--json');
    expect(said).toEqual({ code: 0, error: '' });
    expect(schemaFaults('pack', out)).toEqual([]);
    expect(readFileSync(packed).equals(readFileSync(trained))).toBe(true);

    const one = configured('one.json', { name: 'both', ...written(), tasks: [MOTION] });
    const { code, error } = await htpw('pack', floats, '--config', one, '-o', packed);
    expect(error).toMatch(ONE_LINE);
    expect(code).toBe(2);
  });

  const { network, ...schedule } = written();
  it.each<[what: string, fields: object, says: string]>([
    ['no tasks', { tasks: [] }, 'tasks: expected a list of tasks, each with its windowsPerEpoch, got []'],
    ['an unknown task', { tasks: [{ ...MOTION, task: 'nix' }] }, 'tasks.0: task: expected apnea'],
    [
      'a class of another task',
      { tasks: [MOTION, { ...TONES, ...{ windowsPerEpoch: { walk: 3 } } }] },
      'tasks.1: windowsPerEpoch.walk: unknown',
    ],
    ['two of one name', { tasks: [MOTION, { ...TONES, name: 'motion' }] }, 'tasks.1.name: expected another name'],
    ['no network', { network: undefined, tasks: [MOTION] }, 'tasks.0: network: expected an object, got none'],
    [
      'a wrong network',
      { tasks: [{ ...MOTION, network: { ...network, methods: { pw9: BASIS } } }] },
      'tasks.0: network.methods.pw9',
    ],
    ['a field of one task', { tasks: [MOTION], windowsPerEpoch: {} }, 'windowsPerEpoch: unknown'],
  ])('is refused with %s, by field', async (_, fields, says) => {
    const config = configured('wrong.json', { name: 'wrong', network, ...schedule, ...fields });
    const { code, out, error } = await htpw('train', '--config', config, '-o', at('wrong.htpw'));
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain(`${config}: ${says}`);
    expect({ code, out, made: readdirSync(folder).includes('wrong.htpw') }).toEqual({ code: 2, out: '', made: false });
  });

  it('has recordings of its own, so --data is refused', async () => {
    const config = configured('both.json', { name: 'both', ...written(), tasks: [MOTION, TONES] });
    const { code, error } = await htpw('train', '--config', config, '--data', 'synthetic', '-o', at('x.htpw'));
    expect({ code, error }).toMatchObject({
      code: 2,
      error: expect.stringContaining('train: --data is for a configuration of one task, got one of 2'),
    });
  });
});

describe('htpw train --basis and htpw add', () => {
  const third = () => configured('third.json', { ...written(), ...MOTION, name: 'third' });

  it('give the same bytes on both ways', { timeout: 300_000 }, async () => {
    const words = ['train', '--config', third(), '--basis', base, '--epochs', '1'];
    const trained = await htpw(...words, '--add-on', at('third.htpa'), '-o', at('whole.htpw'), '--json');
    expect(trained).toMatchObject({ code: 0, error: '' });
    expect(schemaFaults('train', trained.out)).toEqual([]);
    const added = await htpw('add', base, at('third.htpa'), '-o', at('all.htpw'));
    expect(added).toMatchObject({ code: 0, error: '' });
    expect(added.out).toContain('programs motion, tones, third');
    const { out } = await htpw('add', base, at('third.htpa'), '-o', at('all.htpw'), '--json');
    expect(schemaFaults('add', out)).toEqual([]);
    expect(readFileSync(at('all.htpw')).equals(readFileSync(at('whole.htpw')))).toBe(true);
    // alone the add-on, which says what to do next
    const alone = await htpw(...words, '--add-on', at('again.htpa'));
    expect(alone.out).toContain(`next: htpw add ${base} ${at('again.htpa')} -o all.htpw`);
    expect(readFileSync(at('again.htpa')).equals(readFileSync(at('third.htpa')))).toBe(true);
  });

  it.each<[what: string, words: () => string[], says: string]>([
    [
      'an add-on for nothing',
      () => ['train', '--config', third(), '--add-on', at('x.htpa')],
      'train: --add-on needs the image that it is for, got none',
    ],
    [
      'a basis of another size',
      () => ['train', '--config', third(), '--basis', 'models/ecg-beats.htpw', '-o', at('x.htpw')],
      'third.json: basis: expected what pw1 says, ',
    ],
    [
      'an add-on to another basis',
      () => ['add', 'models/ecg-beats.htpw', at('third.htpa'), '-o', at('x.htpw')],
      'third.htpa: cannot be added to models/ecg-beats.htpw: add-on is for an image whose basis has SHA-256 ',
    ],
    ['an image as an add-on', () => ['add', base, base, '-o', at('x.htpw')], 'base.htpw: this is an .htpw image'],
    [
      'an add-on as an image',
      () => ['inspect', at('third.htpa')],
      'third.htpa: this is an add-on; join it to its image first: htpw add',
    ],
    [
      'a program twice',
      () => ['add', at('all.htpw'), at('third.htpa'), '-o', at('x.htpw')],
      'expected a program of another name than motion, tones, third',
    ],
    ['an output that is the input', () => ['add', base, at('third.htpa'), '-o', base], 'is also the input'],
  ])('refuse %s in one line', async (_, words, says) => {
    const { code, out, error } = await htpw(...words());
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain(says);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(readdirSync(folder).filter((name) => name.startsWith('x.'))).toEqual([]);
  });
});

describe('--program', () => {
  const input = at('input.bin');

  it.each(['tones', '1'])('takes a name or a number: %s', async (program) => {
    const runtime = new Runtime(readFileSync(base)).load(1);
    const bytes = new Uint8Array(runtime.inputBytes(1)).map((_, i) => 7 * i);
    writeFileSync(input, bytes);
    const output = at('output.bin');
    const { code } = await htpw('run', base, '--program', program, '--input', input, '--output', output);
    expect(code).toBe(0);
    expect(new Uint8Array(readFileSync(output))).toEqual(runtime.run(bytes));
  });

  it.each([
    ['run', ['run', base, '--input', input, '--output', at('none.bin')]],
    ['eval', ['eval', base]],
    ['verify', ['verify', base, '--board', 'host']],
  ])('%s names those that there are', async (_, words) => {
    for (const program of ['nix', '2', '-0', '1.0']) {
      const { code, error } = await htpw(...words, `--program=${program}`);
      expect({ code, error }).toEqual({
        code: 2,
        error: `htpw: --program must be motion, tones or 0 to 1, got "${program}"\n`,
      });
    }
  });

  it.each([
    [
      'an image of one program',
      ['models/ecg-beats.htpw', '--switch', '3'],
      'expected an image of several programs, got',
    ],
    ['--program', [base, '--switch', '3', '--program', 'motion'], "'--switch <count>' cannot be used with option"],
    ['a log', [base, '--switch', '3', '--log', 'run.log'], "'--switch <count>' cannot be used with option"],
    ['no switch', [base, '--switch', '0'], '--switch must be a whole number from 1'],
  ])('--switch of verify refuses %s', async (_, words, says) => {
    const { code, error } = await htpw('verify', ...words, '--board', 'host');
    expect(error).toMatch(ONE_LINE);
    expect({ code, error }).toMatchObject({ code: 2, error: expect.stringContaining(says) });
  });

  it('chooses task, classes and answers of eval', async () => {
    const result = async (program: string) =>
      JSON.parse((await htpw('eval', base, '--program', program, '--json')).out);
    expect(await result('motion')).toMatchObject({
      program: 'motion',
      data: 'synthetic-motion',
      task: 'synthetic-motion',
    });
    expect(await result('tones')).toMatchObject({ program: 'tones', data: 'synthetic-tones', task: 'synthetic-tones' });
  });

  it('has its costs in inspect, for people and programs', async () => {
    const { programs } = JSON.parse((await htpw('inspect', base, '--json')).out);
    const [{ bytes }] = programs;
    expect(programs.map((program: { name: string }) => program.name)).toEqual(['motion', 'tones']);
    expect(bytes).toMatchObject({ own: expect.any(Number), shared: expect.any(Number), with: [1] });
    expect(Object.values<number>(bytes.categories).reduce((sum, some) => sum + some)).toBe(bytes.own);
    const [own, shared, alone] = [bytes.own, bytes.shared, bytes.own + bytes.shared].map((n) => n.toLocaleString('en'));
    const { out } = await htpw('inspect', base);
    expect(out).toContain(`${own} B of its own, ${shared} B shared with tones, ${alone} B alone`);
    expect(out).toMatch(/^own bytes +motion +tones$/m);
    expect(out).toMatch(new RegExp(`^sum +${own} +[\\d,]+$`, 'm'));
  });

  it.skipIf(!canRun('mps2-an500'))('switches 40 times at random on mps2-an500', { timeout: 300_000 }, async () => {
    const words = ['verify', base, '--board', 'mps2-an500', '--switch', '40', '--seed', '2', '--json'];
    const { code, out } = await htpw(...words);
    expect(code).toBe(0);
    expect(schemaFaults('verify', out)).toEqual([]);
    const { programs, ...result } = JSON.parse(out);
    expect(result).toEqual({
      board: 'mps2-an500',
      switches: 40,
      seed: 2,
      mismatchingBytes: 0,
      mismatchingLayers: 0,
      firstMismatch: null,
    });
    expect(programs).toMatchObject([
      { name: 'motion', loads: 20 },
      { name: 'tones', loads: 20 },
    ]);
  });

  it.skipIf(!canRun('mps2-an500')).each(['motion', 'tones'])(
    'verifies on mps2-an500: %s',
    { timeout: 300_000 },
    async (program) => {
      const { code, out } = await htpw(
        'verify',
        base,
        '--board',
        'mps2-an500',
        '--program',
        program,
        '--windows',
        '4',
        '--json',
      );
      expect(code).toBe(0);
      expect(JSON.parse(out)).toMatchObject({
        program,
        windows: 4,
        mismatchingBytes: 0,
        mismatchingLayers: 0,
        weightsChecked: true,
      });
    },
  );
});

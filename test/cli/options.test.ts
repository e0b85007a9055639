/** Options are checked when the command line is read: before a file is opened, in one line that names the option. */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { htpw } from './command.ts';

const IMAGE = 'models/ecg-beats.htpw';
/** None of the files exists, so the error can only be about the option. */
const RUN = ['run', 'x.htpw', '--input', 'x.bin', '--output', 'y.bin'];
const TRAIN = ['train', '--config', 'x.json'];
const COMPRESS = ['compress', 'x.htpw', '-o', 'y.htpw'];

describe('htpw', () => {
  it.each<[words: string[], says: string]>([
    [[...TRAIN, '--seed', 'abc'], '--seed must be a whole number from 0 to 4294967295, got "abc"'],
    [[...TRAIN, '--seed', '-1'], '--seed must be a whole number from 0 to 4294967295, got "-1"'],
    [[...TRAIN, '--seed', ''], '--seed must be a whole number from 0 to 4294967295, got ""'],
    [[...TRAIN, '--seed', '4294967296'], '--seed must be a whole number'],
    [[...TRAIN, '--epochs', '0'], '--epochs must be a whole number from 1 to 100000, got "0"'],
    [[...TRAIN, '--epochs', '1e3'], '--epochs must be a whole number'],
    [[...TRAIN, '--epochs', 'NaN'], '--epochs must be a whole number'],
    [[...TRAIN, '--epochs', '2.5'], '--epochs must be a whole number'],
    [[...TRAIN, '--epochs', '0x10'], '--epochs must be a whole number'],
    [[...TRAIN, '--epochs', ' 5'], '--epochs must be a whole number'],
    [[...TRAIN, '--subset', '-5'], '--subset must be a whole number'],
    [[...TRAIN, '--data', 'cifar'], '--data must be '],
    [[...RUN, '--variant', 'fast'], '--variant must be one of scalar, dsp, mve, simd, got "fast"'],
    [['eval', 'x.htpw', '--variant', 'fast'], '--variant must be one of scalar, dsp, mve, simd, got "fast"'],
    [['eval', 'x.htpw', '--split', 'all'], '--split must be one of train, later, validation, test, got "all"'],
    [['eval', 'x.htpw', '--data', 'nonsense'], '--data must be '],
    [['card', 'x.htpw', '--config', 'x', '--data', 'nonsense'], '--data must be '],
    [['verify', 'x.htpw', '--board', 'host', '--data', 'nonsense'], '--data must be '],
    [['verify', 'x.htpw', '--board', 'host', '--windows', '0'], '--windows must be a whole number from 1'],
    [['verify', 'x.htpw', '--board', 'host', '--windows', '1e99'], '--windows must be a whole number'],
    [['plan', 'x.htpw', '--sram', '-1'], '--sram: expected an amount of RAM'],
    [['plan', 'x.htpw', '--sram', 'NaN'], '--sram: expected an amount of RAM'],
    [['plan', 'x.htpw', '--sram', '9e9'], '--sram: expected an amount of RAM'],
    [[...COMPRESS, '--budget', '0'], '--budget: expected an amount of flash'],
    [[...COMPRESS, '--method', 'int3'], '--method must be one of'],
    [['compress', 'x.htpw', '--curve', '30kB,,20kB'], '--curve: expected an amount of flash'],
    [['golden', '.', '--samples', '0'], '--samples must be "all" or a whole number from 1'],
    [['golden', '.', '--samples', 'some'], '--samples must be "all" or a whole number from 1'],
    [['import', 'x', '-o', 'y', '--tables', 'q7'], '--tables must be q31 or compact, got "q7"'],
    [
      ['pack', 'x', '--config', 'z', '-o', 'y', '--tables', 'q7'],
      '--tables must be one of compact, short, q31, got "q7"',
    ],
    [['import', 'x', '-o', 'y', '--lossless', 'some'], '--lossless must be arena or all, got "some"'],
  ])('%j is refused', async (words, says) => {
    const { code, out, error } = await htpw(...words);
    expect(error).toMatch(/^htpw: [^\n]+\n$/);
    expect(error).toContain(says);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it.each<[words: string[], says: string]>([
    [[...RUN, '--output', 'z.bin'], '--output is given twice, y.bin and z.bin; keep one'],
    [[...TRAIN, '--epochs', '5', '--epochs', '6'], '--epochs is given twice, 5 and 6; keep one'],
    [['plan', 'x.htpw', '--curve', '--curve', 'y.svg'], '--curve is given twice, without a value and y.svg'],
    [['import', 'x.tflite', '-o', '--json'], '--output expects a value, got the option --json'],
    [['run', 'x.htpw', '--output', '--help'], '--output expects a value, got the option --help'],
    [['verify', IMAGE, '--board', 'host', '--port', 'x'], '--port is for a board of hardware, and host is none'],
    [['verify', IMAGE, '--board', 'mps2-an500', '--port', 'x'], 'and mps2-an500 is none; leave it out'],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['help', 'inspcet'], "unknown command 'inspcet' (Did you mean inspect?); htpw --help"],
    [['inspect', IMAGE, '--hex', '--json'], "option '--hex' cannot be used with option '--json'"],
    [['inspcet', 'x'], "unknown command 'inspcet' (Did you mean inspect?); htpw --help"],
    [[...RUN, '--varaint', 'dsp'], "unknown option '--varaint' (Did you mean --variant?); htpw run --help"],
    [['run', 'x.htpw'], "required option '--input <path>' not specified; htpw run --help has examples"],
    [['inspect', 'x', 'y'], 'too many arguments'],
    [['inspect', '\u001b[2J'], '\\u{1b}[2J: cannot be read'],
    [['plan', 'x', '--residency', 'boot', '-o', 'y', '--curve'], 'no --curve'],
    [['plan', 'x', '--residency', 'boot', '-o', 'y', '--no-lazy'], 'no --no-lazy'],
    [['inspect', 'x', '--hex', '--json'], "'--hex' cannot be used with option '--json'; htpw inspect --help"],
    [['verify', 'x', '--log', 'y', '--windows', '3'], "'--windows <count>' cannot be used with option '--log <file>'"],
    [['build', '--tailor', 'x', '--bare'], "'--tailor <image>' cannot be used with option '--bare'"],
    [['build', '--tailor', 'x', '--model', 'y'], "'--tailor <image>' cannot be used with option '--model <image>'"],
    [['clib', '--tailor', 'x', '--sizes', '-o', 'y'], "'--sizes' cannot be used with option '-o, --output <folder>'"],
    [['clib', '--tailor', 'x', '--sizes', '--input', 'y'], "'--sizes' cannot be used with option '--input <file>'"],
  ])('%j is refused in one line', async (words, says) => {
    const { code, out, error } = await htpw(...words);
    expect(error).toMatch(/^htpw: [^\n]+\n$/);
    expect(error).toContain(says);
    expect({ code, out }).toEqual({ code: 2, out: '' });
  });

  it('clib --tailor may be repeated, or says so itself', async () => {
    const { error } = await htpw('clib', '--tailor', 'x.htpw', '--sizes', '--sizes');
    expect(error).toContain('x.htpw: cannot be read');
  });
});

describe('a process', () => {
  const htpwProcess = (words: string, env = {}) =>
    spawnSync('sh', ['-c', `node scripts/htpw.js ${words}`], { encoding: 'utf8', env: { ...process.env, ...env } });

  it('without a word prints its help to stdout and ends with 0', () => {
    const { status, stdout, stderr } = htpwProcess('');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: htpw/);
  });

  it.each(['--help', 'inspect models/ecg-beats.htpw --hex', 'boards --json'])(
    'is quiet when nobody reads on: %s',
    (words) => {
      const { stdout, stderr } = htpwProcess(`${words} | true`);
      expect(stdout + stderr).toBe('');
    },
  );

  it.skipIf(!existsSync('/dev/full'))('that cannot print says so of its output', () => {
    const { status, stderr } = htpwProcess('boards --json > /dev/full');
    expect(stderr).toMatch(
      /^htpw: standard output: cannot be written, no space left on the device \(ENOSPC\); [^\n]+\n$/,
    );
    expect(status).toBe(2);
  });

  it('whose program is at fault says so in one line, and with HTPW_DEBUG where', () => {
    // a prototype that every module shares, broken before the program starts
    const broken = join(mkdtempSync(join(tmpdir(), 'broken-')), 'x');
    const program =
      'import fs from"node:fs";import m from"node:module";fs.statSync=()=>undefined;m.syncBuiltinESMExports()';
    const preload = `--import data:text/javascript,${encodeURIComponent(program)}`;
    const run = (env: object) => htpwProcess(`inspect ${broken}`, { NODE_OPTIONS: preload, ...env });
    const { status, stderr } = run({ HTPW_DEBUG: '' });
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^htpw: unexpected TypeError: [^\n]+; this is a fault of htpw, [^\n]*HTPW_DEBUG=1 shows where\n$/,
    );
    expect(run({ HTPW_DEBUG: '1' }).stderr).toMatch(/\n +at /);
  });
});

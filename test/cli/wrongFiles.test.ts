/** Every file that a verb reads, as every kind that it does not want: exit code 2, one line, nothing written. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { FIXTURES } from '../import/fixtures.ts';
import { tflite } from '../import/tflite.ts';
import { htpw, ONE_LINE, snapshot } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'wrong-'));
const inFolder = (name: string) => join(folder, name);
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** The first eight bytes are the length of the header. */
function checkpoint(): Buffer {
  const header = Buffer.from(
    JSON.stringify({ __metadata__: { classNames: 'N,S' }, x: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, Buffer.alloc(4)]);
}

const KINDS: Record<string, Uint8Array> = {
  image: readFileSync('models/ecg-beats.htpw'),
  'image cut short': readFileSync('models/ecg-beats.htpw').subarray(0, 9001),
  tflite: tflite(Object.values(FIXTURES)[0].file),
  checkpoint: checkpoint(),
  JSON: Buffer.from('{"anything": [1, 2, 3]}'),
  'JSON cut short': Buffer.from('{"name":'),
  text: Buffer.from('a text of several words\n'),
  empty: Buffer.alloc(0),
  'zip archive': latin1(`PK\x03\x04${'\0'.repeat(27)}x`),
  HDF5: latin1('\x89HDF\r\n\x1a\n\0\0\0\0\x01'),
  PNG: latin1('\x89PNG\r\n\x1a\n\0\0\0\rIHDR'),
  'NumPy array': latin1(`\x93NUMPY\x01\0v\0${' '.repeat(640)}`),
  'escape sequences': Buffer.from('\u001b[2J\u001b]0;title\u0007 \u009b31m'),
  noise: Buffer.from(Array.from({ length: 641 }, (_, i) => Math.imul(i + 3, 2654435761) >>> 24)),
};
for (const [kind, bytes] of Object.entries(KINDS)) writeFileSync(inFolder(kind), bytes);
mkdirSync(inFolder('folder'));
writeFileSync(inFolder('window'), new Uint8Array(640));
const FILES = [...Object.keys(KINDS), 'folder', 'missing', join('image', 'below')];

const IMAGE = 'models/ecg-beats.htpw';
const CONFIG = 'models/configs/ecg-beats-int8.json';
const [WINDOW, OUTPUT] = [inFolder('window'), inFolder('output')];

/** What is read: the command line with that file, and what is right there, whole or as far as this goes. */
const READ: Record<string, { words: (file: string) => string[]; right?: string[] }> = {
  'inspect <image>': { words: (file) => ['inspect', file], right: ['image'] },
  'inspect --hex': { words: (file) => ['inspect', file, '--hex'], right: ['image'] },
  'run <image>': { words: (file) => ['run', file, '--input', WINDOW, '--output', OUTPUT], right: ['image'] },
  'run --input': { words: (file) => ['run', IMAGE, '--input', file, '--output', OUTPUT] },
  'plan <image>': { words: (file) => ['plan', file, '--timeline', OUTPUT], right: ['image'] },
  'eval <image>': { words: (file) => ['eval', file, '--data', 'synthetic'], right: ['image'] },
  'eval --compare': { words: (file) => ['eval', IMAGE, '--data', 'synthetic', '--compare', file], right: ['image'] },
  'report <image>': { words: (file) => ['report', file, '--quick', '-o', OUTPUT], right: ['image'] },
  'report --front': { words: (file) => ['report', IMAGE, '--quick', '--front', file, '-o', OUTPUT] },
  'report --training': { words: (file) => ['report', IMAGE, '--quick', '--training', file, '-o', OUTPUT] },
  'card <image>': { words: (file) => ['card', file, '--config', CONFIG, '-o', OUTPUT], right: ['image'] },
  'card --config': { words: (file) => ['card', IMAGE, '--config', file, '-o', OUTPUT] },
  'sweep <grid>': { words: (file) => ['sweep', file, '--records', OUTPUT] },
  'compare <records>': { words: (file) => ['compare', file, 'a', 'b'], right: [] },
  'verify <image>': { words: (file) => ['verify', file, '--board', 'host', '--record', OUTPUT], right: ['image'] },
  'verify --input': { words: (file) => ['verify', IMAGE, '--board', 'host', '--input', file] },
  'verify --log': { words: (file) => ['verify', IMAGE, '--log', file] },
  'clib --tailor': { words: (file) => ['clib', '--tailor', file, '-o', OUTPUT], right: ['image'] },
  'build --tailor': { words: (file) => ['build', '--tailor', file, '-o', OUTPUT], right: ['image'] },
  'build --model': { words: (file) => ['build', 'host', '--model', file], right: ['image'] },
  'build <board>': { words: (file) => ['build', file] },
  'compress <network>': {
    words: (file) => ['compress', file, '--method', 'int4', '-o', OUTPUT],
    right: ['image', 'tflite'],
  },
  'compress --calibration': {
    words: (file) => ['compress', IMAGE, '--method', 'int4', '--calibration', file, '-o', OUTPUT],
  },
  'compress --labels': {
    words: (file) => ['compress', IMAGE, '--method', 'int4', '--calibration', WINDOW, '--labels', file, '-o', OUTPUT],
  },
  'join <networks>': { words: (file) => ['join', IMAGE, `other=${file}`, '-o', OUTPUT], right: ['image', 'tflite'] },
  'join --onto': { words: (file) => ['join', IMAGE, '--onto', file, '-o', OUTPUT] },
  'join --calibration': {
    words: (file) => ['join', IMAGE, '--codebook', '--calibration', file, '-o', OUTPUT],
  },
  'import <model>': { words: (file) => ['import', file, '-o', OUTPUT], right: ['tflite'] },
  'import <model> with --arch': { words: (file) => ['import', file, '--arch', CONFIG, '-o', OUTPUT] },
  'import --arch': { words: (file) => ['import', inFolder('checkpoint'), '--arch', file, '-o', OUTPUT] },
  'train --config': { words: (file) => ['train', '--config', file, '-o', OUTPUT] },
  'pack <checkpoint>': { words: (file) => ['pack', file, '--config', CONFIG, '-o', OUTPUT] },
  'pack --config': { words: (file) => ['pack', inFolder('checkpoint'), '--config', file, '-o', OUTPUT] },
  'golden <folder>': { words: (file) => ['golden', file, '--boards', 'none'] },
};

describe.each(Object.entries(READ))('%s', (_, { words, right = [] }) => {
  it.each(FILES.filter((file) => !right.includes(file)))('is refused as: %s', async (file) => {
    const before = snapshot(folder);
    const { code, out, error } = await htpw(...words(inFolder(file)));
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain(file);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(snapshot(folder)).toEqual(before);
  });
});

describe('an image is wanted, and', () => {
  it.each([
    ['tflite', /this is a \.tflite model; import it first: htpw import .*tflite -o .*tflite\.htpw/],
    ['empty', /empty: the file is empty; expected an \.htpw image/],
    ['checkpoint', /this is a \.safetensors checkpoint; htpw import takes it with --arch/],
    ['JSON', /this is JSON text; give an \.htpw image/],
    ['folder', /folder is a folder; give the path of a file/],
    ['missing', /missing: cannot be read, no such file \(ENOENT\); give the path of a file/],
    ['HDF5', /this is an HDF5 file, as Keras writes \.h5; convert it with tf\.lite/],
  ])('%s says what it is and what to do', async (file, says) => {
    expect((await htpw('inspect', inFolder(file))).error).toMatch(says);
  });
});

/** Exit code and errors of a command line that gets a file through a pipe. */
function piped(words: string[], file: string): [number | null, string] {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/htpw.js', ...words], {
    input: readFileSync(file),
    encoding: 'utf8',
  });
  return [status, stderr];
}

it('one pipe cannot be two inputs', () => {
  const [status, error] = piped(['run', '-', '--input', '/dev/stdin', '--output', inFolder('piped')], IMAGE);
  expect(error).toMatch(/^htpw: \/dev\/stdin: has been read for another input; only one can come this way\n$/);
  expect(status).toBe(2);
});

describe('an input that comes through a pipe', () => {
  const output = inFolder('piped');
  it.each<[string, string, string[]]>([
    ['inspect', IMAGE, ['inspect', '/dev/stdin']],
    ['run', IMAGE, ['run', '/dev/stdin', '--input', WINDOW, '--output', output]],
    ['run --input', WINDOW, ['run', IMAGE, '--input', '-', '--output', output]],
    ['compress', IMAGE, ['compress', '-', '--method', 'int4', '-o', output]],
    ['compress of a .tflite', inFolder('tflite'), ['compress', '-', '--method', 'int4', '-o', output]],
    ['import', inFolder('tflite'), ['import', '/dev/stdin', '-o', output]],
    ['plan', IMAGE, ['plan', '-', '--residency', 'stream', '-o', output]],
    ['clib', IMAGE, ['clib', '--tailor', '-', '-o', inFolder('library')]],
  ])('is read once by %s', (_, file, words) => {
    expect(piped(words, file)).toEqual([0, '']);
  });
});

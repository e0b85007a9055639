/** What may stand where an output is to go: every kind of target, for every verb that writes. */
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FIXTURES } from '../import/fixtures.ts';
import { tflite } from '../import/tflite.ts';
import { htpw, ONE_LINE, snapshot } from './command.ts';

const IMAGE = readFileSync('models/ecg-beats.htpw');
const GRID = 'models/sweeps/synthetic.json';
const CONFIG = 'models/configs/ecg-beats-int8.json';
const MODEL = tflite(Object.values(FIXTURES)[0].file);
const WINDOW = new Uint8Array(640);
const OLD = 'what was there';

let folder: string;
let image: string;
const inFolder = (name: string) => join(folder, name);
const folders: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'outputs-'));
  folders.push(folder);
  image = inFolder('image.htpw');
  writeFileSync(image, IMAGE);
  writeFileSync(inFolder('window.bin'), WINDOW);
  writeFileSync(inFolder('model.tflite'), MODEL);
  writeFileSync(inFolder('config.json'), readFileSync(CONFIG));
});
afterAll(() => {
  for (const each of folders) {
    for (const name of ['sealed']) if (existsSync(join(each, name))) chmodSync(join(each, name), 0o755);
    rmSync(each, { recursive: true, force: true });
  }
});

type Words = (output: string) => string[];

/** Verbs that write a file; `input` is one that they read. */
const WRITERS: { name: string; words: Words; input: string }[] = [
  {
    name: 'run',
    words: (to) => ['run', image, '--input', inFolder('window.bin'), '--output', to],
    input: 'window.bin',
  },
  { name: 'import', words: (to) => ['import', inFolder('model.tflite'), '-o', to], input: 'model.tflite' },
  {
    name: 'import of a checkpoint',
    words: (to) => ['import', 'x.safetensors', '--arch', inFolder('config.json'), '-o', to],
    input: 'config.json',
  },
  {
    name: 'pack',
    words: (to) => ['pack', 'x.safetensors', '--config', inFolder('config.json'), '-o', to],
    input: 'config.json',
  },
  { name: 'compress', words: (to) => ['compress', image, '--method', 'int4', '-o', to], input: 'image.htpw' },
  { name: 'join', words: (to) => ['join', image, '-o', to], input: 'image.htpw' },
  { name: 'plan -o', words: (to) => ['plan', image, '--residency', 'stream', '-o', to], input: 'image.htpw' },
  { name: 'plan --curve', words: (to) => ['plan', image, '--curve', to], input: 'image.htpw' },
  { name: 'plan --timeline', words: (to) => ['plan', image, '--timeline', to], input: 'image.htpw' },
  {
    name: 'train -o',
    words: (to) => ['train', '--config', inFolder('config.json'), '--data', 'synthetic', '-o', to],
    input: 'config.json',
  },
  {
    name: 'train --checkpoint',
    words: (to) => ['train', '--config', inFolder('config.json'), '-o', inFolder('i.htpw'), '--checkpoint', to],
    input: 'config.json',
  },
  {
    name: 'card',
    words: (to) => ['card', image, '--config', inFolder('config.json'), '--data', 'synthetic', '-o', to],
    input: 'config.json',
  },
  {
    name: 'clib --input',
    words: (to) => ['clib', '--tailor', image, '-o', inFolder('library'), '--input', to],
    input: 'image.htpw',
  },
  { name: 'verify --record', words: (to) => ['verify', image, '--board', 'host', '--record', to], input: 'image.htpw' },
];

/** Targets that no verb writes to; each makes what stands there and returns its name. */
const REFUSED: { target: string; make: (input: string) => string; says: RegExp }[] = [
  { target: 'a folder', make: () => made('models', mkdirSync), says: /models is a folder; give the name of a file/ },
  { target: 'a folder with a slash', make: () => `${made('models', mkdirSync)}/`, says: /is a folder; give the name/ },
  { target: 'the name of a folder to come', make: () => `${inFolder('new')}/`, says: /is a folder's name; give the/ },
  {
    target: 'a link to a folder',
    make: () => made('link', (path) => symlinkSync(made('models', mkdirSync), path)),
    says: /link is a folder; give the name of a file/,
  },
  { target: 'an empty name', make: () => '', says: /expected the name of a file to write/ },
  {
    target: 'a path below a file',
    make: () =>
      join(
        made('file', (path) => writeFileSync(path, OLD)),
        'below',
        'it',
      ),
    says: /a part of the path is a file and no folder \(ENOTDIR\)/,
  },
  {
    target: 'a read-only file',
    make: () => made('sealed', (path) => writeFileSync(path, OLD, { mode: 0o444 })),
    says: /sealed: is read-only; chmod u\+w/,
  },
  {
    target: 'a file in a read-only folder',
    make: () =>
      join(
        made('sealed', (path) => mkdirSync(path, { mode: 0o555 })),
        'file',
      ),
    says: /sealed: is read-only, and a file is made anew in its folder/,
  },
  { target: 'too long a name', make: () => inFolder('x'.repeat(300)), says: /the name is too long \(ENAMETOOLONG\)/ },
  {
    target: 'too long a name of a folder to come',
    make: () => join(inFolder('new'), 'x'.repeat(300), 'file'),
    says: /the name is too long \(ENAMETOOLONG\)/,
  },
  {
    target: 'a link to itself',
    make: () => made('loop', (path) => symlinkSync('loop', path)),
    says: /a link leads back to itself \(ELOOP\)/,
  },
  {
    target: 'a folder behind a link to nothing',
    make: () =>
      join(
        made('link', (path) => symlinkSync('nowhere', path)),
        'file',
      ),
    says: /link is a link to nothing/,
  },
  { target: 'the input itself', make: (input) => inFolder(input), says: /is also the input/ },
  {
    target: 'the input by a longer path',
    make: (input) => `${made('models', mkdirSync)}/../${input}`,
    says: /is also the input/,
  },
  {
    target: 'a link to the input',
    make: (input) => made('link', (path) => symlinkSync(input, path)),
    says: /link: is also the input/,
  },
  {
    target: 'a hard link to the input',
    make: (input) => made('hard', (path) => linkSync(inFolder(input), path)),
    says: /hard: is also the input/,
  },
];

function made(name: string, make: (path: string) => unknown): string {
  make(inFolder(name));
  return inFolder(name);
}

describe.each(WRITERS)('htpw $name', ({ words, input }) => {
  it.each(REFUSED)('refuses $target before any work, and changes nothing', async ({ make, says }) => {
    const target = make(input);
    const before = snapshot(folder);
    const { code, out, error } = await htpw(...words(target));
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(says);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(snapshot(folder)).toEqual(before);
  });

  it('refuses a socket', async () => {
    const server = await listening(inFolder('socket'));
    const { code, error } = await htpw(...words(inFolder('socket')));
    server.close();
    expect(error).toMatch(/socket: is a socket; give the name of a file/);
    expect(code).toBe(2);
  });
});

function listening(path: string): Promise<Server> {
  return new Promise((done) => {
    const server = createServer().listen(path, () => done(server));
  });
}

/** Verbs that are quick enough to write to every kind of target. */
const QUICK = WRITERS.filter(({ name }) => ['run', 'import', 'plan -o', 'plan --timeline'].includes(name));
const IS_ROOT = process.getuid?.() === 0;

describe.each(QUICK)('htpw $name writes the same bytes', ({ words }) => {
  const written = async (target: string): Promise<Buffer> => {
    const { code, error } = await htpw(...words(target));
    expect({ code, error }).toEqual({ code: 0, error: '' });
    return readFileSync(target);
  };
  const leftovers = () => readdirSync(folder, { recursive: true }).filter((name) => `${name}`.includes('.tmp'));

  it('where nothing is, in folders that are missing', async () => {
    const expected = await written(inFolder('new'));
    expect((await written(inFolder('a/b/c'))).equals(expected)).toBe(true);
    expect(leftovers()).toEqual([]);
  });

  it('over a file, whose mode stays', async () => {
    const expected = await written(inFolder('new'));
    const target = made('old', (path) => writeFileSync(path, OLD));
    chmodSync(target, 0o640);
    expect((await written(target)).equals(expected)).toBe(true);
    expect(statSync(target).mode & 0o7777).toBe(0o640);
    expect(leftovers()).toEqual([]);
  });

  it('to what a link leads to, which stays a link, also where nothing is yet', async () => {
    const expected = await written(inFolder('new'));
    for (const [name, target] of [
      ['link', made('old', (path) => writeFileSync(path, OLD))],
      ['dangling', inFolder('to/come')],
    ]) {
      const link = made(name, (path) => symlinkSync(target, path));
      expect((await written(link)).equals(expected)).toBe(true);
      expect(lstatSync(link).isSymbolicLink()).toBe(true);
      expect(readFileSync(target).equals(expected)).toBe(true);
    }
    expect(leftovers()).toEqual([]);
  });

  it('under a name of 255 bytes', async () => {
    const expected = await written(inFolder('new'));
    expect((await written(inFolder('ä'.repeat(127)))).equals(expected)).toBe(true);
  });

  it('to a named pipe, which stays one', async () => {
    const expected = await written(inFolder('new'));
    const pipe = inFolder('pipe');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const reader = spawn('cat', [pipe]);
    const chunks: Buffer[] = [];
    reader.stdout.on('data', (chunk) => chunks.push(chunk));
    const ended = new Promise((done) => reader.on('close', done));
    expect(await htpw(...words(pipe))).toMatchObject({ code: 0, error: '' });
    await ended;
    expect(Buffer.concat(chunks).equals(expected)).toBe(true);
    expect(lstatSync(pipe).isFIFO()).toBe(true);
  });

  it.skipIf(!IS_ROOT)('to a device, which stays one', async (context) => {
    const device = inFolder('null');
    if (spawnSync('mknod', [device, 'c', '1', '3']).status !== 0) return context.skip();
    expect(await htpw(...words(device))).toMatchObject({ code: 0, error: '' });
    expect(lstatSync(device).isCharacterDevice()).toBe(true);
    expect(leftovers()).toEqual([]);
  });

  it.skipIf(!existsSync('/dev/full'))('or says that there is no space', async () => {
    const { code, error } = await htpw(...words('/dev/full'));
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(/no space left on the device \(ENOSPC\)/);
    expect(code).toBe(2);
  });

  it('to stdout, and what it says for people to stderr', async () => {
    const expected = await written(inFolder('new'));
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/htpw.js', ...words('-')]);
    expect(status).toBe(0);
    expect(stdout.equals(expected)).toBe(true);
    expect(stderr.length).toBeGreaterThan(0);
  });
});

it.each(['scores.bin', 'class/scores.bin'])('an output in a folder that is read is refused: %s', async (name) => {
  mkdirSync(inFolder('inputs/class'), { recursive: true });
  writeFileSync(inFolder('inputs/class/window.bin'), WINDOW);
  const before = snapshot(folder);
  const words = ['run', image, '--input', inFolder('inputs'), '--output', join(inFolder('inputs'), name)];
  const { code, error } = await htpw(...words);
  expect(error).toMatch(/scores\.bin: is also in the input .*inputs; write to another file/);
  expect(code).toBe(2);
  expect(snapshot(folder)).toEqual(before);
});

it.each(['pictures', 'pictures/page.html', 'pictures/bytes.svg', 'x/../pictures/bytes.svg'])(
  'a page in the folder of its pictures is refused: %s',
  async (name) => {
    const before = snapshot(folder);
    const words = ['report', image, '--quick', '--svg', inFolder('pictures'), '-o', inFolder(name)];
    const { code, error } = await htpw(...words);
    expect(error).toMatch(/is also in the folder .*pictures, which is filled; write to another place/);
    expect(code).toBe(2);
    expect(snapshot(folder)).toEqual(before);
  },
);

it('a state of training replaces no file of another kind, and takes none away', async () => {
  const words = ['train', '--config', inFolder('config.json'), '--data', 'synthetic', '-o', inFolder('new.htpw')];
  const before = snapshot(folder);
  const { code, error } = await htpw(...words, '--state', image, '--restart');
  expect(error).toMatch(
    /image\.htpw: expected nothing, or the state of a training.*got another file; give another name/,
  );
  expect(code).toBe(2);
  expect(snapshot(folder)).toEqual(before);
});

it('a card of an image that came through a pipe has no place of its own', async () => {
  const { code, error } = await htpw('card', '-', '--config', inFolder('config.json'));
  expect(error).toMatch(/^htpw: -: expected a file, beside which the card goes; say where with -o <file>\n$/);
  expect(code).toBe(2);
});

describe.each<[string, Words]>([
  ['sweep --records', (to) => ['sweep', GRID, '--records', to]],
  ['sweep --images', (to) => ['sweep', GRID, '--records', inFolder('records'), '--images', to]],
  ['new -o', (to) => ['new', 'x', '--from', folder, '-o', to]],
])('htpw %s', (_, words) => {
  it.each<[string, () => string, RegExp]>([
    ['without a name', () => '', /"": expected the name of a folder to write to; for this one: \./],
    ['that is a file', () => made('file', (path) => writeFileSync(path, OLD)), /is a file and no folder \(ENOTDIR\)/],
    ['that is read-only', () => made('sealed', (path) => mkdirSync(path, { mode: 0o555 })), /sealed: is read-only/],
  ])('refuses a folder %s before any work, and changes nothing', async (_, make, says) => {
    const target = make();
    const before = snapshot(folder);
    const { code, error } = await htpw(...words(target));
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(says);
    expect(code).toBe(2);
    expect(snapshot(folder)).toEqual(before);
  });
});

describe('two outputs of one command', () => {
  it.each([
    ['of one name', () => [inFolder('x'), inFolder('x')]],
    ['of one file', () => [made('x', (path) => writeFileSync(path, OLD)), made('y', (path) => symlinkSync('x', path))]],
    ['of one file to come', () => [inFolder('x'), made('y', (path) => symlinkSync('x', path))]],
    ['that are stdout', () => ['-', '/dev/stdout']],
  ])('are refused when they are %s', async (_, names) => {
    const [first, second] = names();
    const { code, error } = await htpw('plan', image, '--curve', first, '--timeline', second);
    expect(error).toMatch(/is also the output/);
    expect(code).toBe(2);
  });
});

describe('htpw clib --input', () => {
  it.each(['library', 'a/../library', 'library/include/htpw.h', 'library/src', 'library/LICENSE/x'])(
    'is refused where the library will be: %s',
    async (name) => {
      const before = snapshot(folder);
      const { code, error } = await htpw(
        ...['clib', '--tailor', image, '-o', inFolder('library'), '--input', inFolder(name)],
      );
      expect(error).toMatch(ONE_LINE);
      expect(error).toMatch(/is also for .*library.*, of the library; write to another file/);
      expect(code).toBe(2);
      expect(snapshot(folder)).toEqual(before);
    },
  );
});

describe.each<[string, Words]>([
  ['clib -o', (to) => ['clib', '--tailor', image, '-o', to]],
  ['build --tailor -o', (to) => ['build', '--tailor', image, '-o', to]],
])('htpw %s', (_, words) => {
  it.each<[string, () => string, RegExp]>([
    [
      'with files of others',
      () => made('mine', (path) => spawnSync('mkdir', [path]) && writeFileSync(join(path, 'CMakeLists.txt'), OLD)),
      /mine: has files that htpw did not write \(CMakeLists\.txt\); name a new or empty folder, such as .*htpw/,
    ],
    ['that is a file', () => made('file', (path) => writeFileSync(path, OLD)), /is a file and no folder \(ENOTDIR\)/],
    [
      'below a file',
      () =>
        join(
          made('file', (path) => writeFileSync(path, OLD)),
          'below',
        ),
      /\(ENOTDIR\)/,
    ],
    ['that is read-only', () => made('sealed', (path) => mkdirSync(path, { mode: 0o555 })), /sealed: is read-only/],
    ['without a name', () => '', /expected the name of a folder/],
  ])('refuses a folder %s, and changes nothing', async (_, make, says) => {
    const target = make();
    const before = snapshot(folder);
    const { code, error } = await htpw(...words(target));
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(says);
    expect(code).toBe(2);
    expect(snapshot(folder)).toEqual(before);
  });

  it('fills an empty folder, and again one that it has filled, beside files that were added', async () => {
    const target = made('library', mkdirSync);
    expect(await htpw(...words(target))).toMatchObject({ code: 0, error: '' });
    writeFileSync(join(target, 'notes.txt'), OLD);
    const before = snapshot(target);
    expect(await htpw(...words(target))).toMatchObject({ code: 0, error: '' });
    expect(snapshot(target)).toEqual(before);
  });

  it('keeps a file of its own that was changed, and says which', async () => {
    const target = inFolder('library');
    await htpw(...words(target));
    writeFileSync(join(target, 'README.md'), OLD);
    const before = snapshot(target);
    const { code, error } = await htpw(...words(target));
    expect(error).toMatch(/library: README\.md is not as htpw wrote it/);
    expect(code).toBe(2);
    expect(snapshot(target)).toEqual(before);
  });
});

it('a library for another image leaves no file of the one before', async () => {
  const target = inFolder('library');
  await htpw('clib', '--tailor', image, '-o', target);
  expect(existsSync(join(target, 'src', 'htpw_model.c'))).toBe(true);
  await htpw('clib', '-o', target);
  expect(existsSync(join(target, 'src', 'htpw_model.c'))).toBe(false);
  expect(existsSync(join(target, 'models'))).toBe(true);
  await htpw('clib', '--tailor', image, '-o', target);
  expect(readdirSync(target).map((name) => basename(name))).not.toContain('models');
});

/** What people write as JSON is refused by file and field before anything is trained, packed or built from it. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listBoards } from '../../host/boards/board.ts';
import { readTask } from '../../host/task/task.ts';
import { readConfig, readConfigs, readNetwork } from '../../host/train/config.ts';
import { htpw, ONE_LINE } from './command.ts';

const folder = mkdtempSync(join(tmpdir(), 'configurations-'));
const file = join(folder, 'mine.json');
const GENERATED = 'models/configs/ecg-beats.json';
const BASIS = JSON.parse(readFileSync(GENERATED, 'utf8')).network.methods.pointwise;

/** The configuration with the field at a path replaced; undefined leaves it out. */
function changed(path: string, value: unknown, from = GENERATED): string {
  const config = JSON.parse(readFileSync(from, 'utf8'));
  const keys = path.split('.');
  const last = keys.pop()!;
  const object = keys.reduce((part, key) => part[key], config);
  object[last] = value;
  return JSON.stringify(config);
}

/** Residuals within each other, whose tensors of 1.3 MB all wait: more than the 8 MiB that a plan can hold. */
function manyAlive(depth: number): object[] {
  const layer = { kind: 'depthwise', kernel: 3 };
  if (depth === 7) return [{ kind: 'convolution', channels: 4095, kernel: 3 }, ...manyAlive(6)];
  return depth === 0 ? [layer] : [layer, { kind: 'residual', layers: manyAlive(depth - 1) }];
}

async function refused(text: string | Uint8Array): Promise<string> {
  writeFileSync(file, text);
  const { code, out, error } = await htpw('train', '--config', file, '-o', join(folder, 'out.htpw'));
  expect(error).toMatch(ONE_LINE);
  expect({ code, out, files: readdirSync(folder) }).toEqual({ code: 2, out: '', files: ['mine.json'] });
  expect(error.startsWith(`htpw: ${file}:`)).toBe(true);
  return error.slice(`htpw: ${file}:`.length).trim();
}

describe('htpw train --config', () => {
  it.each<[path: string, value: unknown, says: string]>([
    ['epohcs', 5, 'epohcs: unknown; did you mean "epochs"?'],
    ['network.depthwisekernel', 5, 'network.depthwisekernel: unknown; did you mean "depthwiseKernel"?'],
    ['network.stem.strides', 5, 'network.stem.strides: unknown; did you mean "stride"?'],
    ['windowsPerEpoch.Q', 5, 'windowsPerEpoch.Q: unknown; the fields are N, S, V, F'],
    ['constructor', 5, 'constructor: unknown'],
    ['name', undefined, 'name: expected a name of letters, digits and - _ . +, got none'],
    ['name', '../../etc/x', 'name: expected a name of letters'],
    ['name', 'a\u001b[2J', 'name: expected a name of letters, digits and - _ . +, got "a\\u001b[2J"'],
    ['task', 'nonsense', 'task: expected apnea, cifar10, ecg-beats, '],
    ['task', undefined, 'task: expected a string, got none'],
    ['dataset', 'mitbih', 'dataset: unknown; the fields are name, task,'],
    ['seed', -1, 'seed: expected a whole number from 0 to 4294967295, got -1'],
    ['seed', 1.5, 'seed: expected a whole number'],
    ['epochs', '24', 'epochs: expected a whole number from 1 to 100000, got "24"'],
    ['epochs', 0, 'epochs: expected a whole number'],
    ['batch', null, 'batch: expected a whole number from 1 to 65536, got null'],
    ['windowsPerEpoch', {}, 'windowsPerEpoch.N: expected a class with windows, got none'],
    ['windowsPerEpoch', [9200], 'windowsPerEpoch: expected an object, got [9200]'],
    ['windowsPerEpoch.N', -5, 'windowsPerEpoch.N: expected a whole number from 0'],
    ['learningRate', 0, 'learningRate: expected a number above 0, got 0'],
    ['clip', undefined, 'clip: expected a number above 0, got none'],
    ['weightDecay', 2, 'weightDecay: expected a number from 0 to 1, got 2'],
    ['network', undefined, 'network: expected an object, got none'],
    ['network.inputWidth', 320, 'network.inputWidth: unknown; the fields are stem, depthwiseKernel, widths'],
    ['network.depthwiseKernel', 400, 'network.depthwiseKernel: expected a whole number from 1 to 320, got 400'],
    ['network.widths', [], 'network.widths: expected a list of channels, one per block, got []'],
    ['network.widths.1', 0, 'network.widths.1: expected a whole number from 1 to 4095, got 0'],
    ['network.strides', [2, 1, 2, 1], 'network.strides: expected one per block, 5 as "widths" has, got 4'],
    ['network.strides.2', 0, 'network.strides.2: expected a whole number from 1 to 320, got 0'],
    ['network.methods.pointwise.kind', 'int7', 'network.methods.pointwise.kind: expected one of int8, int4, int2'],
    ['network.methods.pointwise', { kind: 'int8', matrices: 2 }, 'pointwise.matrices: unknown; the fields are kind'],
    ['network.methods.pw9', { kind: 'int4' }, 'network.methods.pw9: expected a layer or a kind of the network, stem'],
    [
      'network.methods.depthwise',
      { kind: 'random', seed: 1, matrices: 1 },
      'depthwise.kind: expected int8 or the like for dw1, as a basis makes weights of pointwise layers and convolutions',
    ],
    ['network.methods.stem', { ...BASIS, columns: 13 }, 'stem.columns: expected at least 14, of the largest layer'],
    [
      'network.methods.pointwise',
      { kind: 'tile', tile: 24, codeLength: 4, hidden: 8 },
      'pointwise.tile: expected a divisor of the 32 weights of a row of pw2',
    ],
    [
      'network.methods.pointwise',
      { kind: 'tile', tile: 64, codeLength: 4, hidden: 8 },
      'pointwise.tile: expected a divisor of the 32 weights of a row of pw2',
    ],
    ['network.methods.pointwise.rows', 64, 'pointwise.rows: expected at least 128, of the largest layer'],
    ['network.methods.pointwise.columns', 64, 'pointwise.columns: expected at least 128, of the largest layer'],
    ['network.methods.pointwise.hidden', 0, 'pointwise.hidden: expected a whole number above 0, as 2 matrices are'],
    ['network', { layers: [] }, 'network.layers: expected a list of layers, got []'],
    ['network', { layers: [{ kind: 'gru' }] }, 'network.layers.0.kind: expected one of convolution, separable'],
    [
      'network',
      { layers: [{ kind: 'residual', layers: [{ kind: 'pointwise', channels: 2 }] }] },
      'network.layers.0: expected a layer that gives the residual something to add, got a residual',
    ],
    [
      'network',
      { layers: [{ kind: 'averagePool', kernel: [2, 2] }] },
      'network.layers: expected pools that fit into their input, got one that is larger',
    ],
    ['network', { layers: manyAlive(7), methods: {} }, 'network: cannot be packed: program needs'],
  ])('refuses %s = %j', async (path, value, says) => {
    expect(await refused(changed(path, value))).toContain(says);
  });

  it.each<[what: string, text: string | Uint8Array, says: RegExp]>([
    ['that is cut short', readFileSync(GENERATED).subarray(0, 200), /^expected JSON, got the end of the file inside/],
    ['that is cut short in a string', '{"name": "ecg', /^expected JSON, got the end of the file inside of it/],
    ['with a comma too many', '{\n  "name": "x",\n}', /^3:1: no JSON: expected double-quoted property name$/],
    ['behind a comment', '{ // mine\n"name": x}', /^2:9: no JSON: unexpected token 'x'$/],
    ['with a comment that is left open', '{ /* mine\n"name": "x"}', /^1:3: no JSON: expected property name or '\}'$/],
    ['with a field twice', '{"epochs": 5, "name": "x", "epochs": 50}', /^epochs: is there twice; keep one$/],
    ['that is a list', '[]', /^expected an object, got \[\]; compare with models\/configs/],
    [
      'that nests deep',
      `{"task": "ecg-beats", "name": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      /^name: expected .*got something that nests/,
    ],
    ['that is a number', '5', /^expected an object, got 5/],
    ['that is none', 'epochs: 5', /^1:1: no JSON: unexpected token 'e'$/],
    ['in UTF-16', Buffer.from('\ufeff{"name": "x"}', 'utf16le'), /^this is text in UTF-16; expected JSON$/],
    ['with NaN', '{\n  "name": "x",\n  "seed": NaN,\n  "epochs": 5\n}', /^3:11: no JSON: unexpected token 'N'$/],
    ['with words behind it', '{"name": "x"} and more', /^1:15: no JSON: unexpected non-whitespace character/],
    [
      'with a string of 20 MB',
      `{"task": "ecg-beats", "name": "${'x'.repeat(2e7)}"}`,
      /^name: expected a name of letters/,
    ],
    [
      'with a number that is infinite',
      changed('clip', 0).replace('"clip":0', '"clip":1e999'),
      /clip: expected a number/,
    ],
  ])('refuses JSON %s', async (_, text, says) => {
    expect(await refused(text)).toMatch(says);
  });

  it('takes a byte order mark', () => {
    writeFileSync(file, `\ufeff${readFileSync(GENERATED, 'utf8')}`);
    expect(readConfig(file)).toEqual(readConfig(GENERATED));
  });
});

describe('models/configs', () => {
  const configs = readdirSync('models/configs').map((name) => join('models/configs', name));
  const isJoint = (path: string): boolean => 'tasks' in JSON.parse(readFileSync(path, 'utf8'));

  it.each(configs.filter(isJoint))('%s is one configuration for each of its tasks', (path) => {
    const { name, network, tasks, ...schedule } = JSON.parse(readFileSync(path, 'utf8'));
    const programs = tasks.map((own: { task: string }) => {
      const task = readTask(own.task);
      return { name: task.name, network, ...schedule, ...own, task, data: task.data.set };
    });
    expect(readConfigs(path)).toEqual({ name, programs });
    expect(() => readConfig(path)).toThrow(`${path}: tasks: expected a configuration of one task, got one that lists`);
  });

  it.each(configs.filter((path) => !isJoint(path)))('%s is read as it is written', (path) => {
    const written = JSON.parse(readFileSync(path, 'utf8'));
    const task = readTask(written.task);
    expect(readConfig(path)).toEqual({ ...written, task, data: task.data.set });
    expect(readNetwork(path)).toEqual(readConfig(path));
    expect(readConfigs(path)).toEqual({ name: written.name, programs: [readConfig(path)] });
  });
});

it('an architecture is a task and a network, in a configuration of which the rest may be missing', () => {
  const { network, name } = readConfig(GENERATED);
  const task = 'ecg-beats';
  for (const text of [
    { task, network },
    { name, task, network },
  ]) {
    writeFileSync(file, JSON.stringify(text));
    expect(readNetwork(file).network).toEqual(network);
  }
  writeFileSync(file, JSON.stringify({ task, network, nmae: 'x' }));
  expect(() => readNetwork(file)).toThrow(`${file}: nmae: unknown; did you mean "name"?`);
  writeFileSync(file, JSON.stringify(network));
  expect(() => readNetwork(file)).toThrow(`${file}: task: expected a string, got none`);
});

describe('board.json', () => {
  const [board] = listBoards();

  it.each<[field: string, value: unknown, says: string]>([
    ['clockHertz', 1, 'clockHertz: unknown; did you mean "clockHz"?'],
    ['variant', 'simd', 'variant: expected one of scalar, dsp, mve, got "simd"'],
    ['core', 'Cortex M7', 'core: expected a name without spaces, such as "Cortex-M4", got "Cortex M7"'],
    ['sources', ['uart.c', 5], 'sources.1: expected a list of strings, got 5'],
    ['runner', { kind: 'wifi' }, 'runner.kind: expected one of qemu, native, serial, got "wifi"'],
    ['runner', { kind: 'serial', baud: 1 }, 'runner.flash: expected a string, got none'],
    ['runner', { kind: 'serial', baud: 1, flash: 'x', program: 'y' }, 'runner.program: unknown; the fields are kind'],
    ['memory', undefined, 'memory: expected an object, got none'],
    ['ticks', { ...board.ticks, divide: 0 }, 'ticks.divide: expected a whole number above 0, got 0'],
  ])('with %s = %j is refused', async (field, value, says) => {
    const own = join(folder, 'my-board');
    mkdirSync(own, { recursive: true });
    const json = JSON.parse(readFileSync('boards/microbit/board.json', 'utf8'));
    writeFileSync(join(own, 'board.json'), JSON.stringify({ ...json, name: 'my-board', [field]: value }));
    const { code, error } = await htpw('build', own);
    expect(error).toMatch(ONE_LINE);
    expect(error).toContain(`my-board/board.json: ${says}`);
    expect(code).toBe(2);
  });

  it('of a folder with a space in its name is refused: the agent prints it as one word', async () => {
    mkdirSync(join(folder, 'my board'), { recursive: true });
    const { code, error } = await htpw('build', join(folder, 'my board'));
    expect(error).toMatch(/my board: expected a folder whose name has letters, digits/);
    expect(code).toBe(2);
  });
});

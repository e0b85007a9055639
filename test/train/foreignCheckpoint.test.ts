/** Float networks that were trained elsewhere: documented names and layouts are all that an exporter has to know. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Runtime } from '../../host/runtime/node.ts';
import { Random } from '../../host/system/random.ts';
import { readConfig } from '../../host/train/config.ts';
import { importCheckpoint } from '../../host/train/foreignCheckpoint.ts';
import { specOf } from '../../host/train/network.ts';
import { initialize } from '../../host/train/parameters.ts';
import { startArrays } from '../../host/train/start.ts';
import { tensorShapes } from '../../host/train/tensors.ts';
import { random } from '../zoo.ts';

const folder = mkdtempSync(join(tmpdir(), 'htpw-'));
const arch = join(folder, 'arch.json');
const network = {
  stem: { channels: 8, kernel: 7, stride: 2 },
  depthwiseKernel: 5,
  widths: [12, 16],
  strides: [2, 1],
  methods: {},
};
writeFileSync(arch, JSON.stringify({ task: 'ecg-beats', network }));

interface Stored {
  dtype?: string;
  shape: number[];
  data: ArrayLike<number>;
}
type File = Record<string, Stored>;

/** The format by its specification: length, JSON, data. */
function safetensors(file: File, metadata: Record<string, string> = { classNames: 'N,S,V' }): Uint8Array {
  let at = 0;
  const entries = Object.entries(file).map(([name, { dtype = 'F32', shape, data }]) => {
    const begin = at;
    at += 4 * data.length;
    return [name, { dtype, shape, data_offsets: [begin, at] }];
  });
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const data = Object.values(file).map((tensor) => Buffer.from(Float32Array.from(tensor.data).buffer));
  return new Uint8Array(Buffer.concat([length, header, ...data]));
}

// A network as another framework holds it: weights [out][in][tap], batch normalisation of its own epsilon and any sign.
interface Block {
  name: string;
  out: number;
  inputs: number;
  taps: number;
  stride: number;
  grouped: boolean;
  weight: Float64Array;
  gamma: Float64Array;
  beta: Float64Array;
  mean: Float64Array;
  variance: Float64Array;
}
const EPSILON = 1e-3;
const next = random(3);
const values = (size: number, scale: number, offset = 0) =>
  Float64Array.from({ length: size }, () => offset + scale * (2 * next() - 1));

function block(name: string, inputs: number, out: number, taps: number, stride: number, grouped = false): Block {
  const depth = grouped ? taps : taps * inputs;
  const weight = values(out * depth, Math.sqrt(3 / depth));
  const gamma = values(out, 0.5, 1).map((value, c) => (c % 3 === 1 ? -value : value));
  const beta = values(out, 0.3, 0.2);
  return {
    name,
    out,
    inputs,
    taps,
    stride,
    grouped,
    weight,
    gamma,
    beta,
    mean: values(out, 0.2),
    variance: values(out, 0.4, 0.8),
  };
}
const blocks = [
  block('stem', 2, 8, 7, 2),
  block('dw1', 8, 8, 5, 2, true),
  block('pw1', 8, 12, 1, 1),
  block('dw2', 12, 12, 5, 1, true),
  block('pw2', 12, 16, 1, 1),
];
const classifier = { weight: values(3 * 16, 0.5), bias: values(3, 0.5) };

/** [positions][channels] through the float network: logits, and the largest activation of every block. */
function forward(x: number[][]): { logits: number[]; peaks: number[] } {
  const peaks: number[] = [];
  for (const { out, inputs, taps, stride, grouped, weight, gamma, beta, mean, variance } of blocks) {
    const width = Math.ceil(x.length / stride);
    const left = Math.floor(Math.max(0, (width - 1) * stride + taps - x.length) / 2);
    x = Array.from({ length: width }, (_, p) =>
      Array.from({ length: out }, (_, c) => {
        let sum = 0;
        for (let t = 0; t < taps; t++)
          for (let k = 0; k < (grouped ? 1 : inputs); k++)
            sum +=
              (x[p * stride + t - left]?.[grouped ? c : k] ?? 0) *
              weight[grouped ? c * taps + t : (c * inputs + k) * taps + t];
        return Math.max(0, (gamma[c] * (sum - mean[c])) / Math.sqrt(variance[c] + EPSILON) + beta[c]);
      }),
    );
    peaks.push(Math.max(...x.flat()));
  }
  const pooled = x[0].map((_, k) => x.reduce((sum, row) => sum + row[k], 0) / x.length);
  const logits = Array.from(classifier.bias, (bias, c) =>
    pooled.reduce((sum, value, k) => sum + value * classifier.weight[c * 16 + k], bias),
  );
  return { logits, peaks };
}

const windows = Array.from({ length: 12 }, (_, n) =>
  Int16Array.from(
    { length: 320 },
    (_, p) => 150 * Math.sin(p / (5 + n)) + 400 * Math.exp(-(((p - 160) / (3 + n)) ** 2)) + 20 * (next() - 0.5),
  ),
);

/** The input as docs/import.md says: z-score in steps of 1/32 between -4 and 4, and the marker. */
function standardized(window: Int16Array): number[][] {
  const mean = window.reduce((sum, x) => sum + x, 0) / 320;
  const deviation = Math.max(4, Math.sqrt(window.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 320));
  return Array.from(window, (x, p) => [
    Math.min(Math.max(Math.round((32 * (x - mean)) / deviation), -128), 127) / 32,
    Math.max(0, 127 - 16 * Math.abs(p - 160)) / 32,
  ]);
}

/** The recipe of docs/import.md. */
function exported(): File {
  const results = windows.map((window) => forward(standardized(window)));
  const file: File = {};
  blocks.forEach(({ name, out, inputs, taps, grouped, weight, gamma, beta, mean, variance }, i) => {
    const f = gamma.map((value, c) => value / Math.sqrt(variance[c] + EPSILON));
    const depth = grouped ? taps : taps * inputs;
    const columns = name === 'stem' ? 4 * Math.ceil(depth / 4) : depth;
    const folded = new Float64Array(grouped ? taps * out : out * columns);
    for (let c = 0; c < out; c++)
      for (let k = 0; k < depth / taps; k++)
        for (let t = 0; t < taps; t++)
          folded[grouped ? t * out + c : c * columns + t * inputs + k] = f[c] * weight[c * depth + k * taps + t];
    file[`${name}.weight`] = { shape: grouped ? [taps, out] : [out, columns], data: folded };
    file[`${name}.gamma`] = { shape: [out], data: new Float64Array(out) };
    file[`${name}.beta`] = { shape: [out], data: beta };
    file[`${name}.mean`] = { shape: [out], data: mean.map((value, c) => value * f[c]) };
    file[`${name}.variance`] = { shape: [out], data: new Float64Array(out).fill(1 - 1e-5) };
    const peak = Math.max(0.5, ...results.map(({ peaks }) => peaks[i]));
    file[`${name}.range`] = { shape: [1], data: [peak] };
  });
  file['fc.weight'] = { shape: [3, 16], data: classifier.weight };
  file['fc.bias'] = { shape: [3], data: classifier.bias };
  file['logits.peak'] = { shape: [1], data: [Math.max(...results.flatMap(({ logits }) => logits.map(Math.abs)))] };
  return file;
}

const path = join(folder, 'model.safetensors');
writeFileSync(path, safetensors(exported()));
const imported = (bytes: Uint8Array) => importCheckpoint(bytes, path, arch, 'q31');

describe('a network trained elsewhere', () => {
  it('answers as it did there, up to INT8, whatever the signs of its batch normalisation', async () => {
    const { image, model } = await imported(safetensors(exported()));
    const runtime = new Runtime(image).load();
    const { scale } = model.programs[0].tensors.at(-1)!;
    const differences = windows.flatMap((window) => {
      const bytes = new Uint8Array(window.buffer, window.byteOffset, window.byteLength);
      const answer = runtime.run(bytes);
      return forward(standardized(window)).logits.map((logit, c) => new Int8Array(answer)[c] * scale - logit);
    });
    const rms = Math.sqrt(differences.reduce((sum, d) => sum + d * d, 0) / differences.length);
    expect(rms).toBeLessThan(0.02 * 127 * scale);
    expect(model.metadata).toEqual({
      name: 'model',
      task: 'ecg-beats',
      labels: ['N', 'S', 'V'],
      sampleRate: 120,
      beatPosition: 160,
    });
  });

  it.each<[string, (file: File) => Uint8Array, string]>([
    [
      'a missing tensor, with its shape',
      ({ 'dw2.weight': _, ...rest }) => safetensors(rest),
      'cannot be imported: tensor "dw2.weight" [5, 12] is missing; docs/import.md has the names',
    ],
    [
      'unknown tensors',
      (file) => safetensors({ ...file, 'bn1.running_mean': { shape: [1], data: [0] } }),
      'no such tensors in this network: "bn1.running_mean"',
    ],
    [
      'another shape, with both',
      (file) => safetensors({ ...file, 'fc.weight': { shape: [16, 3], data: classifier.weight } }),
      'tensor "fc.weight" expected [3, 16], got [16, 3]',
    ],
    [
      'another type',
      (file) => safetensors({ ...file, 'fc.bias': { dtype: 'F16', shape: [3], data: [0, 0, 0] } }),
      'tensor "fc.bias" expected 3 values of F32 inside the file, got F16',
    ],
    [
      'what is not a number, with its index',
      (file) => safetensors({ ...file, 'fc.bias': { shape: [3], data: [0, Number.NaN, 0] } }),
      'tensor "fc.bias" expected finite values, got NaN at index 1',
    ],
    [
      'infinity',
      (file) => safetensors({ ...file, 'pw1.range': { shape: [1], data: [Number.POSITIVE_INFINITY] } }),
      'tensor "pw1.range" expected finite values, got Infinity at index 0',
    ],
    [
      'a range that would count as another',
      (file) => safetensors({ ...file, 'pw1.range': { shape: [1], data: [0.25] } }),
      'tensor "pw1.range" expected at least 0.5, got 0.25 at index 0',
    ],
    [
      'a negative variance',
      (file) => safetensors({ ...file, 'pw1.variance': { shape: [12], data: new Float64Array(12).fill(-1) } }),
      'tensor "pw1.variance" expected variances of 0 or more, got -1 at index 0',
    ],
    [
      'padding with something in it',
      (file) => safetensors({ ...file, 'stem.weight': { shape: [8, 16], data: new Float64Array(128).fill(1) } }),
      'tensor "stem.weight" expected 0 in the padding from column 14 on, got 1 at index 14',
    ],
    [
      'a channel without weights',
      (file) => safetensors({ ...file, 'pw1.weight': { shape: [12, 8], data: new Float64Array(96) } }),
      'channel 0 of "pw1" expected a bias that fits 32 bits',
    ],
    ['no class names', (file) => safetensors(file, {}), 'expected "classNames" in its metadata'],
    [
      'a header that is none',
      () => new Uint8Array([9, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22]),
      'expected a safetensors header',
    ],
    [
      'a file of another kind',
      () => Uint8Array.from('\x89HDF\r\n\x1a\n', (character) => character.charCodeAt(0)),
      'this is no .safetensors checkpoint but an HDF5 file',
    ],
    [
      'no shape',
      (file) => safetensors({ ...file, 'fc.bias': { shape: 3 as never, data: [0, 0, 0] } }),
      'expected a shape',
    ],
  ])('is refused for %s', async (_, change, message) => {
    await expect(imported(change(exported()))).rejects.toThrow(message);
  });

  it.each([
    [{ ...network, inputWidth: 128 }, 'wrong.json: network.inputWidth: unknown; the fields are'],
    [{ ...network, stem: null }, 'stem: expected an object, got null'],
    [
      { ...network, stem: { channels: 0, kernel: 7, stride: 2 } },
      'stem.channels: expected a whole number from 1 to 4095',
    ],
    [{ ...network, strides: [2, 0] }, 'strides.1: expected a whole number from 1 to 320, got 0'],
    [{ ...network, methods: { pw2: { kind: 'int3' } } }, 'methods.pw2.kind: expected one of int8, int4, int2,'],
    [{ ...network, methods: { pw2: { kind: 'basis', matrices: 2 } } }, 'methods.pw2.encoding: expected one of'],
    [[], 'network: expected an object, got []'],
  ])('is refused for an architecture that is none: %#', async (wrong, message) => {
    const file = join(folder, 'wrong.json');
    writeFileSync(file, JSON.stringify({ task: 'ecg-beats', network: wrong }));
    await expect(importCheckpoint(safetensors(exported()), path, file, 'q31')).rejects.toThrow(message);
  });
});

describe('htpw import of a checkpoint', () => {
  const htpw = (...words: string[]) => spawnSync(process.execPath, ['scripts/htpw.js', ...words], { encoding: 'utf8' });

  it('writes the bytes that pack writes', () => {
    const config = join(folder, 'config.json');
    writeFileSync(
      config,
      JSON.stringify({ ...JSON.parse(readFileSync('models/configs/ecg-beats-int8.json', 'utf8')), network }),
    );
    const [ours, packs] = ['ours.htpw', 'packs.htpw'].map((name) => join(folder, name));
    expect(htpw('import', path, '--arch', config, '-o', ours, '--tables', 'compact').stderr).toBe('');
    expect(htpw('pack', path, '--config', config, '-o', packs).stderr).toBe('');
    expect(readFileSync(ours)).toEqual(readFileSync(packs));
  });

  it('asks for the architecture, and writes nothing without', () => {
    const output = join(folder, 'never.htpw');
    const { status, stderr } = htpw('import', path, '-o', output);
    expect([status, existsSync(output)]).toEqual([2, false]);
    expect(stderr).toContain('model.safetensors: a .safetensors checkpoint needs --arch <json>, got none');
  });
});

describe('docs/import.md', () => {
  const shapesOf = (name: string) => {
    const spec = specOf(readConfig(`models/configs/${name}.json`), 4);
    return { spec, shapes: tensorShapes(spec) };
  };

  it('lists every tensor of ecg-beats, by layer, with its shape', () => {
    const page = readFileSync('docs/import.md', 'utf8');
    const listed = [...page.matchAll(/`([a-z0-9]+\.[a-z0-9]+)` (\[[\d, ]+\])/g)].map(([, name, shape]) => [
      name,
      JSON.parse(shape),
    ]);
    expect(listed).toEqual([...shapesOf('ecg-beats').shapes]);
  });

  it.each(['ecg-beats', 'ecg-beats-k1', 'ecg-beats-int8', 'ecg-beats-int4'])(
    'shapes of %s are those that training starts with, and what calibration adds',
    async (name) => {
      await startArrays();
      const { spec, shapes } = shapesOf(name);
      const trained = Object.entries(initialize(spec, new Random(1, 1))).map(([tensor, array]) => {
        const { shape } = array;
        array.dispose();
        return [tensor, shape];
      });
      const calibrated = [...shapes].filter(([tensor]) => /\.(mean|variance|peak)$/.test(tensor));
      expect(new Map([...trained, ...calibrated] as [string, number[]][])).toEqual(shapes);
    },
  );
});

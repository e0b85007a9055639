/**
 * What it takes to add one: a data set, a task and a method that exist in this file alone are trained, packed and run.
 * In the project each would be one file, and a line in a registry for the data set and the method.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataSet } from '../../host/data/dataset.ts';
import { accountOf } from '../../host/data/part.ts';
import { scoreWindows } from '../../host/evaluate/scoring.ts';
import { pack } from '../../host/image/pack.ts';
import { Runtime } from '../../host/runtime/node.ts';
import * as json from '../../host/system/json.ts';
import { Random } from '../../host/system/random.ts';
import { openTask, readTask } from '../../host/task/task.ts';
import { readConfigFor } from '../../host/train/config.ts';
import { checkpointLogits } from '../../host/train/evaluate.ts';
import { METHODS } from '../../host/train/methods/registry.ts';
import { storedMethod } from '../../host/train/methods/stored.ts';
import { quantizeRows } from '../../host/train/quantizers.ts';
import { trainModel } from '../../host/train/train.ts';

const folder = mkdtempSync(join(tmpdir(), 'htpw-toy-'));
const SIZE = 8;

const LABELS = ['row', 'column', 'diagonal'];

/** Images of 8 x 8: a row, a column or a diagonal is bright. */
const stripes: DataSet = {
  name: 'stripes',
  title: 'Stripes',
  licence: 'Apache-2.0',
  citation: 'of this test',
  files: [],
  about: 'Stripes of one direction.',
  unit: 'image',
  group: 'batch',
  labels: LABELS,
  splits: ['train', 'validation', 'test'],
  options: json.fields({}),
  isThere: () => true,
  signalFault: ({ shape }) => (String(shape) === `${SIZE},${SIZE},1` ? null : ['shape', `${SIZE} x ${SIZE} pixels`]),
  load(split, { signal }) {
    const random = new Random(1, this.splits.indexOf(split));
    const labels = Uint8Array.from({ length: 192 }, (_, i) => i % 3);
    const samples = new Int8Array(labels.length * SIZE * SIZE);
    labels.forEach((label, i) => {
      const at = random.below(SIZE);
      for (let y = 0; y < SIZE; y++)
        for (let x = 0; x < SIZE; x++) {
          const isBright = label === 0 ? y === at : label === 1 ? x === at : (x + y) % SIZE === at;
          samples[(i * SIZE + y) * SIZE + x] = (isBright ? 90 : -40) + random.below(30);
        }
    });
    const names = Array.from(labels, (_, i) => `${split} ${i}`);
    const set = {
      signal,
      samples,
      labels,
      groups: names,
      records: names,
      times: new Float64Array(192),
      classNames: LABELS,
    };
    return { ...set, account: accountOf(set, { data: 'stripes', split, folder: null, unit: 'image' }) };
  },
};

/** Three bits a weight; the image stores them in four. */
const int3 = storedMethod({
  kind: 'int3',
  encoding: 'int4',
  about: 'rounded to three bits',
  quantizeRows: (weights) => quantizeRows(weights, 3),
});

beforeAll(() => {
  METHODS.int3 = int3;
});
afterAll(() => {
  delete METHODS.int3;
});

writeFileSync(
  join(folder, 'stripes.json'),
  JSON.stringify({
    name: 'stripes',
    about: 'Direction of a stripe.',
    data: { set: 'stripes' },
    input: { name: 'image', shape: [SIZE, SIZE, 1], type: 'i8', scale: 1 / 128, zeroPoint: -40 },
    frontEnd: { kind: 'none' },
    classes: ['row', 'column', 'diagonal'],
    augmentation: { flip: 0 },
  }),
);

const BASIS = {
  kind: 'basis',
  matrices: 2,
  encoding: 'int4',
  rows: 32,
  columns: 32,
  codeLength: 4,
  hidden: 8,
  rowsPerCode: 8,
};

const NETWORKS = {
  'a plane of convolutions, residuals and a pool': {
    layers: [
      { kind: 'convolution', channels: 8, kernel: [3, 3] },
      { kind: 'residual', layers: [{ kind: 'separable', channels: 8, kernel: [3, 3], activation: 'none' }] },
      { kind: 'averagePool', kernel: [2, 2] },
      {
        kind: 'residual',
        layers: [
          { kind: 'convolution', channels: 16, kernel: [3, 3], stride: [2, 2] },
          { kind: 'convolution', channels: 16, kernel: [3, 3], activation: 'none' },
        ],
      },
    ],
    methods: { stem: { kind: 'int8' }, convolution: { kind: 'int3' }, pointwise: { kind: 'int3' } },
  },
  'fully connected layers on all pixels': {
    layers: [
      { kind: 'fullyConnected', channels: 24 },
      { kind: 'fullyConnected', channels: 12 },
    ],
    methods: { fullyConnected: { kind: 'int3' } },
  },
  'a depthwise layer first, and every other method': {
    layers: [
      { kind: 'depthwise', kernel: [5, 5] },
      { kind: 'pointwise', channels: 24 },
      { kind: 'separable', channels: 24, kernel: [3, 3], stride: [2, 2] },
      { kind: 'separable', channels: 24, kernel: [3, 3] },
      { kind: 'separable', channels: 24, kernel: [3, 3] },
    ],
    methods: {
      pw1: { kind: 'int3' },
      pw2: { kind: 'binary' },
      pw3: { kind: 'ternary' },
      pw4: { kind: 'int2' },
    },
  },
  'generated layers, by a basis and in tiles': {
    layers: [
      { kind: 'convolution', channels: 16, kernel: [3, 3] },
      { kind: 'separable', channels: 32, kernel: [3, 3], stride: [2, 2] },
      { kind: 'separable', channels: 32, kernel: [3, 3] },
      { kind: 'separable', channels: 32, kernel: [3, 3] },
      { kind: 'separable', channels: 32, kernel: [3, 3] },
    ],
    methods: {
      pointwise: { kind: 'tile', tile: 16, codeLength: 8, codes: 'int4', hidden: 16 },
      pw1: BASIS,
      pw2: BASIS,
    },
  },
  'layers mixed from random matrices, and one that is a random matrix': {
    layers: [
      { kind: 'convolution', channels: 16, kernel: [3, 3] },
      { kind: 'separable', channels: 32, kernel: [3, 3], stride: [2, 2] },
      { kind: 'separable', channels: 32, kernel: [3, 3] },
      { kind: 'separable', channels: 32, kernel: [3, 3] },
    ],
    methods: {
      pointwise: { kind: 'random', seed: 0xffffffff, matrices: 4, codeLength: 4, hidden: 8, rowsPerCode: 8 },
      pw3: { kind: 'random', seed: 7, matrices: 1 },
    },
  },
};

describe('a data set, a task and a method of one file each', () => {
  const sets = [stripes];
  const task = readTask('stripes.json', folder, sets);

  const configOf = (network: unknown) =>
    readConfigFor(task, 'mine.json', {
      name: 'stripes',
      task: 'stripes.json',
      seed: 1,
      network,
      epochs: 6,
      batch: 32,
      windowsPerEpoch: { row: 64, column: 64, diagonal: 64 },
      learningRate: 0.01,
      codeRate: 1,
      warmupSteps: 4,
      weightDecay: 0.01,
      clip: 2,
    });

  it.each(Object.entries(NETWORKS))('train and run %s', { timeout: 300_000 }, async (_, network) => {
    const config = configOf(network);
    const { checkpoint, model, report } = await trainModel(config, { sets });
    const test = openTask(task, { sets }).load('test');
    const runtime = new Runtime(pack(model, { tables: 'q31' })).load();
    runtime.checkWeights();
    const { scores } = scoreWindows(runtime, test);
    const answers = Array.from(test.labels, (_, i) => best(scores.subarray(3 * i, 3 * i + 3)));
    const right = answers.filter((answer, i) => answer === test.labels[i]).length;
    expect(right / test.labels.length).toBeGreaterThan(0.8);
    expect(report.later).toBeNull();

    // the device answers as the float simulation does, within a few steps of its logits
    const logits = checkpointLogits(checkpoint, config, test);
    const step = model.programs[0]!.tensors.at(-1)!.scale;
    const differences = Array.from(test.labels.subarray(0, 64), (_, i) => {
      const output = new Int8Array(runtime.run(test.samples.subarray(i * 64, (i + 1) * 64)).buffer);
      return Math.max(...output.map((q, c) => Math.abs(q - Math.min(Math.max(logits[3 * i + c]! / step, -128), 127))));
    });
    expect(differences.reduce((sum, value) => sum + value, 0) / differences.length).toBeLessThan(4);
  });

  it('is refused where it does not fit, by field', () => {
    expect(() => configOf({ layers: [{ kind: 'averagePool', kernel: [9, 9] }] })).toThrow(
      'mine.json: network.layers: expected pools that fit into their input, got one that is larger',
    );
    expect(() => openTask({ ...task, input: { ...task.input, shape: [4, 4, 1] } }, { sets }).load('test')).toThrow(
      'data set stripes: input.shape: expected 8 x 8 pixels, got [4,4,1]; edit the task',
    );
  });
});

const best = (values: Float64Array): number => values.indexOf(Math.max(...values));

/** Learning from a teacher, weights of classes, and which parameters are kept. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WindowSet } from '../../host/data/windows.ts';
import { pack } from '../../host/image/pack.ts';
import { openTask } from '../../host/task/task.ts';
import { encodeCheckpoint } from '../../host/train/checkpoint.ts';
import { weightsOf } from '../../host/train/classWeights.ts';
import { readConfig, readConfigs, type TrainConfig } from '../../host/train/config.ts';
import { checkpointLogits } from '../../host/train/evaluate.ts';
import { lossOf } from '../../host/train/loss.ts';
import type { Trained } from '../../host/train/run.ts';
import { startArrays } from '../../host/train/start.ts';
import { softTargets, teachersOf } from '../../host/train/teacher.ts';
import { trainModel, trainTogether } from '../../host/train/train.ts';
import { htpw, ONE_LINE } from '../cli/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'htpw-teacher-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const NETWORK = (channels: number) => ({
  layers: [
    { kind: 'convolution', channels, kernel: 8, stride: 4 },
    { kind: 'separable', channels: 2 * channels, kernel: 5, stride: 2 },
  ],
  methods: {},
});
const BASE = {
  name: 'motion',
  task: 'synthetic-motion',
  seed: 1,
  network: NETWORK(4),
  epochs: 4,
  batch: 32,
  windowsPerEpoch: { rest: 64, walk: 64, run: 64, shake: 64 },
  learningRate: 0.01,
  codeRate: 1,
  warmupSteps: 4,
  weightDecay: 0.01,
  clip: 2,
};

function written(change: object, name = 'config.json'): string {
  writeFileSync(at(name), JSON.stringify({ ...BASE, ...change }));
  return at(name);
}
const read = (change: object): TrainConfig => readConfig(written(change));
const train = (change: object): Promise<Trained> => trainModel(read(change));

let teacher: Trained;
let windows: WindowSet;

beforeAll(async () => {
  await startArrays();
  teacher = await train({ name: 'teacher', network: NETWORK(12), epochs: 12 });
  writeFileSync(at('teacher.htpw'), pack(teacher.model));
  writeFileSync(at('teacher.safetensors'), encodeCheckpoint(teacher.checkpoint));
  windows = openTask(read({}).task).load('train');
}, 300_000);

const softmax = (logits: readonly number[], temperature = 1): number[] => {
  const exponentials = logits.map((value) => Math.exp(value / temperature));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
};

describe('the loss', () => {
  const LOGITS = [
    [1, -2, 0.5],
    [0, 3, -1],
  ];
  const HARD = [
    [1.5, 0, 0],
    [0, 0, 0.5],
  ];
  const SOFT = [
    [0.7, 0.1, 0.2],
    [0.25, 0.25, 0.5],
  ];
  const flat = (rows: number[][]): Float32Array => Float32Array.from(rows.flat());
  const targets = { hard: flat(HARD), soft: flat(SOFT) };
  const entropy = (targets: number[][], temperature: number): number =>
    targets.reduce(
      (sum, row, i) =>
        sum - row.reduce((all, target, c) => all + target * Math.log(softmax(LOGITS[i]!, temperature)[c]!), 0),
      0,
    ) / 2;

  it.each([
    [2, 0.5],
    [4, 0.9],
    [1, 1],
  ])('with temperature %f and weight %f is that of Hinton et al., worked out by hand', (temperature, weight) => {
    const { value } = lossOf(flat(LOGITS), 3, targets, { teachers: [], temperature, weight });
    const expected = (1 - weight) * entropy(HARD, 1) + weight * temperature ** 2 * entropy(SOFT, temperature);
    expect(value).toBeCloseTo(expected, 4);
  });

  it.each([
    [2, 0.5],
    [4, 0.9],
  ])(
    'with temperature %f and weight %f has the gradient that small steps of the logits find',
    (temperature, weight) => {
      const distillation = { teachers: [], temperature, weight };
      const { gradient } = lossOf(flat(LOGITS), 3, targets, distillation);
      const STEP = 1e-3;
      gradient.forEach((slope, i) => {
        const [above, below] = [STEP, -STEP].map((step) => {
          const moved = flat(LOGITS);
          moved[i]! += step;
          return lossOf(moved, 3, targets, distillation).value;
        });
        expect(slope).toBeCloseTo((above! - below!) / (2 * STEP), 3);
      });
    },
  );

  it('without a teacher is cross entropy', () => {
    const { value } = lossOf(flat(LOGITS), 3, { ...targets, soft: null });
    expect(value).toBeCloseTo(entropy(HARD, 1), 5);
  });
});

describe('a teacher', () => {
  const distillation = (files: string | string[], more: object = {}) => ({
    distillation: { teacher: files, temperature: 3, weight: 0.9, ...more },
  });

  it('answers as the float simulation of a checkpoint does, and nearly so as an image', () => {
    const logits = checkpointLogits(teacher.checkpoint, read({ network: NETWORK(12) }), windows);
    const [float, integer] = ['teacher.safetensors', 'teacher.htpw'].map((file) => {
      const [one] = teachersOf(read(distillation(file)));
      return one!.logits(windows);
    });
    expect(float).toEqual(logits);
    const apart = integer!.reduce((sum, value, i) => sum + Math.abs(value - logits[i]!), 0);
    expect(apart / logits.reduce((sum, value) => sum + Math.abs(value), 0)).toBeLessThan(0.1);
  });

  it('gives probabilities at the temperature; several give their mean', () => {
    const teachers = teachersOf(read(distillation(['teacher.safetensors', 'teacher.htpw'])));
    const soft = softTargets(teachers, windows, 3);
    const rows = teachers.map((one) => softmax([...one.logits(windows).slice(4, 8)], 3));
    const expected = rows[0]!.map((value, c) => (value + rows[1]![c]!) / 2);
    expect(soft).toHaveLength(4 * windows.labels.length);
    for (let c = 0; c < 4; c++) expect(soft[4 + c]).toBeCloseTo(expected[c]!, 6);
  });

  it('is followed by its student, which comes nearer to its answers than without', { timeout: 300_000 }, async () => {
    const config = read({});
    const set = openTask(config.task).load('test');
    const wanted = checkpointLogits(teacher.checkpoint, read({ network: NETWORK(12) }), set);
    const apart = async (change: object): Promise<number> => {
      const { checkpoint } = await train({ epochs: 10, ...change });
      const got = checkpointLogits(checkpoint, config, set);
      let divergence = 0;
      for (let i = 0; i < wanted.length; i += 4) {
        const [p, q] = [wanted, got].map((logits) => softmax([...logits.slice(i, i + 4)]));
        p!.forEach((value, c) => {
          divergence += value * Math.log(value / q![c]!);
        });
      }
      return divergence / set.labels.length;
    };
    const [alone, taught] = [await apart({}), await apart(distillation('teacher.htpw'))];
    expect(taught).toBeLessThan(0.8 * alone);
  });

  it('gives the same bytes again, and others than none', { timeout: 300_000 }, async () => {
    const image = async (change: object): Promise<string> => sha256(pack((await train(change)).model));
    const taught = await image(distillation('teacher.htpw'));
    expect(await image(distillation('teacher.htpw'))).toBe(taught);
    expect(await image({})).not.toBe(taught);
    expect(await image(distillation('teacher.htpw', { weight: 0.2 }))).not.toBe(taught);
  });

  it('can teach one of several tasks that are trained together', { timeout: 300_000 }, async () => {
    const { name, task, windowsPerEpoch, ...schedule } = BASE;
    const tones = { task: 'synthetic-tones', windowsPerEpoch: { hum: 64, twice: 64, whistle: 64, hiss: 64 } };
    const losses = async (entry: object): Promise<number[]> => {
      const tasks = [{ name, task, windowsPerEpoch, ...entry }, tones];
      writeFileSync(at('both.json'), JSON.stringify({ name: 'both', ...schedule, epochs: 1, tasks }));
      return (await trainTogether(readConfigs(at('both.json')))).report.history.map(({ loss }) => loss);
    };
    expect(await losses(distillation('teacher.htpw'))).not.toEqual(await losses({}));
  });

  it.each<[string, () => object, RegExp]>([
    ['is not there', () => distillation('none.htpw'), /none\.htpw: .*no such file/],
    [
      'is neither image nor checkpoint',
      () => distillation('config.json'),
      /config\.json: teacher of motion: expected an image or a checkpoint, got JSON text: /,
    ],
    [
      'has other classes',
      () => distillation(relative(folder, 'models/ecg-beats.htpw')),
      /ecg-beats\.htpw: teacher of motion: expected a network that takes 1 x 64 x 3 values of i16, for classes rest, walk/,
    ],
    [
      'is a checkpoint of other classes',
      () => {
        const config = { ...read({ network: NETWORK(12) }) };
        const task = { ...config.task, classes: { rest: ['rest'], walk: ['walk'], run: ['run'], quake: ['shake'] } };
        const metadata = { config: JSON.stringify({ ...config, task, windowsPerEpoch: { rest: 1 } }) };
        writeFileSync(at('other.safetensors'), encodeCheckpoint({ ...teacher.checkpoint, metadata }));
        return distillation('other.safetensors');
      },
      /other\.safetensors: teacher of motion: expected a network that takes .*classes rest, walk, run, shake, got none/,
    ],
    [
      'is a checkpoint that does not say of what',
      () => {
        writeFileSync(at('bare.safetensors'), encodeCheckpoint({ ...teacher.checkpoint, metadata: {} }));
        return distillation('bare.safetensors');
      },
      /bare\.safetensors: teacher of motion: expected the configuration that it was trained with in its metadata/,
    ],
    [
      'has no name',
      () => ({ distillation: {} }),
      /distillation\.teacher: expected the path of an image or a checkpoint/,
    ],
    [
      'weighs too much',
      () => distillation('teacher.htpw', { weight: 1.5 }),
      /distillation\.weight: expected a number from 0 to 1, got 1\.5/,
    ],
  ])('that %s is refused in one line', async (_, change, says) => {
    const config = written(change());
    const { code, error } = await htpw('train', '--config', config, '-o', at('x.htpw'));
    expect(error).toMatch(ONE_LINE);
    expect(error).toMatch(says);
    expect(code).toBe(2);
  });
});

describe('weights of classes', () => {
  const counts = { N: 900, S: 100 };
  it.each([
    ['root', [1 / 30, 1 / 10]],
    ['balanced', [1 / 900, 1 / 100]],
    ['equal', [1, 1]],
    [{ N: 2, S: 6 }, [2, 6]],
  ] as const)('%j are in proportion to what it says, 1 in the mean over an epoch', (weights, expected) => {
    const [n, s] = weightsOf(weights, ['N', 'S', 'V'], counts) as [number, number];
    expect(s / n).toBeCloseTo(expected[1] / expected[0], 9);
    expect((900 * n + 100 * s) / 1000).toBeCloseTo(1, 9);
  });

  it('are those of "root" where nothing is said, and others where it is', { timeout: 300_000 }, async () => {
    const windowsPerEpoch = { rest: 128, walk: 64, run: 32, shake: 32 };
    const image = async (change: object) =>
      sha256(pack((await train({ windowsPerEpoch, epochs: 1, ...change })).model));
    const plain = await image({});
    expect(await image({ classWeights: 'root' })).toBe(plain);
    expect(await image({ classWeights: 'equal' })).not.toBe(plain);
  });

  it.each<[unknown, RegExp]>([
    ['inverse', /classWeights: expected one of root, balanced, equal, got "inverse"/],
    [{ rest: 1 }, /classWeights: expected a weight for walk, of which an epoch has windows/],
    [{ rest: 1, walk: 0, run: 1, shake: 1 }, /classWeights\.walk: expected a number above 0, got 0/],
    [{ rest: 1, walk: 1, run: 1, shakes: 1 }, /classWeights\.shakes: unknown; did you mean "shake"\?/],
    [3, /classWeights: expected one of root, balanced, equal, or a weight for each class, got 3/],
  ])('%j are refused', (classWeights, says) => {
    expect(() => read({ classWeights })).toThrow(says);
  });
});

describe('the parameters that are kept', () => {
  it('are those of the best look, which are as the look saw them', { timeout: 300_000 }, async () => {
    // so fast that the last is hardly the best
    const change = { epochs: 12, learningRate: 0.2, warmupSteps: 0, lookEvery: 1 };
    const [last, best] = [await train(change), await train({ ...change, keep: 'best' })];
    const scores = best.report.history.map(({ validation }) => validation![0]!);
    expect(best.report.validation.macroF1).toBe(Math.max(...scores));
    expect(best.report.kept).toBe(1 + scores.indexOf(Math.max(...scores)));
    expect(last.report.kept).toBe(12);
    expect(last.report.validation.macroF1).toBe(scores.at(-1));
    expect(last.report.history).toEqual(best.report.history);
  });

  it('are the last whatever was looked at', { timeout: 300_000 }, async () => {
    const image = async (lookEvery: number) => sha256(pack((await train({ lookEvery })).model));
    expect(await image(1)).toBe(await image(4));
  });
});

describe('the curves of a training', () => {
  it('are drawn, printed and listed', { timeout: 300_000 }, async () => {
    const config = written({ epochs: 4, lookEvery: 1 });
    const words = ['train', '--config', config, '-o', at('motion.htpw'), '--curves', at('motion.svg'), '--json'];
    const { code, out, error } = await htpw(...words);
    expect(code).toBe(0);
    expect(error).toMatch(/^(epoch [123]: loss \d\.\d{3}, validation macro-F1 0\.\d{3}\n){3}$/);
    const { history, kept } = JSON.parse(out) as { history: { loss: number; validation: number[] }[]; kept: number };
    expect(history).toHaveLength(4);
    expect(kept).toBe(4);
    const svg = readFileSync(at('motion.svg'), 'utf8');
    for (const words of ['motion: loss', 'loss, nats', 'macro-F1', 'epoch', 'training loss', 'kept: epoch 4'])
      expect(svg).toContain(`>${words}</text>`);
    // one point an epoch in each panel, at the heights of the values: 1 is at 56, 0 at the axis
    const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
    expect(dots).toHaveLength(8);
    const [, , , , ...looks] = dots;
    looks.forEach(([, y], i) => {
      expect(y).toBeCloseTo(256 - 200 * history[i]!.validation[0]!, 0);
    });
  });
});

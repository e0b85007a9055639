/** Which images take windows of a task. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { testWindows } from '../../host/task/inputs.ts';
import { readTask, type Task } from '../../host/task/task.ts';
import { readConfigFor } from '../../host/train/config.ts';
import { untrainedModel, untrainedTogether } from '../../host/train/index.ts';
import { tinyModel } from '../boards/tinyImage.ts';

it('is ECG only what an image takes as raw samples, not any input of as many bytes', () => {
  const model = tinyModel();
  const [input, mixed] = model.programs[0].tensors;
  input.shape = [1, 160, 4];
  mixed.shape = [1, 160, 8];
  model.programs[0].operators.pop();
  model.programs[0].tensors.pop();
  model.programs[0].outputs = [1];
  const quantised = new Runtime(pack(model));
  const ecg = new Runtime(new Uint8Array(readFileSync('models/ecg-beats.htpw')));
  expect(quantised.inputBytes()).toBe(ecg.inputBytes());
  expect(testWindows(quantised, 1, 'synthetic-easy').name).toBe('random bytes');
  expect(testWindows(ecg, 1, 'synthetic-easy').name).toBe('Synthetic ECG, at rest');
});

it('is of a task only what answers as many classes, and gets random bytes where no recordings are at hand', async () => {
  const task = readTask('spoken-digits');
  const network = { layers: [{ kind: 'convolution', channels: 4, kernel: 3, stride: 4 }], methods: {} };
  const training = { name: 'x', task: 'x', seed: 1, epochs: 1, batch: 8, windowsPerEpoch: { one: 8 }, network };
  const rates = { learningRate: 0.003, codeRate: 3, warmupSteps: 1, weightDecay: 0, clip: 2 };
  const configFor = (classes: Task['classes'], name = 'x') =>
    readConfigFor({ ...task, classes }, 'x.json', { ...training, ...rates, name });
  const runtimeFor = async (classes: Task['classes']) => new Runtime(pack(await untrainedModel(configFor(classes))));
  const two = { one: ['one'], two: ['two'] };
  expect(testWindows(await runtimeFor(two), 1, 'fsdd').name).toBe('random bytes');
  const ten = await runtimeFor(task.classes);
  expect(testWindows(ten, 1, undefined, { root: '/nowhere' }).name).toBe('random bytes');
  expect(() => testWindows(ten, 1, 'fsdd', { root: '/nowhere' })).toThrow(/^fsdd: expected clips in/);
  // of several programs it is the loaded one that counts
  const programs = [configFor(two), configFor(task.classes, 'y')];
  const both = new Runtime(pack(await untrainedTogether({ name: 'both', programs })));
  expect(testWindows(both.load(0), 1, 'fsdd').name).toBe('random bytes');
  expect(() => testWindows(both.load(1), 1, 'fsdd', { root: '/nowhere' })).toThrow(/^fsdd: expected clips in/);
});

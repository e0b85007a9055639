/** Configurations of small networks for synthetic tasks, which share what their pointwise layers are made from. */
import { readTask } from '../../host/task/task.ts';
import { type JointConfig, readConfigFor, type TrainConfig } from '../../host/train/config.ts';

export const BASIS = {
  kind: 'basis',
  matrices: 2,
  encoding: 'int2',
  rows: 24,
  columns: 24,
  codeLength: 4,
  hidden: 6,
  rowsPerCode: 8,
};
export const RANDOM = { kind: 'random', seed: 5, matrices: 3, codeLength: 4, hidden: 6, rowsPerCode: 8 };
/** One matrix, without codes. */
export const SINGLE = { kind: 'basis', matrices: 1, encoding: 'int4', rows: 24, columns: 24 };

/** Task by the name of the program. */
const TASKS = { ecg: 'ecg-beats', motion: 'synthetic-motion', tones: 'synthetic-tones' } as const;
export type Name = keyof typeof TASKS;

/** As JSON says it. */
export function written(pointwise: object = BASIS) {
  return {
    network: {
      layers: [
        { kind: 'convolution', channels: 8, kernel: 16, stride: 4 },
        { kind: 'separable', channels: 16, kernel: 5, stride: 2 },
        { kind: 'separable', channels: 24, kernel: 5, stride: 2 },
        { kind: 'separable', channels: 24, kernel: 5 },
      ],
      methods: { pointwise },
    },
    seed: 1,
    epochs: 2,
    batch: 16,
    learningRate: 0.01,
    codeRate: 2,
    warmupSteps: 4,
    weightDecay: 0.01,
    clip: 2,
  };
}

export function configFor(name: Name, pointwise: object = BASIS): TrainConfig {
  const task = readTask(TASKS[name]);
  const windowsPerEpoch = Object.fromEntries(Object.keys(task.classes).map((label) => [label, 24]));
  const parsed = { ...written(pointwise), name, task: task.name, windowsPerEpoch };
  const config = readConfigFor(task, `${name}.json`, parsed);
  return name === 'ecg' ? { ...config, data: 'synthetic-easy' } : config;
}

export const together = (names: readonly Name[], pointwise: object = BASIS): JointConfig => ({
  name: 'together',
  programs: names.map((name) => configFor(name, pointwise)),
});

/**
 * Windows a second of training, by the processor time of this process: whole steps, front end and augmentation
 * included, on windows of noise, which take as long as any others.
 */
import { lengthOf, samplesOf } from '../data/signal.ts';
import type { WindowSet } from '../data/windows.ts';
import { Random } from '../system/random.ts';
import { classNamesOf, type Task } from '../task/task.ts';
import { Batcher } from './batches.ts';
import { weightsOf } from './classWeights.ts';
import type { JointConfig } from './config.ts';
import { specsOf } from './network.ts';
import { initializeAll } from './parameters.ts';
import { type BatchArrays, TrainingStep } from './step.ts';

/** Steps before any is timed: the library and Node compile what runs often. */
const WARM_STEPS = 10;

const STEPS = 20;

/** Windows to draw batches from. */
const WINDOWS = 512;

/** Of one configuration; seconds are those of the processor, of 1,000 windows. */
export interface TrainingSpeed {
  name: string;
  networks: number;
  batch: number;
  windowsPerSecond: number;
  seconds: { batches: number; steps: number; total: number };
}

/** The library must have been started. */
export function trainingSpeed({ name, programs }: JointConfig): TrainingSpeed {
  const specs = specsOf(programs);
  const [{ batch }] = programs as [JointConfig['programs'][number]];
  const random = new Random(1);
  const sources = programs.map(({ task, windowsPerEpoch, classWeights }, i) => {
    const set = noise(task, random);
    return {
      batcher: new Batcher(task, set, specs[i]!),
      weights: weightsOf(classWeights ?? 'root', set.classNames, windowsPerEpoch),
    };
  });
  const prepare = (): BatchArrays[] =>
    sources.map(({ batcher, weights }) => {
      const windows = Array.from({ length: batch }, () => random.below(WINDOWS));
      return {
        patches: batcher.patches(windows, batch, random),
        targets: { hard: batcher.targets(windows, weights), soft: null },
      };
    });

  const step = new TrainingStep(specs, initializeAll(specs, random), batch, programs[0]!);
  const seconds = { batches: 0, steps: 0 };
  for (let done = 0; done < WARM_STEPS + STEPS; done++) {
    const [batches, preparing] = timed(prepare);
    const [, stepping] = timed(() => step.run(batches, 1e-3));
    if (done < WARM_STEPS) continue;
    seconds.batches += preparing;
    seconds.steps += stepping;
  }
  step.dispose();
  const windows = STEPS * batch * programs.length;
  const [batches, steps] = [seconds.batches, seconds.steps].map((sum) => (1000 * sum) / windows) as [number, number];
  const total = batches + steps;
  return { name, networks: programs.length, batch, windowsPerSecond: 1000 / total, seconds: { batches, steps, total } };
}

/** Windows that a task could be given, of no meaning. */
function noise({ input, classes }: Task, random: Random): WindowSet {
  const classNames = classNamesOf({ classes });
  const samples = samplesOf(input, WINDOWS * lengthOf(input));
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(30 * random.normal());
  return {
    signal: input,
    samples,
    labels: Uint8Array.from({ length: WINDOWS }, (_, i) => i % classNames.length),
    groups: Array(WINDOWS).fill(''),
    records: Array(WINDOWS).fill(''),
    times: new Float64Array(WINDOWS),
    classNames,
  };
}

/** What it returns, and seconds of the processor. */
function timed<T>(work: () => T): [T, number] {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1e6];
}

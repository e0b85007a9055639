/** The training loop: a compiled step, epochs of drawn windows, a calibrated checkpoint at the end. */

import { countClasses, selectWindows, type WindowSet } from '../data/windows.ts';
import { Random } from '../system/random.ts';
import { classNamesOf } from '../task/task.ts';
import type { Parameters } from './arrays.ts';
import { Batcher, classWeights, drawEpoch } from './batches.ts';
import type { Checkpoint, StoredArray } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { forward, weightsOf } from './forward.ts';
import { Inference } from './inference.ts';
import type { Moments, Tensor } from './layers.ts';
import { type Scores, score } from './metrics.ts';
import { type NetworkSpec, peakName } from './network.ts';
import {
  initialState,
  learningRate,
  momentCorrection,
  type OptimizerConfig,
  type OptimizerState,
  update,
} from './optimizer.ts';
import { initializeAll } from './parameters.ts';
import type { Progress } from './run.ts';
import { jit, lax, nn, numpy as np, tree, valueAndGrad } from './start.ts';

/** Independent streams of random numbers, so that changing one use does not shift the others. */
const STREAM = { weights: 1, draw: 2, augmentation: 3, calibration: 4 };

/** Between those of one network and the next. */
const STREAMS = 8;

/** Batches of training windows that the final statistics come from. */
const CALIBRATION_BATCHES = 24;

/** Epochs between looks at the validation set. */
const LOOK_EVERY = 5;

export interface TrainingSets {
  train: WindowSet;
  validation: WindowSet;
}

/** A network, and what it learns from. */
export interface Lesson {
  config: TrainConfig;
  spec: NetworkSpec;
  sets: TrainingSets;
  /** what it learns in place of the labels alone */
  teaching?: Teaching;
  /** arrays that it begins with, by the names of a checkpoint; all others begin at random */
  start?: ReadonlyMap<string, StoredArray>;
}

/** What a network learns from windows of its training set, and the loss that goes with it. */
export interface Teaching {
  /** of windows by index, [B, anything]; `weights` of each class */
  targets(windows: readonly number[], weights: readonly number[]): Tensor;
  /** of logits [B, classes], as a scalar; consumes both */
  loss(logits: Tensor, targets: Tensor): Tensor;
}

type Step = (
  parameters: Parameters,
  state: OptimizerState,
  patches: Tensor[],
  targets: Tensor[],
  rate: Tensor,
  correction: Tensor,
) => [Parameters, OptimizerState, Tensor];

/** One step of all networks: what they share is made once, their losses weigh the same, one optimiser moves all. */
function compileStep(lessons: readonly Lesson[], config: OptimizerConfig): Step & { dispose(): void } {
  const specs = lessons.map(({ spec }) => spec);
  return jit(
    (
      parameters: Parameters,
      state: OptimizerState,
      patches: Tensor[],
      targets: Tensor[],
      rate: Tensor,
      correction: Tensor,
    ): [Parameters, OptimizerState, Tensor] => {
      const loss = (trained: Parameters): Tensor => {
        const weights = weightsOf(trained, specs);
        const losses = specs.map((spec, i) => {
          const { logits, moments } = forward(trained, patches[i]!, spec, null, weights);
          for (const { mean, variance } of moments) tree.dispose([mean, variance]);
          return (lessons[i]!.teaching?.loss ?? crossEntropy)(logits, targets[i]!);
        });
        tree.dispose(trained);
        const sum = losses.reduce((total, loss) => total.add(loss));
        return specs.length > 1 ? sum.div(specs.length) : sum;
      };
      const [value, gradients] = valueAndGrad(loss)(tree.ref(parameters)) as [Tensor, Parameters];
      const [next, state2] = update(parameters, gradients, state, rate, correction, config);
      return [next, state2, lax.stopGradient(value)];
    },
  );
}

/** Mean over the batch; targets carry the class weight at the label. */
export function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const batch = logits.shape[0]!;
  return nn
    .logSoftmax(logits, -1)
    .mul(targets)
    .sum()
    .mul(-1 / batch);
}

/** Batches of one network, epoch after epoch of its own: one that has fewer windows than another begins again sooner. */
class Course {
  /** in an epoch of its own */
  readonly steps: number;
  readonly inference: Inference;
  private readonly draw: Random;
  private readonly noise: Random;
  private readonly batcher: Batcher;
  private readonly weights: number[];
  private readonly calibration: WindowSet;
  private order: Uint32Array = new Uint32Array();

  constructor(
    readonly lesson: Lesson,
    index: number,
  ) {
    const { config, spec, sets } = lesson;
    const { seed, batch, windowsPerEpoch, task } = config;
    checkClasses(config, sets.train);
    const stream = (use: number): Random => new Random(seed, use + STREAMS * index);
    this.draw = stream(STREAM.draw);
    this.noise = stream(STREAM.augmentation);
    this.batcher = new Batcher(task, sets.train, spec);
    this.weights = classWeights(sets.train.classNames, windowsPerEpoch);
    const perEpoch = Object.values(windowsPerEpoch).reduce((sum, count) => sum + count, 0);
    this.steps = Math.max(1, Math.floor(perEpoch / batch));
    this.inference = new Inference(task, spec, batch);
    const drawn = drawEpoch(sets.train, windowsPerEpoch, stream(STREAM.calibration));
    this.calibration = selectWindows(sets.train, drawn.subarray(0, CALIBRATION_BATCHES * batch));
  }

  /** Of step `done` of the training, from 0. */
  batch(done: number): { patches: Tensor; targets: Tensor } {
    const { config, sets, teaching } = this.lesson;
    const i = done % this.steps;
    if (i === 0) this.order = drawEpoch(sets.train, config.windowsPerEpoch, this.draw);
    const { order } = this;
    const windows = Array.from({ length: config.batch }, (_, k) => order[(i * config.batch + k) % order.length]!);
    return {
      patches: this.batcher.patches(windows, config.batch, this.noise),
      targets: (teaching ?? this.batcher).targets(windows, this.weights),
    };
  }

  /** On the validation windows; null where there are none. */
  look(parameters: Parameters): Scores | null {
    const { inference, lesson } = this;
    if (lesson.sets.validation.labels.length === 0) return null;
    const moments = inference.preciseMoments(parameters, this.calibration);
    const scores = scoreSet(inference, parameters, moments, lesson.sets.validation);
    for (const { mean, variance } of moments) tree.dispose([mean, variance]);
    return scores;
  }

  /** Final statistics of its layers, and the largest answer seen. */
  calibrate(parameters: Parameters): { moments: Moments[]; peak: number } {
    const moments = this.inference.preciseMoments(parameters, this.calibration);
    const logits = this.inference.logits(parameters, moments, this.calibration);
    return { moments, peak: logits.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) };
  }
}

/**
 * Trains networks together, and calibrates them. Seed, epochs, batch and the rest of the schedule are those of the
 * first. The library must have been started (see start.ts).
 */
export function train(lessons: readonly Lesson[], onProgress: (progress: Progress) => void = () => {}): Checkpoint {
  const [{ config }] = lessons as [Lesson];
  const specs = lessons.map(({ spec }) => spec);
  const courses = lessons.map((lesson, i) => new Course(lesson, i));
  const stepsPerEpoch = Math.max(...courses.map(({ steps }) => steps));
  const steps = stepsPerEpoch * config.epochs;

  const step = compileStep(lessons, config);
  let parameters = initializeAll(specs, new Random(config.seed, STREAM.weights));
  for (const { start } of lessons) takeOver(parameters, start);
  let state = initialState(parameters);

  for (let epoch = 0, done = 0; epoch < config.epochs; epoch++) {
    const began = performance.now();
    let lossSum = 0;
    for (let i = 0; i < stepsPerEpoch; i++, done++) {
      const batches = courses.map((course) => course.batch(done));
      const [next, state2, loss] = step(
        parameters,
        state,
        batches.map(({ patches }) => patches),
        batches.map(({ targets }) => targets),
        np.array(learningRate(done, steps, config.learningRate, config.warmupSteps)),
        np.array(momentCorrection(done + 1)),
      );
      parameters = next;
      state = state2;
      lossSum += loss.item();
      if (!Number.isFinite(lossSum))
        throw new Error(`training: expected a finite loss, got ${lossSum} at step ${done}; lower learningRate`);
    }
    const seconds = (performance.now() - began) / 1000;
    const isLooked = (epoch + 1) % LOOK_EVERY === 0 && epoch + 1 < config.epochs;
    const looks = isLooked ? courses.map((course) => course.look(parameters)) : [];
    onProgress({
      epoch: epoch + 1,
      epochs: config.epochs,
      step: done,
      steps,
      loss: lossSum / stepsPerEpoch,
      samplesPerSecond: (stepsPerEpoch * config.batch * lessons.length) / seconds,
      validation: looks[0] ?? null,
      others: looks.slice(1),
    });
  }
  const calibrated = courses.map((course) => course.calibrate(parameters));
  const checkpoint = snapshot(parameters, describe(lessons));
  lessons.forEach(({ spec }, i) => {
    const { moments, peak } = calibrated[i]!;
    storeMoments(checkpoint, spec, moments);
    // The largest answer seen maps to 127: nothing that decides between classes is clipped.
    storePeak(checkpoint, spec, peak);
  });
  tree.dispose(parameters);
  tree.dispose(state);
  step.dispose();
  for (const { inference } of courses) inference.dispose();
  return checkpoint;
}

/** Replaces arrays by those of the same names. Throws for one of another shape. */
function takeOver(parameters: Parameters, start: ReadonlyMap<string, StoredArray> = new Map()): void {
  for (const [name, { shape, data }] of start) {
    const old = parameters[name];
    if (String(old?.shape) !== String(shape))
      throw new Error(`training: expected "${name}" of shape ${old?.shape ?? 'none'} to begin with, got ${shape}`);
    old!.dispose();
    parameters[name] = np.array(data as Float32Array<ArrayBuffer>, { shape });
  }
}

/** What a checkpoint says of itself. */
function describe(lessons: readonly Pick<Lesson, 'config'>[]): Record<string, string> {
  const configs = lessons.map(({ config }) => config);
  const [first] = configs as [TrainConfig];
  return {
    format: 'hypertinypw training 1',
    config: JSON.stringify(configs.length > 1 ? configs : first),
    // of several networks each has its own, by its task
    ...(configs.length === 1 && { classNames: classNamesOf(first.task).join(',') }),
  };
}

/** A checkpoint of the weights that training begins with, every layer taken for normalised. */
export function untrained(lessons: readonly Omit<Lesson, 'sets'>[]): Checkpoint {
  const [{ config }] = lessons as [Lesson];
  const specs = lessons.map(({ spec }) => spec);
  const parameters = initializeAll(specs, new Random(config.seed, STREAM.weights));
  const checkpoint = snapshot(parameters, describe(lessons));
  tree.dispose(parameters);
  for (const spec of specs) {
    const normalized = spec.layers.filter((layer) => layer.normalized);
    const moments = normalized.map(({ output }) => ({ mean: np.zeros([output[2]]), variance: np.ones([output[2]]) }));
    storeMoments(checkpoint, spec, moments);
    storePeak(checkpoint, spec, 1);
  }
  return checkpoint;
}

export function scoreSet(inference: Inference, parameters: Parameters, moments: Moments[], set: WindowSet): Scores {
  return score(set.labels, inference.logits(parameters, moments, set), set.classNames.length);
}

function checkClasses(config: TrainConfig, set: WindowSet): void {
  countClasses(set).forEach((count, label) => {
    if (count === 0 && (config.windowsPerEpoch[set.classNames[label]!] ?? 0) > 0)
      throw new Error(
        `training "${config.name}": expected windows of class ${set.classNames[label]}, got none; check that the training data are whole`,
      );
  });
}

/** Copies arrays out of the library. */
function snapshot(parameters: Parameters, metadata: Record<string, string>): Checkpoint {
  const tensors = Object.entries(parameters).map(([name, array]) => [name, stored(array.ref)] as const);
  return { tensors: new Map(tensors), metadata };
}

/** Consumes the moments. */
function storeMoments({ tensors }: Checkpoint, { layers }: NetworkSpec, moments: Moments[]): void {
  layers.slice(0, moments.length).forEach(({ name }, i) => {
    tensors.set(`${name}.mean`, stored(moments[i]!.mean));
    tensors.set(`${name}.variance`, stored(moments[i]!.variance));
  });
}

function storePeak({ tensors }: Checkpoint, spec: NetworkSpec, peak: number): void {
  tensors.set(peakName(spec), { shape: [1], data: Float32Array.of(peak) });
}

/** Consumes the array. */
function stored(array: Tensor): StoredArray {
  const { shape } = array;
  return { shape, data: Float32Array.from(array.dataSync()) };
}

/** What one network goes through in a training: its batches, epoch after epoch, its looks, its calibration. */

import { countClasses, selectWindows, type WindowSet } from '../data/windows.ts';
import { Random, type RandomState } from '../system/random.ts';
import type { Parameters } from './arrays.ts';
import { Batcher, drawEpoch } from './batches.ts';
import type { StoredArray } from './checkpoint.ts';
import { weightsOf } from './classWeights.ts';
import type { TrainConfig } from './config.ts';
import { Inference } from './inference.ts';
import type { Targets } from './loss.ts';
import { type Scores, score } from './metrics.ts';
import type { NetworkSpec } from './network.ts';
import type { Moments } from './simulation.ts';
import type { CourseState } from './state.ts';
import type { BatchArrays } from './step.ts';

/** Independent streams of random numbers, so that changing one use does not shift the others. */
export const STREAM = { weights: 1, draw: 2, augmentation: 3, calibration: 4 };

/** Between those of one network and the next. */
const STREAMS = 8;

/** Batches of training windows that the final statistics come from. */
export const CALIBRATION_BATCHES = 24;

export interface TrainingSets {
  train: WindowSet;
  validation: WindowSet;
}

/** A network, and what it learns from. */
export interface Lesson {
  config: TrainConfig;
  spec: NetworkSpec;
  sets: TrainingSets;
  /** what teachers answer on the training windows, [n][classes] probabilities; null without any */
  soft: Float32Array | null;
  /** how many training windows have a label, the first; those behind them learn from the teachers alone. Default: all */
  known?: number;
  /** arrays that it begins with, by the names of a checkpoint; all others begin at random */
  start?: ReadonlyMap<string, StoredArray>;
}

/** Batches of one network, epoch after epoch of its own: one that has fewer windows than another begins again sooner. */
export class Course {
  /** in an epoch of its own */
  readonly steps: number;
  readonly inference: Inference;
  private readonly draw: Random;
  private readonly noise: Random;
  private readonly batcher: Batcher;
  private readonly weights: number[];
  private readonly calibration: WindowSet;
  private order: Uint32Array = new Uint32Array();
  /** of the draw, before that of the current epoch */
  private drawnFrom: RandomState;

  constructor(
    readonly lesson: Lesson,
    index: number,
  ) {
    const { config, spec, sets } = lesson;
    const { seed, batch, windowsPerEpoch, task } = config;
    checkClasses(config, sets.train);
    const stream = (use: number): Random => new Random(seed, use + STREAMS * index);
    this.draw = stream(STREAM.draw);
    this.drawnFrom = this.draw.state;
    this.noise = stream(STREAM.augmentation);
    this.batcher = new Batcher(task, sets.train, spec);
    this.weights = weightsOf(config.classWeights ?? 'root', sets.train.classNames, windowsPerEpoch);
    const perEpoch = Object.values(windowsPerEpoch).reduce((sum, count) => sum + count, 0);
    this.steps = Math.max(1, Math.floor(perEpoch / batch));
    this.inference = new Inference(task, spec, batch);
    const drawn = drawEpoch(sets.train, windowsPerEpoch, stream(STREAM.calibration));
    this.calibration = selectWindows(sets.train, drawn.subarray(0, CALIBRATION_BATCHES * batch));
  }

  /** Of step `done` of the training, from 0. */
  batch(done: number): BatchArrays {
    const { config } = this.lesson;
    const i = done % this.steps;
    if (i === 0) this.drawOrder();
    const { order } = this;
    const windows = Array.from({ length: config.batch }, (_, k) => order[(i * config.batch + k) % order.length]!);
    return {
      patches: this.batcher.patches(windows, config.batch, this.noise),
      targets: this.targets(windows),
    };
  }

  private targets(windows: readonly number[]): Targets {
    const { soft, known = Infinity, config, spec } = this.lesson;
    const targets = { hard: this.batcher.targets(windows, this.weights), soft: soft && this.rowsOf(soft, windows) };
    const share = config.distillation?.weight ?? 0;
    windows.forEach((window, row) => {
      if (window < known) return;
      const [first, end] = [row * spec.classes, (row + 1) * spec.classes];
      targets.hard.fill(0, first, end);
      // the whole loss of this window, in place of the share that labels leave to the teachers
      for (let i = first; i < end; i++) targets.soft![i]! /= share;
    });
    return targets;
  }

  private drawOrder(): void {
    const { config, sets } = this.lesson;
    this.drawnFrom = this.draw.state;
    this.order = drawEpoch(sets.train, config.windowsPerEpoch, this.draw);
  }

  private rowsOf(soft: Float32Array, windows: readonly number[]): Float32Array {
    const { classes } = this.lesson.spec;
    const data = new Float32Array(windows.length * classes);
    windows.forEach((window, row) => {
      data.set(soft.subarray(window * classes, (window + 1) * classes), row * classes);
    });
    return data;
  }

  /** Its random numbers; the order of an epoch follows from what it was drawn with. */
  get state(): CourseState {
    return { draw: this.drawnFrom, augmentation: this.noise.state };
  }

  /** As it was after any number of steps. */
  restore({ draw, augmentation }: CourseState): void {
    this.draw.state = draw;
    this.drawOrder();
    this.noise.state = augmentation;
  }

  /** On the validation windows; null where there are none. */
  look(parameters: Parameters): Scores | null {
    const { inference, lesson } = this;
    if (lesson.sets.validation.labels.length === 0) return null;
    const moments = inference.preciseMoments(parameters, this.calibration);
    return scoreSet(inference, parameters, moments, lesson.sets.validation);
  }

  /** Final statistics of its layers, and the largest answer seen. */
  calibrate(parameters: Parameters): { moments: Moments[]; peak: number } {
    const moments = this.inference.preciseMoments(parameters, this.calibration);
    const logits = this.inference.logits(parameters, moments, this.calibration);
    return { moments, peak: logits.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) };
  }
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

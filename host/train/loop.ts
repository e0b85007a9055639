/** The training loop: a compiled step, epochs of drawn windows, a calibrated checkpoint at the end. */
import { setImmediate } from 'node:timers/promises';
import { UsageError } from '../system/errors.ts';
import { Random } from '../system/random.ts';
import { classNamesOf } from '../task/task.ts';
import type { Parameters } from './arrays.ts';
import type { Checkpoint, StoredArray } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { Course, type Lesson, STREAM } from './course.ts';
import type { Journal } from './journal.ts';
import type { Tensor } from './layers.ts';
import type { Scores } from './metrics.ts';
import { type NetworkSpec, peakName } from './network.ts';
import { learningRate } from './optimizer.ts';
import { initializeAll } from './parameters.ts';
import type { EpochRecord, Progress } from './run.ts';
import type { Moments } from './simulation.ts';
import { numpy as np, tree } from './start.ts';
import type { Arrays, Best, TrainingState } from './state.ts';
import { TrainingStep } from './step.ts';

/** Epochs between looks at the validation set, where the configuration does not say. */
const LOOK_EVERY = 5;

interface TrainingOptions {
  onProgress?(progress: Progress): void;
  /** keeps the state while training goes on */
  journal?: Journal | null;
  /** told where a state is gone on with */
  onResume?(epoch: number, step: number): void;
}

/** What came out of the loop. */
export interface Learnt {
  checkpoint: Checkpoint;
  history: EpochRecord[];
  /** epoch whose parameters these are */
  kept: number;
}

/**
 * Trains networks together, and calibrates them. Seed, epochs, batch and the rest of the schedule are those of the
 * first. The library must have been started (see start.ts). Throws UsageError for a state that is not of this training.
 */
export async function train(lessons: readonly Lesson[], options: TrainingOptions = {}): Promise<Learnt> {
  const training = new Training(lessons);
  try {
    return await training.run(options);
  } finally {
    training.dispose();
  }
}

/** Networks in the making: all that changes from step to step, and can be kept and taken up again. */
class Training {
  private readonly courses: Course[];
  private readonly config: TrainConfig;
  private readonly step: TrainingStep;
  private readonly stepsPerEpoch: number;
  private readonly steps: number;
  private done = 0;
  private lossSum = 0;
  private history: EpochRecord[] = [];
  private best: Best | null = null;

  constructor(private readonly lessons: readonly Lesson[]) {
    [{ config: this.config }] = lessons as [Lesson];
    const specs = lessons.map(({ spec }) => spec);
    this.courses = lessons.map((lesson, i) => new Course(lesson, i));
    this.stepsPerEpoch = Math.max(...this.courses.map(({ steps }) => steps));
    this.steps = this.stepsPerEpoch * this.config.epochs;
    const distillations = lessons.map(({ config }) => config.distillation);
    const parameters = initializeAll(specs, new Random(this.config.seed, STREAM.weights));
    for (const { start } of lessons) takeOver(parameters, start);
    this.step = new TrainingStep(specs, parameters, this.config.batch, this.config, distillations);
  }

  async run({ onProgress, journal = null, onResume }: TrainingOptions): Promise<Learnt> {
    const found = journal?.begin();
    if (found) {
      this.restore(found);
      onResume?.(this.history.length, this.done);
    }
    while (this.done < this.steps) {
      const began = performance.now();
      const from = this.done;
      do {
        this.advance();
        if (journal?.isDue()) await this.keep(journal);
      } while (this.done % this.stepsPerEpoch > 0);
      const seconds = (performance.now() - began) / 1000;
      const progress = this.endEpoch();
      if (journal) await this.keep(journal);
      onProgress?.({
        ...progress,
        samplesPerSecond: ((this.done - from) * this.config.batch * this.lessons.length) / seconds,
      });
    }
    return this.finish();
  }

  private advance(): void {
    const { done, config } = this;
    const batches = this.courses.map((course) => course.batch(done));
    const rate = learningRate(done, this.steps, config.learningRate, config.warmupSteps);
    this.lossSum += this.step.run(batches, rate);
    if (!Number.isFinite(this.lossSum))
      throw new Error(`training: expected a finite loss, got ${this.lossSum} at step ${done}; lower learningRate`);
    this.done++;
  }

  /** Looks at the validation windows where it is time to, and writes down what was seen. */
  private endEpoch(): Omit<Progress, 'samplesPerSecond'> {
    const { courses, config } = this;
    const epoch = this.done / this.stepsPerEpoch;
    const isBest = config.keep === 'best';
    const isLast = epoch === config.epochs;
    // the last parameters are looked at by whoever gets them, unless others may be better
    const isLooked = isLast ? isBest : epoch % (config.lookEvery ?? LOOK_EVERY) === 0;
    const looks = isLooked ? courses.map((course) => course.look(this.parameters)) : [];
    const loss = this.lossSum / this.stepsPerEpoch;
    this.lossSum = 0;
    this.history.push({ epoch, loss, validation: isLooked ? looks.map((scores) => scores?.macroF1 ?? null) : null });
    if (isBest && isLooked) this.compare(epoch, looks);
    return {
      epoch,
      epochs: config.epochs,
      step: this.done,
      steps: this.steps,
      loss,
      validation: looks[0] ?? null,
      others: looks.slice(1),
      history: [...this.history],
    };
  }

  /** Parameters that do better than all before are remembered; of equals the first. */
  private compare(epoch: number, looks: readonly (Scores | null)[]): void {
    const seen = looks.flatMap((scores) => (scores ? [scores.macroF1] : []));
    if (seen.length === 0) return;
    const macroF1 = seen.reduce((sum, value) => sum + value, 0) / seen.length;
    if (this.best === null || macroF1 > this.best.macroF1)
      this.best = { epoch, macroF1, arrays: copied(this.parameters) };
  }

  /** One turn of the event loop behind it lets a signal through, which the writing of a file holds up. */
  private async keep(journal: Journal): Promise<void> {
    const { done: step, lossSum, courses, history, best } = this;
    journal.write({
      step,
      lossSum,
      courses: courses.map((course) => course.state),
      history,
      parameters: copied(this.parameters),
      ...this.step.descent.optimizer.state,
      best,
    });
    await setImmediate();
  }

  private restore({ step, lossSum, courses, history, best, ...arrays }: TrainingState): void {
    const shapes = new Map(Object.entries(this.parameters).map(([name, { shape }]) => [name, shape]));
    const groups = [arrays.parameters, arrays.first, arrays.second, ...(best ? [best.arrays] : [])];
    const isWhole = groups.every(
      (group) =>
        group.size === shapes.size && [...shapes].every(([name, shape]) => `${group.get(name)?.shape}` === `${shape}`),
    );
    if (!isWhole || courses.length !== this.courses.length || step > this.steps)
      throw new UsageError('state of the training: expected the arrays of its networks, got others; give --restart');
    this.step.descent.optimizer.restore(arrays.parameters, arrays, step);
    Object.assign(this, { done: step, lossSum, history, best });
    courses.forEach((state, i) => {
      this.courses[i]!.restore(state);
    });
  }

  private finish(): Learnt {
    const { lessons, best } = this;
    if (best) this.step.descent.optimizer.restart(best.arrays);
    const calibrated = this.courses.map((course) => course.calibrate(this.parameters));
    const checkpoint = { tensors: copied(this.parameters), metadata: describe(lessons) };
    lessons.forEach(({ spec }, i) => {
      const { moments, peak } = calibrated[i]!;
      storeMoments(checkpoint, spec, moments);
      // The largest answer seen maps to 127: nothing that decides between classes is clipped.
      storePeak(checkpoint, spec, peak);
    });
    return { checkpoint, history: this.history, kept: best?.epoch ?? this.config.epochs };
  }

  private get parameters(): Parameters {
    return this.step.descent.parameters;
  }

  dispose(): void {
    this.step.dispose();
    for (const { inference } of this.courses) inference.dispose();
  }
}

/** Begins with these in place of what was drawn. */
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
export function describe(lessons: readonly Pick<Lesson, 'config'>[]): Record<string, string> {
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
export function untrained(lessons: readonly Pick<Lesson, 'config' | 'spec'>[]): Checkpoint {
  const [{ config }] = lessons as [Lesson];
  const specs = lessons.map(({ spec }) => spec);
  const parameters = initializeAll(specs, new Random(config.seed, STREAM.weights));
  const checkpoint = { tensors: copied(parameters), metadata: describe(lessons) };
  tree.dispose(parameters);
  for (const spec of specs) {
    const normalized = spec.layers.filter((layer) => layer.normalized);
    const moments = normalized.map(({ output }) => ({
      mean: new Float32Array(output[2]),
      variance: new Float32Array(output[2]).fill(1),
    }));
    storeMoments(checkpoint, spec, moments);
    storePeak(checkpoint, spec, 1);
  }
  return checkpoint;
}

/** Copies arrays out of the library. */
export function copied(parameters: Parameters): Arrays {
  return new Map(Object.entries(parameters).map(([name, array]) => [name, stored(array.ref)] as const));
}

export function storeMoments({ tensors }: Checkpoint, { layers }: NetworkSpec, moments: Moments[]): void {
  layers.slice(0, moments.length).forEach(({ name }, i) => {
    tensors.set(`${name}.mean`, vector(moments[i]!.mean));
    tensors.set(`${name}.variance`, vector(moments[i]!.variance));
  });
}

export function storePeak({ tensors }: Checkpoint, spec: NetworkSpec, peak: number): void {
  tensors.set(peakName(spec), { shape: [1], data: Float32Array.of(peak) });
}

const vector = (data: Float32Array): StoredArray => ({ shape: [data.length], data });

/** Consumes the array. */
function stored(array: Tensor): StoredArray {
  const { shape } = array;
  return { shape, data: Float32Array.from(array.dataSync()) };
}

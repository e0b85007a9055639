/**
 * Training of a selector and the classifiers that it picks from (Ma et al. 2024): a strong network first, whose
 * features say which windows belong together; each classifier then learns one such cluster, the selector who is good at
 * what, and at last they take turns, or learn at once as a mixture of experts. Validation windows say which parameters
 * are kept, unless the configuration keeps the last.
 */
import { setImmediate } from 'node:timers/promises';
import { kMeans, nearestCenter } from '../../compress/kmeans.ts';
import { selectWindows, type WindowSet } from '../../data/windows.ts';
import { Random } from '../../system/random.ts';
import { classNamesOf, frontEndOf } from '../../task/task.ts';
import { Batcher, drawEpoch } from '../batches.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { weightsOf } from '../classWeights.ts';
import type { TrainConfig } from '../config.ts';
import { CALIBRATION_BATCHES, STREAM, type TrainingSets } from '../course.ts';
import { Descent } from '../descent.ts';
import { checkpointFeatures } from '../evaluate.ts';
import { MomentSums } from '../inference.ts';
import { copied, describe, type Learnt, storeMoments, storePeak, train, untrained } from '../loop.ts';
import { type Scores, score } from '../metrics.ts';
import { type RoutedSpecs, routedSpecs, specsOf } from '../network.ts';
import type { RouteConfig } from '../networkConfig.ts';
import { learningRate } from '../optimizer.ts';
import { initializeAll } from '../parameters.ts';
import type { EpochRecord, Progress } from '../run.ts';
import { type Moments, type RealArrays, Simulation } from '../simulation.ts';
import type { Arrays } from '../state.ts';
import { bestBranches, largestOfRows, lossesApart, lossesTogether, lossOfMixture } from './losses.ts';

/** A configuration with a `route`; its `network` is the strong one. */
export type RoutedConfig = TrainConfig & { route: RouteConfig };

export const isRouted = (config: TrainConfig): config is RoutedConfig => config.route !== undefined;

/** Of a configuration. */
export const specsOfRoute = ({ route, task }: Pick<RoutedConfig, 'route' | 'task'>): RoutedSpecs =>
  routedSpecs(route, frontEndOf(task).output.shape, classNamesOf(task).length);

/** Networks as a file of parameters has them: the selector, then the classifiers. */
export const networksOf = ({ selector, branches }: RoutedSpecs) => [selector, ...branches];

/** What the phases are, in order; the strong network comes before them. */
type Phase = 'apart' | 'selecting' | 'turnOfSelector' | 'turnOfClassifiers' | 'together';

/** Trains, calibrates, and scores `watched` windows. The library must have been started (see start.ts). */
export async function trainRouted(
  config: RoutedConfig,
  sets: TrainingSets,
  watched: readonly WindowSet[],
  onProgress: (progress: Progress) => void = () => {},
): Promise<Learnt & { scores: Scores[] }> {
  const { route, ...strong } = config;
  const phases = phasesOf(route);
  const epochs = config.epochs + phases.length;
  const spec = specsOf([strong])[0]!;
  const learnt = await train([{ config: strong, spec, sets, soft: null }], {
    onProgress: (progress) => onProgress({ ...progress, epochs, steps: (progress.steps / config.epochs) * epochs }),
  });
  const owners = clustersOf(checkpointFeatures(learnt.checkpoint, strong, sets.train, spec), sets.train, config);
  const training = new RoutedTraining(config, sets, owners);
  try {
    const routed = await training.run(phases, learnt.history, onProgress);
    return { ...routed, scores: watched.map((set) => training.look(set)) };
  } finally {
    training.dispose();
  }
}

const isTurn = (phase: Phase): boolean => phase.startsWith('turn');

/** Whether two epochs belong to one course of the learning rate: those of a phase, and all turns. */
const isAlike = (one: Phase, other: Phase): boolean => (isTurn(one) ? isTurn(other) : one === other);

/** One of each epoch. */
function phasesOf({ apart, selecting, rounds, turns, together = 0 }: RouteConfig): Phase[] {
  const times = (count: number, phase: Phase): Phase[] => new Array<Phase>(count).fill(phase);
  const round = [...times(turns[0], 'turnOfSelector'), ...times(turns[1], 'turnOfClassifiers')];
  return [
    ...times(apart, 'apart'),
    ...times(selecting, 'selecting'),
    ...Array.from({ length: rounds }, () => round).flat(),
    ...times(together, 'together'),
  ];
}

/** Streams of random numbers behind those of a single network. */
const CLUSTERS = 6;
const ROUTED = 64;

/** Epochs between looks at the validation windows while all learn together. */
const LOOK_EVERY = 2;

/** For every training window the cluster of its features, each of these scaled to a deviation of 1. */
function clustersOf(features: Float32Array, set: WindowSet, { route, seed }: RoutedConfig): Uint8Array {
  const windows = set.labels.length;
  const length = features.length / windows;
  const vectors = Float64Array.from(features);
  for (let k = 0; k < length; k++) {
    let [sum, squares] = [0, 0];
    for (let i = k; i < vectors.length; i += length) {
      sum += vectors[i]!;
      squares += vectors[i]! ** 2;
    }
    const deviation = Math.sqrt(Math.max(0, squares / windows - (sum / windows) ** 2));
    for (let i = k; i < vectors.length; i += length) vectors[i]! /= deviation || 1;
  }
  const weights = new Float64Array(vectors.length).fill(1);
  const centers = kMeans(vectors, weights, length, route.branches, new Random(seed, CLUSTERS));
  return Uint8Array.from({ length: windows }, (_, i) => nearestCenter(vectors, weights, i * length, length, centers));
}

/** Statistics of selector and classifiers, behind each other, and the largest answers seen. */
interface Calibration {
  moments: Moments[][];
  peaks: [selector: number, classifiers: number];
}

class RoutedTraining {
  private readonly specs: RoutedSpecs;
  private readonly selector: Descent;
  private readonly branches: Descent;
  private readonly selectorAtWork: Simulation;
  private readonly branchesAtWork: Simulation[];
  private readonly batcher: Batcher;
  private readonly calibration: WindowSet;
  private readonly weights: number[];
  private readonly draw: Random;
  private readonly noise: Random;
  private readonly stepsPerEpoch: number;
  private realSelector: RealArrays = {};
  private realBranches: RealArrays = {};

  constructor(
    private readonly config: RoutedConfig,
    private readonly sets: TrainingSets,
    private readonly owners: Uint8Array,
  ) {
    const { batch, seed, task, windowsPerEpoch, classWeights } = config;
    this.specs = specsOfRoute(config);
    const { selector, branches } = this.specs;
    const random = new Random(seed, ROUTED + STREAM.weights);
    this.selector = new Descent([selector], initializeAll([selector], random), config);
    this.branches = new Descent(branches, initializeAll(branches, random), config);
    this.selectorAtWork = new Simulation(selector, batch);
    this.branchesAtWork = branches.map((spec) => new Simulation(spec, batch, this.selectorAtWork));
    this.batcher = new Batcher(task, sets.train, selector);
    this.draw = new Random(seed, ROUTED + STREAM.draw);
    this.noise = new Random(seed, ROUTED + STREAM.augmentation);
    this.weights = weightsOf(classWeights ?? 'root', sets.train.classNames, windowsPerEpoch);
    const perEpoch = Object.values(windowsPerEpoch).reduce((sum, count) => sum + count, 0);
    this.stepsPerEpoch = Math.max(1, Math.floor(perEpoch / batch));
    const drawn = drawEpoch(sets.train, windowsPerEpoch, new Random(seed, ROUTED + STREAM.calibration));
    this.calibration = selectWindows(sets.train, drawn.subarray(0, CALIBRATION_BATCHES * batch));
  }

  async run(
    phases: readonly Phase[],
    before: readonly EpochRecord[],
    onProgress: (progress: Progress) => void,
  ): Promise<Learnt> {
    const history: EpochRecord[] = before.map(({ epoch, loss }) => ({ epoch, loss, validation: null }));
    const epochs = before.length + phases.length;
    let best: { epoch: number; macroF1: number; arrays: Arrays } | null = null;
    for (const [i, phase] of phases.entries()) {
      const began = performance.now();
      if (i > 0 && !isAlike(phase, phases[i - 1]!)) this.restart();
      const loss = this.epoch(phase, phases, i);
      const seconds = (performance.now() - began) / 1000;
      // whoever has not learnt yet whom to pick is not looked at; turns end with those of the classifiers
      const isRoundOver = phases[i + 1] !== phase || (phase === 'together' && (phases.length - i) % LOOK_EVERY === 1);
      const isLooked = phase !== 'apart' && isRoundOver && this.config.keep !== 'last';
      const isThere = this.sets.validation.labels.length > 0;
      const validation = isLooked && isThere ? this.look(this.sets.validation) : null;
      const epoch = before.length + i + 1;
      history.push({ epoch, loss, validation: isLooked ? [validation?.macroF1 ?? null] : null });
      if (validation && (best === null || validation.macroF1 > best.macroF1))
        best = { epoch, macroF1: validation.macroF1, arrays: this.arrays() };
      const [step, steps] = [epoch, epochs].map((count) => count * this.stepsPerEpoch) as [number, number];
      const samplesPerSecond = (this.stepsPerEpoch * this.config.batch) / seconds;
      onProgress({ epoch, epochs, step, steps, loss, samplesPerSecond, validation, others: [], history: [...history] });
      await setImmediate();
    }
    if (best) this.take(best.arrays);
    return { checkpoint: this.checkpoint(), history, kept: best?.epoch ?? epochs };
  }

  private restart(): void {
    this.selector.optimizer.restart();
    this.branches.optimizer.restart();
  }

  /** Mean loss over the steps of an epoch. */
  private epoch(phase: Phase, phases: readonly Phase[], at: number): number {
    const { config, sets, stepsPerEpoch } = this;
    const { batch, windowsPerEpoch } = config;
    const order = drawEpoch(sets.train, windowsPerEpoch, this.draw);
    let sum = 0;
    for (let i = 0; i < stepsPerEpoch; i++) {
      const windows = Array.from({ length: batch }, (_, k) => order[(i * batch + k) % order.length]!);
      sum += this.step(phase, windows, this.rateAt(phase, phases, at, i));
      if (!Number.isFinite(sum))
        throw new Error(`training: expected a finite loss, got ${sum} in phase "${phase}"; lower learningRate`);
    }
    return sum / stepsPerEpoch;
  }

  /** Half a cosine over all epochs of a phase, and over those of all turns together. */
  private rateAt(phase: Phase, phases: readonly Phase[], at: number, step: number): number {
    const belongs = (other: Phase): boolean => isAlike(phase, other);
    const first = phases.findIndex(belongs);
    const count = phases.filter(belongs).length;
    const { learningRate: peak, warmupSteps, route } = this.config;
    const done = (at - first) * this.stepsPerEpoch + step;
    return learningRate(done, count * this.stepsPerEpoch, isTurn(phase) ? peak * route.turnRate : peak, warmupSteps);
  }

  private step(phase: Phase, windows: readonly number[], rate: number): number {
    const { config, specs } = this;
    const { labels: all } = this.sets.train;
    const labels = windows.map((window) => all[window]!);
    const known = { labels, weights: labels.map((label) => this.weights[label]!) };
    this.load();
    const { scores, logits } = this.forward(this.batcher.patches(windows, config.batch, this.noise), null);
    const { elsewhere = 0, loss } = config.route;
    switch (phase) {
      case 'apart': {
        const owners = windows.map((window) => this.owners[window]!);
        return this.teachBranches(lossesApart(logits, known, owners, elsewhere), rate);
      }
      case 'selecting':
      case 'turnOfSelector': {
        const targets = { ...known, labels: bestBranches(logits, labels) };
        const { value, gradients } = lossesApart([scores], targets, new Uint8Array(labels.length));
        this.selector.move(this.selectorAtWork.backward(gradients[0]!), rate);
        return value;
      }
      case 'turnOfClassifiers':
        return this.teachBranches(
          lossesTogether(logits, known, largestOfRows(scores, specs.selector.classes), loss),
          rate,
        );
      case 'together': {
        const { value, toScores, gradients } = lossOfMixture(scores, logits, known, elsewhere);
        const slopes = this.slopesOfBranches(gradients, true);
        this.selector.move(this.selectorAtWork.backward(toScores), rate);
        this.branches.move(slopes, rate);
        return value;
      }
    }
  }

  private teachBranches({ value, gradients }: { value: number; gradients: Float32Array[] }, rate: number): number {
    this.branches.move(this.slopesOfBranches(gradients), rate);
    return value;
  }

  /** `isTeaching`: the selector's layers that classifiers read get their part. */
  private slopesOfBranches(gradients: readonly Float32Array[], isTeaching = false): RealArrays {
    const slopes: RealArrays = {};
    this.branchesAtWork.forEach((one, i) => {
      Object.assign(slopes, one.backward(gradients[i]!, isTeaching));
    });
    for (const { own } of this.lent) slopes[`${own}.range`] = Float32Array.of(0);
    return slopes;
  }

  /** Ranges that classifiers have from the selector, so that what they read beside their own has one scale with it. */
  private get lent() {
    return this.specs.branches.flatMap(({ nodes }) =>
      nodes.flatMap((node) => (node.kind === 'concatenation' ? [node.lent] : [])),
    );
  }

  private load(): void {
    this.realSelector = this.selector.realize();
    this.realBranches = this.branches.realize();
    for (const { own, layer } of this.lent) this.realBranches[`${own}.range`] = this.realSelector[`${layer}.range`]!;
    this.selectorAtWork.load(this.realSelector);
    for (const one of this.branchesAtWork) one.load(this.realBranches);
  }

  private forward(patches: Float32Array, moments: readonly Moments[][] | null) {
    const scores = this.selectorAtWork.forward(patches, moments?.[0] ?? null);
    const logits = this.branchesAtWork.map((one, i) => one.forward(patches, moments?.[i + 1] ?? null));
    return { scores, logits };
  }

  private calibrate(): Calibration {
    const { calibration, config } = this;
    this.load();
    const batcher = new Batcher(config.task, calibration, this.specs.selector);
    const all = [this.selectorAtWork, ...this.branchesAtWork];
    const sums = all.map(() => new MomentSums());
    const windows = calibration.labels.length;
    for (let i = 0; i < Math.max(1, Math.floor(windows / config.batch)); i++) {
      const chosen = Array.from({ length: config.batch }, (_, k) => (i * config.batch + k) % windows);
      this.forward(batcher.patches(chosen, config.batch, null), null);
      all.forEach((one, k) => {
        sums[k]!.add(one.moments);
      });
    }
    const moments = sums.map((sum) => sum.means());
    const peaks: Calibration['peaks'] = [0, 0];
    this.each(calibration, moments, (scores, logits) => {
      peaks[0] = highest(scores, peaks[0]);
      for (const values of logits) peaks[1] = highest(values, peaks[1]);
    });
    return { moments, peaks };
  }

  /** On windows, each by the classifier that the selector picks. */
  look(set: WindowSet): Scores {
    const windows = set.labels.length;
    const { moments } = this.calibrate();
    const classes = set.classNames.length;
    const answers = new Float32Array(windows * classes);
    this.each(set, moments, (scores, logits, first) => {
      largestOfRows(scores, this.specs.selector.classes).forEach((branch, i) => {
        const row = logits[branch]!.subarray(i * classes, (i + 1) * classes);
        if (first + i < windows) answers.set(row, (first + i) * classes);
      });
    });
    return score(set.labels, answers, classes);
  }

  private each(
    set: WindowSet,
    moments: readonly Moments[][],
    visit: (scores: Float32Array, logits: Float32Array[], first: number) => void,
  ): void {
    const { batch, task } = this.config;
    const batcher = new Batcher(task, set, this.specs.selector);
    for (let first = 0; first < set.labels.length; first += batch) {
      const count = Math.min(batch, set.labels.length - first);
      const windows = Array.from({ length: count }, (_, i) => first + i);
      const { scores, logits } = this.forward(batcher.patches(windows, batch, null), moments);
      visit(scores, logits, first);
    }
  }

  private arrays(): Arrays {
    return new Map([...copied(this.selector.parameters), ...copied(this.branches.parameters)]);
  }

  private take(arrays: Arrays): void {
    for (const { optimizer } of [this.selector, this.branches]) optimizer.restart(arrays);
  }

  private checkpoint(): Checkpoint {
    const { moments, peaks } = this.calibrate();
    const checkpoint = { tensors: this.arrays(), metadata: describe([{ config: this.config }]) };
    for (const { own, layer } of this.lent)
      checkpoint.tensors.set(`${own}.range`, checkpoint.tensors.get(`${layer}.range`)!);
    networksOf(this.specs).forEach((spec, i) => {
      storeMoments(checkpoint, spec, moments[i]!);
      // The largest answer seen maps to 127; all classifiers answer in the same steps.
      storePeak(checkpoint, spec, peaks[i === 0 ? 0 : 1]);
    });
    return checkpoint;
  }

  dispose(): void {
    this.selector.dispose();
    this.branches.dispose();
  }
}

const highest = (values: Float32Array, least: number): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), least);

/** A checkpoint of the weights that training begins with, every layer taken for normalised. */
export function untrainedRoute(config: RoutedConfig): Checkpoint {
  const { selector, branches } = specsOfRoute(config);
  const [first, others] = [[selector], branches].map((specs) => untrained(specs.map((spec) => ({ config, spec }))));
  return { ...first!, tensors: new Map([...first!.tensors, ...others!.tensors]) };
}

/** The training loop: a compiled step, epochs of drawn windows, a calibrated checkpoint at the end. */

import { countClasses, selectWindows, type WindowSet } from '../data/windows.ts';
import { Random } from '../system/random.ts';
import type { Parameters } from './arrays.ts';
import { Batcher, classWeights, drawEpoch } from './batches.ts';
import type { Checkpoint, StoredArray } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { forward } from './forward.ts';
import { Inference } from './inference.ts';
import type { Moments, Tensor } from './layers.ts';
import { type Scores, score } from './metrics.ts';
import type { NetworkSpec } from './network.ts';
import { initialState, learningRate, momentCorrection, type OptimizerState, update } from './optimizer.ts';
import { initialize } from './parameters.ts';
import type { Progress } from './run.ts';
import { jit, lax, nn, numpy as np, tree, valueAndGrad } from './start.ts';

/** Independent streams of random numbers, so that changing one use does not shift the others. */
const STREAM = { weights: 1, draw: 2, augmentation: 3, calibration: 4 };

/** Batches of training windows that the final statistics come from. */
const CALIBRATION_BATCHES = 24;

/** Epochs between looks at the validation set. */
const LOOK_EVERY = 5;

export interface TrainingSets {
  train: WindowSet;
  validation: WindowSet;
}

type Step = (
  parameters: Parameters,
  state: OptimizerState,
  patches: Tensor,
  targets: Tensor,
  rate: Tensor,
  correction: Tensor,
) => [Parameters, OptimizerState, Tensor];

function compileStep(spec: NetworkSpec, config: TrainConfig): Step & { dispose(): void } {
  return jit(
    (
      parameters: Parameters,
      state: OptimizerState,
      patches: Tensor,
      targets: Tensor,
      rate: Tensor,
      correction: Tensor,
    ): [Parameters, OptimizerState, Tensor] => {
      const loss = (trained: Parameters): Tensor => {
        const { logits, moments } = forward(trained, patches, spec, null);
        for (const { mean, variance } of moments) tree.dispose([mean, variance]);
        tree.dispose(trained);
        return crossEntropy(logits, targets);
      };
      const [value, gradients] = valueAndGrad(loss)(tree.ref(parameters)) as [Tensor, Parameters];
      const [next, state2] = update(parameters, gradients, state, rate, correction, config);
      return [next, state2, lax.stopGradient(value)];
    },
  );
}

/** Mean over the batch; targets carry the class weight at the label. */
function crossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const batch = logits.shape[0]!;
  return nn
    .logSoftmax(logits, -1)
    .mul(targets)
    .sum()
    .mul(-1 / batch);
}

/** Trains and calibrates. The library must have been started (see start.ts). */
export function train(
  config: TrainConfig,
  spec: NetworkSpec,
  sets: TrainingSets,
  onProgress: (progress: Progress) => void = () => {},
): Checkpoint {
  checkClasses(config, sets.train);
  const draw = new Random(config.seed, STREAM.draw);
  const noise = new Random(config.seed, STREAM.augmentation);
  const batcher = new Batcher(config.task, sets.train, spec);
  const weights = classWeights(sets.train.classNames, config.windowsPerEpoch);
  const perEpoch = Object.values(config.windowsPerEpoch).reduce((sum, count) => sum + count, 0);
  const stepsPerEpoch = Math.max(1, Math.floor(perEpoch / config.batch));
  const steps = stepsPerEpoch * config.epochs;

  const step = compileStep(spec, config);
  const inference = new Inference(config.task, spec, config.batch);
  let parameters = initialize(spec, new Random(config.seed, STREAM.weights));
  let state = initialState(parameters);
  const calibration = selectWindows(
    sets.train,
    drawEpoch(sets.train, config.windowsPerEpoch, new Random(config.seed, STREAM.calibration)).subarray(
      0,
      CALIBRATION_BATCHES * config.batch,
    ),
  );

  for (let epoch = 0, done = 0; epoch < config.epochs; epoch++) {
    const began = performance.now();
    const order = drawEpoch(sets.train, config.windowsPerEpoch, draw);
    let lossSum = 0;
    for (let i = 0; i < stepsPerEpoch; i++, done++) {
      const windows = Array.from({ length: config.batch }, (_, k) => order[(i * config.batch + k) % order.length]!);
      const patches = batcher.patches(windows, config.batch, noise);
      const rate = np.array(learningRate(done, steps, config.learningRate, config.warmupSteps));
      const correction = np.array(momentCorrection(done + 1));
      const [next, state2, loss] = step(
        parameters,
        state,
        patches,
        batcher.targets(windows, weights),
        rate,
        correction,
      );
      parameters = next;
      state = state2;
      lossSum += loss.item();
      if (!Number.isFinite(lossSum))
        throw new Error(`training: expected a finite loss, got ${lossSum} at step ${done}; lower learningRate`);
    }
    const seconds = (performance.now() - began) / 1000;
    const look = (epoch + 1) % LOOK_EVERY === 0 && epoch + 1 < config.epochs && sets.validation.labels.length > 0;
    const moments = look ? inference.preciseMoments(parameters, calibration) : null;
    onProgress({
      epoch: epoch + 1,
      epochs: config.epochs,
      step: done,
      steps,
      loss: lossSum / stepsPerEpoch,
      samplesPerSecond: (stepsPerEpoch * config.batch) / seconds,
      validation: moments && scoreSet(inference, parameters, moments, sets.validation),
    });
    for (const { mean, variance } of moments ?? []) tree.dispose([mean, variance]);
  }
  const moments = inference.preciseMoments(parameters, calibration);
  const logits = inference.logits(parameters, moments, calibration);
  const checkpoint = snapshot(parameters, moments, spec, describe(config, sets.train.classNames));
  // The largest answer seen maps to 127: nothing that decides between classes is clipped.
  const peak = logits.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  checkpoint.tensors.set('logits.peak', { shape: [1], data: Float32Array.of(peak) });
  tree.dispose(parameters);
  tree.dispose(state);
  step.dispose();
  inference.dispose();
  return checkpoint;
}

/** What a checkpoint says of itself. */
const describe = (config: TrainConfig, classNames: readonly string[]): Record<string, string> => ({
  format: 'hypertinypw training 1',
  config: JSON.stringify(config),
  classNames: classNames.join(','),
});

/** A checkpoint of the weights that training begins with, every layer taken for normalised. */
export function untrained(spec: NetworkSpec, config: TrainConfig, classNames: readonly string[]): Checkpoint {
  const parameters = initialize(spec, new Random(config.seed, STREAM.weights));
  const moments = spec.layers
    .filter(({ normalized }) => normalized)
    .map(({ output }) => ({ mean: np.zeros([output[2]]), variance: np.ones([output[2]]) }));
  const checkpoint = snapshot(parameters, moments, spec, describe(config, classNames));
  tree.dispose(parameters);
  checkpoint.tensors.set('logits.peak', { shape: [1], data: Float32Array.of(1) });
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

/** Copies arrays out of the library; consumes the moments. */
function snapshot(
  parameters: Parameters,
  moments: Moments[],
  spec: NetworkSpec,
  metadata: Record<string, string>,
): Checkpoint {
  const tensors = new Map<string, StoredArray>();
  const store = (name: string, array: Tensor): void => {
    const { shape } = array;
    tensors.set(name, { shape, data: Float32Array.from(array.dataSync()) });
  };
  for (const [name, array] of Object.entries(parameters)) store(name, array.ref);
  spec.layers.slice(0, moments.length).forEach((layer, i) => {
    store(`${layer.name}.mean`, moments[i]!.mean);
    store(`${layer.name}.variance`, moments[i]!.variance);
  });
  return { tensors, metadata };
}

/** Scores of a checkpoint, by the float simulation of its integer network. The library must have been started. */

import type { WindowSet } from '../data/windows.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { parametersOf } from './exported.ts';
import { Inference } from './inference.ts';
import { type Scores, score } from './metrics.ts';
import { type NetworkSpec, specOf } from './network.ts';
import type { Moments } from './simulation.ts';
import { tree } from './start.ts';

/** `spec`: of the network among those that it was trained with. */
export function evaluateCheckpoint(
  checkpoint: Checkpoint,
  config: TrainConfig,
  sets: readonly WindowSet[],
  spec?: NetworkSpec,
): Scores[] {
  return sets.map((set) => score(set.labels, checkpointLogits(checkpoint, config, set, spec), set.classNames.length));
}

/** Logits [n][classes] of every window of the set, in order. */
export const checkpointLogits = (
  checkpoint: Checkpoint,
  config: TrainConfig,
  set: WindowSet,
  spec = specOf(config, set.classNames.length),
): Float32Array => answersOf('logits', checkpoint, config, set, spec);

/** What the classifier takes for every window of the set, in order, [n][values]. */
export const checkpointFeatures = (
  checkpoint: Checkpoint,
  config: TrainConfig,
  set: WindowSet,
  spec: NetworkSpec,
): Float32Array => answersOf('features', checkpoint, config, set, spec);

function answersOf(
  what: 'logits' | 'features',
  checkpoint: Checkpoint,
  config: TrainConfig,
  set: WindowSet,
  spec: NetworkSpec,
): Float32Array {
  const parameters = parametersOf(checkpoint);
  const stored = (name: string): Float32Array<ArrayBuffer> => Float32Array.from(checkpoint.tensors.get(name)!.data);
  const moments: Moments[] = spec.layers
    .filter(({ normalized }) => normalized)
    .map((layer) => ({ mean: stored(`${layer.name}.mean`), variance: stored(`${layer.name}.variance`) }));
  const inference = new Inference(config.task, spec, config.batch);
  const answers = inference[what](parameters, moments, set);
  inference.dispose();
  tree.dispose(parameters);
  return answers;
}

/** Training from a configuration to the integer model: what `htpw train` calls. */

import { type BeatSet, countClasses, selectBeats } from '../data/beats.ts';
import { loadDataset } from '../data/dataset.ts';
import { Random } from '../data/random.ts';
import type { Model } from '../model/model.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { evaluateCheckpoint } from './evaluate.ts';
import { exportModel } from './export.ts';
import { type Progress, train } from './loop.ts';
import type { Scores } from './metrics.ts';
import { buildNetwork } from './network.ts';
import { startArrays } from './start.ts';

export interface TrainOptions {
  /** folder that holds the data sets */
  data?: string;
  epochs?: number;
  /** beats at most per split, for a quick look; drawn so that every class keeps its share */
  subset?: number;
  seed?: number;
  onProgress?(progress: Progress): void;
}

export interface TrainReport {
  name: string;
  seconds: number;
  /** training beats per class, by name */
  trainBeats: Record<string, number>;
  /** float simulation of the integer network: for watching, not for reporting */
  validation: Scores;
  later: Scores;
}

export interface Trained {
  checkpoint: Checkpoint;
  model: Model;
  report: TrainReport;
}

export async function trainModel(base: TrainConfig, options: TrainOptions = {}): Promise<Trained> {
  const config = adapt(base, options);
  await startArrays();
  const load = (split: 'train' | 'validation' | 'later'): BeatSet =>
    thin(loadDataset(config.dataset, split, { root: options.data, seed: base.seed }), options.subset, config.seed);
  const sets = { train: load('train'), validation: load('validation') };
  const began = performance.now();
  const spec = buildNetwork(config.network, sets.train.classNames.length);
  const checkpoint = train(config, spec, sets, options.onProgress);
  const seconds = (performance.now() - began) / 1000;
  const counts = countClasses(sets.train);
  const [validation, later] = evaluateCheckpoint(checkpoint, config, [sets.validation, load('later')]);
  const report: TrainReport = {
    name: config.name,
    seconds,
    trainBeats: Object.fromEntries(sets.train.classNames.map((name, label) => [name, counts[label]!])),
    validation: validation!,
    later: later!,
  };
  return { checkpoint, model: await exportModel(checkpoint, config), report };
}

/** With a subset, an epoch shrinks to about its size, so that the run is short. */
function adapt(base: TrainConfig, { epochs, subset, seed }: TrainOptions): TrainConfig {
  const config = { ...base, epochs: epochs ?? base.epochs, seed: seed ?? base.seed };
  if (!subset) return config;
  const total = Object.values(base.beatsPerEpoch).reduce((sum, count) => sum + count, 0);
  const share = Math.min(1, subset / total);
  const beatsPerEpoch = Object.fromEntries(
    Object.entries(base.beatsPerEpoch).map(([name, count]) => [name, Math.ceil(count * share)]),
  );
  return { ...config, beatsPerEpoch };
}

/** About `size` beats, each class in proportion but at least eight of it. */
function thin(set: BeatSet, size: number | undefined, seed: number): BeatSet {
  if (!size || set.labels.length <= size) return set;
  const random = new Random(seed, 5);
  const chosen = set.classNames.flatMap((_, label) => {
    const members = Array.from(set.labels.keys()).filter((i) => set.labels[i] === label);
    return random.shuffle(members).slice(0, Math.max(8, Math.round((size * members.length) / set.labels.length)));
  });
  return selectBeats(
    set,
    chosen.sort((a, b) => a - b),
  );
}

/** Training from a configuration to the integer model: what `htpw train` calls. */

import { type BeatSet, countClasses, selectBeats } from '../data/beats.ts';
import { openDataset } from '../data/dataset.ts';
import { Random } from '../system/random.ts';
import type { TrainConfig } from './config.ts';
import { evaluateCheckpoint } from './evaluate.ts';
import { exportModel } from './export.ts';
import { train } from './loop.ts';
import { buildNetwork } from './network.ts';
import type { Trained, TrainOptions, TrainReport } from './run.ts';
import { startArrays } from './start.ts';

export async function trainModel(base: TrainConfig, options: TrainOptions = {}): Promise<Trained> {
  const config = adapt(base, options);
  const dataset = openDataset(config.dataset, { root: options.data, seed: base.seed, lead: options.lead });
  const parts = { train: dataset.load('train'), validation: dataset.load('validation'), later: dataset.load('later') };
  const thinned = (set: BeatSet): BeatSet => thin(set, options.subset, config.seed);
  const sets = { train: thinned(parts.train), validation: thinned(parts.validation), later: thinned(parts.later) };
  await startArrays();
  const began = performance.now();
  const spec = buildNetwork(config.network, sets.train.classNames.length);
  const checkpoint = train(config, spec, sets, options.onProgress);
  const seconds = (performance.now() - began) / 1000;
  const counts = countClasses(sets.train);
  const [validation, later] = evaluateCheckpoint(checkpoint, config, [sets.validation, sets.later]);
  const report: TrainReport = {
    name: config.name,
    seconds,
    trainBeats: Object.fromEntries(sets.train.classNames.map((name, label) => [name, counts[label]!])),
    accounts: { train: parts.train.account, validation: parts.validation.account, later: parts.later.account },
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

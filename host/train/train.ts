/** Training from a configuration to the integer model: what `htpw train` calls. */

import type { Part } from '../data/part.ts';
import { countClasses, selectWindows, type WindowSet } from '../data/windows.ts';
import type { Model } from '../model/model.ts';
import { Random } from '../system/random.ts';
import { classNamesOf, openTask } from '../task/task.ts';
import type { TrainConfig } from './config.ts';
import { evaluateCheckpoint } from './evaluate.ts';
import { exportModel } from './export.ts';
import { train, untrained } from './loop.ts';
import { specOf } from './network.ts';
import type { Trained, TrainOptions, TrainReport } from './run.ts';
import { startArrays } from './start.ts';

export async function trainModel(base: TrainConfig, options: TrainOptions = {}): Promise<Trained> {
  const config = adapt(base, options);
  const { root, lead, subset, sets: choice } = options;
  const data = openTask(config.task, { data: config.data, root, seed: base.seed, lead, sets: choice });
  const learned = data.load('train');
  const chosen = data.load('validation');
  const later = data.set.splits.includes('later') ? data.load('later') : null;
  const thinned = (part: Part): WindowSet => thin(part, subset, config.seed);
  const sets = { train: thinned(learned), validation: thinned(chosen) };
  await startArrays();
  const began = performance.now();
  const spec = specOf(config, sets.train.classNames.length);
  const checkpoint = train(config, spec, sets, options.onProgress);
  const seconds = (performance.now() - began) / 1000;
  const counts = countClasses(sets.train);
  const watched = [sets.validation, ...(later ? [thinned(later)] : [])];
  const [onValidation, onLater = null] = evaluateCheckpoint(checkpoint, config, watched);
  const report: TrainReport = {
    name: config.name,
    seconds,
    trainWindows: Object.fromEntries(sets.train.classNames.map((name, label) => [name, counts[label]!])),
    accounts: { train: learned.account, validation: chosen.account, ...(later && { later: later.account }) },
    validation: onValidation!,
    later: onLater,
  };
  return { checkpoint, model: await exportModel(checkpoint, config), report };
}

/** Of random weights, as if activations had mean 0 and deviation 1 already. */
export async function untrainedModel(config: TrainConfig): Promise<Model> {
  await startArrays();
  const classNames = classNamesOf(config.task);
  const spec = specOf(config, classNames.length);
  return exportModel(untrained(spec, config, classNames), config);
}

/** With a subset, an epoch shrinks to about its size, so that the run is short. */
function adapt(base: TrainConfig, { epochs, subset, seed }: TrainOptions): TrainConfig {
  const config = { ...base, epochs: epochs ?? base.epochs, seed: seed ?? base.seed };
  if (!subset) return config;
  const total = Object.values(base.windowsPerEpoch).reduce((sum, count) => sum + count, 0);
  const share = Math.min(1, subset / total);
  const windowsPerEpoch = Object.fromEntries(
    Object.entries(base.windowsPerEpoch).map(([name, count]) => [name, Math.ceil(count * share)]),
  );
  return { ...config, windowsPerEpoch };
}

/** About `size` windows, each class in proportion but at least eight of it. */
function thin(set: WindowSet, size: number | undefined, seed: number): WindowSet {
  if (!size || set.labels.length <= size) return set;
  const random = new Random(seed, 5);
  const chosen = set.classNames.flatMap((_, label) => {
    const members = Array.from(set.labels.keys()).filter((i) => set.labels[i] === label);
    return random.shuffle(members).slice(0, Math.max(8, Math.round((size * members.length) / set.labels.length)));
  });
  return selectWindows(
    set,
    chosen.sort((a, b) => a - b),
  );
}

/** Training from a configuration to the integer model: what `htpw train` calls. */
import { createHash } from 'node:crypto';
import type { Part } from '../data/part.ts';
import { countClasses, selectWindows, type WindowSet } from '../data/windows.ts';
import type { Generator, Model } from '../model/model.ts';
import { UsageError } from '../system/errors.ts';
import { Random } from '../system/random.ts';
import { classNamesOf, openTask } from '../task/task.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { JointConfig, TrainConfig } from './config.ts';
import type { Lesson } from './course.ts';
import { evaluateCheckpoint } from './evaluate.ts';
import { exportNetworks } from './export.ts';
import { Journal } from './journal.ts';
import { type Learnt, train, untrained } from './loop.ts';
import type { Scores } from './metrics.ts';
import { type NetworkSpec, specsOf } from './network.ts';
import { exportRouted } from './routed/export.ts';
import { isRouted, trainRouted, untrainedRoute } from './routed/training.ts';
import type { EpochRecord, NetworkReport, Trained, TrainedTogether, TrainOptions, TrainReport } from './run.ts';
import { startArrays } from './start.ts';
import type { Subject } from './state.ts';
import { softTargets, teachersOf } from './teacher.ts';

export async function trainModel(base: TrainConfig, options: TrainOptions = {}): Promise<Trained> {
  const { checkpoint, model, reports, ...how } = await trainNetworks([base], base.name, options);
  return { checkpoint, model, report: { name: base.name, ...how, ...reports[0]! } };
}

/** Several networks at once: one model with a program each, whose layers of one method share what it shares. */
export async function trainTogether(
  { name, programs }: JointConfig,
  options: TrainOptions = {},
): Promise<TrainedTogether> {
  const { checkpoint, model, reports, ...how } = await trainNetworks(programs, name, options);
  const named = reports.map((report, i) => ({ name: programs[i]!.name, ...report }));
  return { checkpoint, model, report: { name, ...how, programs: named } };
}

interface TrainedNetworks
  extends Pick<Trained, 'checkpoint' | 'model'>,
    Pick<TrainReport, 'seconds' | 'history' | 'kept'> {
  reports: NetworkReport[];
}

async function trainNetworks(
  bases: readonly TrainConfig[],
  name: string,
  options: TrainOptions,
): Promise<TrainedNetworks> {
  const { root, lead, subset, sets: choice, basis = null, later: isLater = true } = options;
  const configs = bases.map((base) => adapt(base, options));
  const [routed] = configs.filter(isRouted);
  if (routed && options.basis) throw new UsageError(`${name}: expected no basis of an image for a route, got one`);
  if (routed && options.state?.beginning)
    throw new UsageError(
      `${name}: a training with a route keeps no state to go on with; leave --${options.state.beginning} out`,
    );
  const specs = specsOf(configs, basis);
  await startArrays();
  const teachers = configs.map(teachersOf); // before any recording is read
  const parts = configs.map((config, i) => {
    const data = openTask(config.task, { data: config.data, root, seed: bases[i]!.seed, lead, sets: choice });
    const learned = data.load('train');
    const chosen = data.load('validation');
    const later = isLater && data.set.splits.includes('later') ? data.load('later') : null;
    const thinned = (part: Part): WindowSet => thin(part, subset, config.seed);
    const sets = { train: thinned(learned), validation: thinned(chosen) };
    const watched = [sets.validation, ...(later ? [thinned(later)] : [])];
    const accounts = { train: learned.account, validation: chosen.account, ...(later && { later: later.account }) };
    const { distillation } = config;
    const soft = distillation ? softTargets(teachers[i]!, sets.train, distillation.temperature) : null;
    return { lesson: { config, spec: specs[i]!, sets, soft }, watched, accounts };
  });
  const lessons = parts.map(({ lesson }) => lesson);
  const began = performance.now();
  const { state } = options;
  const learn = async (): Promise<Learnt & { scores?: Scores[] }> =>
    routed
      ? trainRouted(routed, lessons[0]!.sets, parts[0]!.watched, options.onProgress)
      : train(lessons, {
          onProgress: options.onProgress,
          journal: state ? new Journal(state, subjectOf(lessons, basis)) : null,
          onResume: state?.onResume,
        });
  const { checkpoint, history, kept, scores } = await learn();
  const seconds = (performance.now() - began) / 1000;
  const reports = parts.map(({ lesson: { config, spec, sets }, watched, accounts }): NetworkReport => {
    const counts = countClasses(sets.train);
    const [validation, later = null] = scores ?? evaluateCheckpoint(checkpoint, config, watched, spec);
    return {
      trainWindows: Object.fromEntries(sets.train.classNames.map((name, label) => [name, counts[label]!])),
      accounts,
      validation: validation!,
      later,
    };
  });
  const model = routed ? await exportRouted(checkpoint, routed) : exported(checkpoint, configs, specs, name, basis);
  return { checkpoint, model, reports, seconds, history: whole(history, kept, reports), kept };
}

/** The kept parameters were scored behind the loop: what it did not look at itself is known by now. */
function whole(history: readonly EpochRecord[], kept: number, reports: readonly NetworkReport[]): EpochRecord[] {
  return history.map((record) =>
    record.epoch === kept ? { ...record, validation: reports.map(({ validation }) => validation.macroF1) } : record,
  );
}

/** What a state of this training belongs to, wherever files lie. */
function subjectOf(lessons: readonly Lesson[], basis: readonly Generator[] | null): Subject {
  const configs = lessons.map(({ config: { task, distillation, ...config } }) => {
    const { teachers: _, ...how } = distillation ?? { teachers: [] };
    const { data: __, ...rest } = task;
    return { ...config, ...(distillation && { distillation: how }), task: rest };
  });
  const hash = createHash('sha256').update(JSON.stringify(basis, plain));
  for (const { sets, soft } of lessons) {
    for (const { samples, labels } of [sets.train, sets.validation]) hash.update(samples).update(labels);
    if (soft) hash.update(soft);
  }
  return { configs: JSON.stringify(configs.length > 1 ? configs : configs[0]), windows: hash.digest('hex') };
}

/** Typed arrays as lists. */
const plain = (_: string, value: unknown): unknown =>
  ArrayBuffer.isView(value) ? Array.from(value as Int8Array) : value;

function exported(
  checkpoint: Checkpoint,
  configs: readonly TrainConfig[],
  specs: readonly NetworkSpec[],
  name: string,
  basis: readonly Generator[] | null,
): Model {
  const parts = configs.map((config, i) => ({ config, spec: specs[i]!, labels: classNamesOf(config.task) }));
  return exportNetworks(checkpoint, parts, name, basis ?? []);
}

/** Of random weights, as if activations had mean 0 and deviation 1 already. */
export function untrainedModel(config: TrainConfig): Promise<Model> {
  return untrainedTogether({ name: config.name, programs: [config] });
}

/** The same of several networks, made from `basis` if there is one. */
export async function untrainedTogether(
  { name, programs }: JointConfig,
  basis: readonly Generator[] | null = null,
): Promise<Model> {
  const [routed] = programs.filter(isRouted);
  await startArrays();
  if (routed) return exportRouted(untrainedRoute(routed), routed);
  const specs = specsOf(programs, basis);
  const checkpoint = untrained(programs.map((config, i) => ({ config, spec: specs[i]! })));
  return exported(checkpoint, programs, specs, name, basis);
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

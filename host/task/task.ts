/**
 * A task: what a device is given, what it should answer, and what that is learned from and judged by. One JSON file,
 * models/tasks/ for those that come with the project.
 */
import { readdirSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { DataSet } from '../data/dataset.ts';
import type { Part, Split } from '../data/part.ts';
import { addLeftOut } from '../data/part.ts';
import { DATA_SETS, dataSetList, openDataset } from '../data/registry.ts';
import type { Signal } from '../data/signal.ts';
import { selectWindows } from '../data/windows.ts';
import { UsageError } from '../system/errors.ts';
import * as json from '../system/json.ts';
import { projectRoot } from '../system/root.ts';
import { AUGMENTATION, type Augmentation, augmentationFault } from './augmentation.ts';
import type { FrontEnd, FrontEndConfig } from './frontEnds/frontEnd.ts';
import { FRONT_ENDS } from './frontEnds/registry.ts';
import { maskFault } from './masks.ts';

/** What a network is for: its data, what the device is given, the front end, classes, augmentation and metrics. */
export interface Task {
  name: string;
  /** what is told apart from what, for a model card */
  about: string;
  data: {
    set: string;
    /** taken for trying something out where the recordings of `set` are not at hand */
    standIn: string | null;
    /** what the data set is told */
    options: Record<string, unknown>;
  };
  input: Signal;
  frontEnd: FrontEndConfig;
  /** class -> labels of the data set that it is made of; other labels are left out */
  classes: Record<string, string[]>;
  augmentation: Augmentation;
  metrics: Metrics;
  /** what a reader of the figures should know, sentences for a model card */
  caveats: string[];
}

/** Beside accuracy, macro-F1, balanced accuracy and the area under the ROC curve, which every task has. */
export interface Metrics {
  /** macro-F1 of windows of these classes, answered among these */
  among: string[] | null;
  /** macro-F1 of this class against the rest, at a threshold that is chosen on the validation windows */
  versusRest: string | null;
}

/** Name of an example in every clone and package. */
const LIKE = 'models/tasks/ecg-beats.json';

const NAME = json.textLike(/^[\w][\w .+-]{0,99}$/, 'a name of letters, digits and - _ . +');
const MOST_POSITIONS = 65_535; // of a dimension in an image
const extent = json.wholeNumber(1, MOST_POSITIONS);

const SIGNAL = json.fields({
  name: json.text,
  shape: json.listOf(extent, 3, 'height, width and channels, each a whole number from 1 to 65535'),
  type: json.oneOf(['i8', 'i16']),
  scale: json.quantity,
  zeroPoint: json.optional(json.wholeNumber(-128, 127), 0),
  rate: json.optional(json.nullable(json.quantity), null),
  event: json.optional(
    json.nullable(json.fields({ name: json.text, at: json.wholeNumber(0, MOST_POSITIONS - 1) })),
    null,
  ),
}) as unknown as json.Schema<Signal>;

/** A list of labels stands for classes of the same names. */
const CLASSES = json.either(
  json.texts,
  json.record(json.list(json.text, 'a list of labels of the data set')),
  (labels) => Object.fromEntries(labels.map((label) => [label, [label]])),
);

const TASK: json.Schema<Task> = json.agreeing(
  json.fields({
    name: NAME,
    about: json.text,
    data: json.fields({
      set: json.text,
      standIn: json.optional(json.nullable(json.text), null),
      options: json.optional(json.anyObject, {}),
    }),
    input: SIGNAL,
    frontEnd: json.byKind(
      Object.fromEntries(Object.entries(FRONT_ENDS).map(([kind, { schema }]) => [kind, schema])),
    ) as json.Schema<FrontEndConfig>,
    classes: CLASSES,
    augmentation: json.optional(AUGMENTATION, {}),
    metrics: json.optional(
      json.fields({
        among: json.optional(json.nullable(json.texts), null),
        versusRest: json.optional(json.nullable(json.text), null),
      }),
      {},
    ),
    caveats: json.optional(json.texts, []),
  }) as unknown as json.Schema<Task>,
  taskFault,
);

/** What does not agree among fields that are right by themselves. */
function taskFault({ input, frontEnd, classes, augmentation, metrics }: Task): [field: string, message: string] | null {
  if (input.event && input.event.at >= input.shape[1])
    return ['input.event.at', `expected a position below ${input.shape[1]}, got ${input.event.at}`];
  if (input.type === 'i16' && input.zeroPoint !== 0) return ['input.zeroPoint', 'expected 0, as int16 inputs have'];
  const refused = FRONT_ENDS[frontEnd.kind]!.fault(frontEnd, input);
  if (refused) return refused;
  const isSpectrum = frontEnd.kind === 'log-mel' || frontEnd.kind === 'mfcc';
  const spectrum = isSpectrum ? frontEndOf({ frontEnd, input }).output.shape : null;
  const varied = augmentationFault(augmentation, input) ?? maskFault(augmentation, spectrum);
  if (varied) return [`augmentation.${varied[0]}`, varied[1]];
  const names = Object.keys(classes);
  if (names.length < 2 || names.length > 255) return ['classes', `expected 2 to 255 classes, got ${names.length}`];
  const stranger = [...(metrics.among ?? []), ...(metrics.versusRest === null ? [] : [metrics.versusRest])].find(
    (name) => !names.includes(name),
  );
  return stranger === undefined ? null : ['metrics', `expected classes of the task, got "${stranger}"`];
}

/**
 * A task by the name of a file in models/tasks/, or by the path of one, from `folder` on. Throws UsageError, one line,
 * for the first field that is missing, unknown or wrong.
 */
export function readTask(name: string, folder = process.cwd(), sets: readonly DataSet[] = DATA_SETS): Task {
  const path = pathOf(name, folder);
  const task = json.readJson(path, TASK, LIKE);
  const set = sets.find((one) => one.name === task.data.set);
  if (!set)
    throw new UsageError(
      `${path}: data.set: expected ${dataSetList(sets)}, got "${task.data.set}"; compare with ${LIKE}`,
    );
  const fault = labelFault(task, set);
  if (fault) throw new UsageError(`${path}: classes: ${fault}`);
  return { ...task, data: { ...task.data, options: placed(task.data.options, set.paths ?? [], dirname(path)) } };
}

/** A task as a checkpoint has it. Throws UsageError, one line, for the first field that is wrong. */
export const checkTask = (value: unknown, where: string): Task => json.checkJson(value, where, TASK);

/** Options with the paths among them from where the command is called, in place of from `folder` on. */
function placed(options: Record<string, unknown>, paths: readonly string[], folder: string): Record<string, unknown> {
  const named = paths.filter((option) => typeof options[option] === 'string');
  const from = (path: string): string => (isAbsolute(path) ? path : relative('', join(folder, path)) || '.');
  return { ...options, ...Object.fromEntries(named.map((option) => [option, from(options[option] as string)])) };
}

/** Of models/tasks/, and not a path. */
const isName = (name: string): boolean => /^[\w-]+$/.test(name);

const pathOf = (name: string, folder: string): string =>
  isName(name) ? join(tasksFolder(), `${name}.json`) : resolve(folder, name);

const tasksFolder = (): string => join(projectRoot(), 'models', 'tasks');

/** Those that come with the project. */
export const taskNames = (): string[] =>
  readdirSync(tasksFolder())
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();

/** A task read where another file names it: `where` is that file, or a place in it, and `folder` where it lies. */
export function readTaskOf(where: string, name: string, folder = dirname(where)): Task {
  if (isName(name) && !taskNames().includes(name))
    throw new UsageError(
      `${where}: task: expected ${taskNames().join(', ')} or the path of a file, got "${name}"; ` +
        'htpw train --help says more',
    );
  return readTask(name, folder);
}

/** How a task that `where` names is called on the command line. */
export const taskArgument = (where: string, name: string): string =>
  isName(name) ? name : relative('', resolve(dirname(where), name));

export const classNamesOf = ({ classes }: Pick<Task, 'classes'>): string[] => Object.keys(classes);

export function frontEndOf({ frontEnd, input }: Pick<Task, 'frontEnd' | 'input'>): FrontEnd {
  return FRONT_ENDS[frontEnd.kind]!.make(frontEnd, input);
}

/** The labels of a class that a data set does not have. */
function labelFault({ classes }: Task, { name, labels }: Pick<DataSet, 'name' | 'labels'>): string | null {
  if (labels === null) return null;
  for (const [className, members] of Object.entries(classes)) {
    const missing = members.find((label) => !labels.includes(label));
    if (missing !== undefined)
      return `class "${className}": expected labels of ${name}, ${labels.join(', ')}, got "${missing}"`;
  }
  return null;
}

export interface DataOptions {
  /** in place of the data set of the task */
  data?: string;
  /** folder that holds the data sets */
  root?: string;
  /** of data that are made */
  seed?: number;
  /** of recordings with several */
  lead?: string;
  sets?: readonly DataSet[];
}

/** The windows of a task, split by split. */
export interface TaskData {
  set: DataSet;
  folder: string;
  /** with the classes of the task */
  load(split: Split): Part;
}

/** Throws UsageError for a data set that there is not, or that has other labels than the task is about. */
export function openTask(task: Task, options: DataOptions = {}): TaskData {
  const { data = task.data.set, root, seed, lead, sets } = options;
  const own = data === task.data.set ? task.data.options : {};
  const set = openDataset(data, { root, seed, lead, options: own, sets });
  const fault = labelFault(task, set);
  if (fault) throw new UsageError(`data set ${data} for task ${task.name}: ${fault}; choose one that has them`);
  return {
    set,
    folder: set.folder,
    load(split) {
      const part = set.give(split, task.input);
      const missing = labelFault(task, { name: data, labels: part.classNames });
      if (missing) throw new UsageError(`task ${task.name}: ${missing}; edit the classes of the task`);
      return classified(part, task);
    },
  };
}

/** The data set of a task where its recordings are at hand, else what stands in for them. */
export function dataAtHand(task: Task, root?: string): string {
  const { set, standIn } = task.data;
  return standIn !== null && !isAtHand(set, root) ? standIn : set;
}

/** Whether the recordings of a data set are where they belong. */
export const isAtHand = (name: string, root?: string): boolean => {
  const set = openDataset(name, { root });
  return set.isThere(set.folder);
};

/** Windows whose labels belong to a class of the task. */
function classified(part: Part, task: Task): Part {
  const names = classNamesOf(task);
  const classOf = part.classNames.map((label) => names.findIndex((name) => task.classes[name]!.includes(label)));
  const kept = Array.from(part.labels.keys()).filter((i) => classOf[part.labels[i]!]! >= 0);
  const without = part.labels.length - kept.length;
  if (kept.length === 0)
    throw new UsageError(
      `${part.account.data} ${part.account.split}: expected windows of ${names.join(', ')}, got none`,
    );
  const set = without === 0 ? part : selectWindows(part, kept);
  const account = { ...part.account, windows: kept.length };
  if (without > 0) account.leftOut = addLeftOut(account.leftOut, { unmapped: without });
  return { ...set, labels: set.labels.map((label) => classOf[label]!), classNames: names, account };
}

/** What verbs judge an image by: a split of its task, or labelled inputs that somebody brings, and its answers to them. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { type Account, describeAccounts, type Split } from '../data/part.ts';
import { dataSetList, dataSetNames } from '../data/registry.ts';
import type { WindowSet } from '../data/windows.ts';
import { type Comparison, compared } from '../evaluate/comparison.ts';
import type { EvaluateInput, Scored } from '../evaluate/evaluate.ts';
import { scoreInputs, scoringOf } from '../evaluate/judged.ts';
import { assertTakes, scoreWindows, taskOfImage, trainedOn, unlike } from '../evaluate/scoring.ts';
import { classesOf } from '../inputs/classes.ts';
import { labelled } from '../inputs/labels.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST, type VariantName } from '../runtime/variants.ts';
import { UsageError } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';
import { openTask } from '../task/task.ts';
import { programIndex, readImage } from './image.ts';
import { type InputFlags, metadataOf, readInputs } from './inputs.ts';
import type { Value } from './options.ts';
import { withProgress } from './verb.ts';

/** A program of an image, ready to run. */
export interface Subject {
  path: string;
  image: Uint8Array;
  view: ImageView;
  program: number;
  runtime: Runtime;
  metadata: Record<string, unknown>;
}

export function subjectOf(path: string, program: string, variant: VariantName = FASTEST): Subject {
  const image = readImage(path);
  const view = new ImageView(image);
  const index = programIndex(view, program);
  const runtime = new Runtime(image, variant).load(index);
  return { path, image, view, program: index, runtime, metadata: metadataOf(view, index) };
}

export interface JudgeFlags extends InputFlags {
  task?: string;
  data?: string;
  labels?: string;
  split: Split;
  lead?: string;
}

/** What an image was judged by, and what it answered. */
export interface Judged {
  data: string;
  /** null for what no task is about */
  split: Split | null;
  scored: EvaluateInput;
  /** null for inputs that no data set accounts for */
  account: Account | null;
  validationAccount: Account | null;
  trainedOn: string | null;
  /** for people, above the figures */
  notes: string[];
  /** answers of another image to the same */
  answersOf(other: Subject): Promise<Scored>;
}

/** A data set by its name, else a file or folder of inputs; `./mitbih` is a folder of that name. */
export const DATA: Value<string> = {
  expected: `${dataSetList()}, or a file or folder of labelled inputs`,
  read: (text) => (dataSetNames().includes(text) || existsSync(text) ? text : undefined),
};

export const judged = (subject: Subject, flags: JudgeFlags): Promise<Judged> =>
  flags.data !== undefined && !dataSetNames().includes(flags.data)
    ? judgedByInputs(subject, flags.data, flags)
    : judgedByTask(subject, flags);

async function judgedByTask(subject: Subject, flags: JudgeFlags): Promise<Judged> {
  const { path, runtime, metadata } = subject;
  if (flags.labels !== undefined)
    throw new UsageError('--labels: expected --data <path> of inputs that they are for, got none; leave them out');
  const task = taskOfImage(path, runtime, metadata, flags.task);
  const { set: dataset, load } = openTask(task, { data: flags.data, lead: flags.lead });
  assertTakes(path, task, runtime, metadata);
  const set = load(flags.split);
  const chooses = flags.split !== 'validation' && dataset.splits.includes('validation');
  const validation = chooses ? load('validation') : undefined;
  const score = (of: Runtime, part: WindowSet, label: string) =>
    withProgress(label, (report) => scoreWindows(of, part, report));
  const accounts = [set, validation].flatMap((part) => part?.account ?? []);
  const trained = trainedOn(metadata);
  return {
    data: dataset.name,
    split: flags.split,
    scored: {
      ...(await score(runtime, set, flags.split)),
      classNames: set.classNames,
      validation: validation && (await score(runtime, validation, 'validation')),
      metrics: task.metrics,
      task: task.name,
      split: flags.split,
      unit: dataset.unit,
      group: dataset.group,
    },
    account: set.account,
    validationAccount: validation?.account ?? null,
    trainedOn: trained,
    notes: [...unlike(trained, dataset.name), describeAccounts(accounts)],
    answersOf: (other) => {
      assertTakes(other.path, task, other.runtime, other.metadata);
      return score(other.runtime, set, flags.split);
    },
  };
}

/** Inputs that somebody brings; options that are about tasks alone are refused. */
async function judgedByInputs(subject: Subject, data: string, flags: JudgeFlags): Promise<Judged> {
  const odd = (['task', 'lead'] as const).find((name) => flags[name] !== undefined);
  if (odd) throw new UsageError(`--${odd} is about data sets by name, and --data names a path; leave one of them out`);
  const answers = async ({ path, runtime, view, program, metadata }: Subject) => {
    const scoring = scoringOf(path, runtime, view, program);
    const read = readInputs(data, runtime.inputs, flags, metadata);
    const set = flags.labels === undefined ? read : labelled(read, flags.labels);
    if (set.labels === null)
      throw new UsageError(
        `${shownPath(data)}: expected labels, as folders of classes or an array y, got none; give them with --labels`,
      );
    const { names, of, notes } = classesOf(flags.labels ?? data, set.labels, scoring.classes, scoring.names);
    const scores = await withProgress(basename(path), (report) => scoreInputs(runtime, scoring, set.inputs, report));
    const groups = set.groups ?? set.names.map((name, i) => `${i} ${name}`);
    return { labels: of, groups, scores, names, notes, isGrouped: set.groups !== null };
  };
  const { labels, groups, scores, names, notes, isGrouped } = await answers(subject);
  return {
    data,
    split: null,
    scored: {
      labels,
      groups,
      scores,
      classNames: names,
      task: basename(data),
      unit: 'input',
      group: isGrouped ? 'group' : 'input',
    },
    account: null,
    validationAccount: null,
    trainedOn: trainedOn(subject.metadata),
    notes: [...notes, ...(isGrouped ? [] : ['nothing says whose the inputs are: each is a group of its own'])],
    answersOf: async (other) => {
      const answered = await answers(other);
      if (String(answered.labels) !== String(labels))
        throw new UsageError(
          `${shownPath(other.path)}: expected the classes of ${shownPath(subject.path)}, got ` +
            `${answered.names.join(', ')}; compare images of the same classes in the same order`,
        );
      return answered;
    },
  };
}

/** How another image does on the same. */
export async function comparedWith(other: Subject, by: Judged): Promise<Comparison> {
  const [scores, classes] = [await by.answersOf(other), by.scored.classNames.length];
  if (scores.scores.length !== by.scored.labels.length * classes)
    throw new UsageError(
      `${shownPath(other.path)}: expected an image of ${classes} classes; compare images of the same`,
    );
  return compared(by.scored, scores);
}

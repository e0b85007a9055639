/** Programs of packed images, measured on the splits of their tasks for a model card. */
import type { Part, Split } from '../data/part.ts';
import { type Counted, countedAnswers } from '../evaluate/comparison.ts';
import { type Evaluation, evaluate } from '../evaluate/evaluate.ts';
import { assertTakes, scoreWindows, trainedOn } from '../evaluate/scoring.ts';
import { bytesByCategory, regionsOf } from '../image/regions.ts';
import { metadataAt } from '../records/names.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { named } from '../system/errors.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import { shownPath } from '../system/shownPath.ts';
import type { Task, TaskData } from '../task/task.ts';

/** Reported, of those that the data set has. */
export const REPORTED: readonly Split[] = ['later', 'test'];

/** The image of a file. */
export interface Named {
  path: string;
  image: Uint8Array;
}

/** One program of an image, loaded. */
export interface Network extends Named {
  view: ImageView;
  program: number;
  runtime: Runtime;
}

/** Figures of a program, and bytes of the image that it is in. */
export interface Measured {
  path: string;
  /** data set that it was trained on, if the image says */
  trainedOn: string | null;
  sha256: string;
  bytes: number;
  categories: Record<string, number>;
  arenaBytes: number;
  results: Partial<Record<Split, Evaluation>>;
  /** of the same splits */
  answers: Partial<Record<Split, Counted>>;
}

/** The windows of a data set, split by split. */
export type Parts = Partial<Record<Split, Part>>;

export const loadParts = ({ set, load }: TaskData): Parts =>
  Object.fromEntries(set.splits.map((split) => [split, load(split)]));

/** What the metadata of an image say of its program. Throws UsageError where they are none. */
export const saidOf = ({ path, view, program }: Pick<Network, 'path' | 'view' | 'program'>): Record<string, unknown> =>
  metadataAt(
    named(shownPath(path), () => view.metadata()),
    program,
  );

/** Program `program` of an image. Throws UsageError for one that is made for another task. */
export function openNetwork({ path, image }: Named, task: Task, program = 0): Network {
  const network = { path, image, program, view: new ImageView(image), runtime: new Runtime(image, FASTEST) };
  network.runtime.load(program);
  assertTakes(path, task, network.runtime, saidOf(network));
  return network;
}

/** Scores the reported splits; what is chosen is chosen on validation windows. */
export function measure(network: Network, parts: Parts, task: Task, { set }: TaskData): Measured {
  const { path, view, runtime } = network;
  const validation = parts.validation && scoreWindows(runtime, parts.validation);
  const [results, answers]: [Measured['results'], Measured['answers']] = [{}, {}];
  for (const split of REPORTED) {
    const part = parts[split];
    if (!part) continue;
    const scored = scoreWindows(runtime, part);
    answers[split] = countedAnswers(scored);
    results[split] = evaluate({
      ...scored,
      classNames: part.classNames,
      validation,
      metrics: task.metrics,
      task: task.name,
      split,
      unit: set.unit,
      group: set.group,
    });
  }
  return {
    path,
    trainedOn: trainedOn(saidOf(network)),
    sha256: sha256Hex(view.bytes),
    bytes: view.bytes.length,
    categories: bytesByCategory(regionsOf(view)),
    arenaBytes: runtime.arenaBytes(),
    results,
    answers,
  };
}

/** Every cut of a network: what it takes, and what it is worth once an auxiliary network has learned behind it. */
import type { WindowSet } from '../data/windows.ts';
import type { Interval } from '../evaluate/bootstrap.ts';
import { accuracyOf, type Counted, countedAnswers, difference, macroF1Of } from '../evaluate/comparison.ts';
import { scoreWindows } from '../evaluate/scoring.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import type { Auxiliary } from './auxiliary.ts';
import { type Counting, type Counts, countOperators, countPruned } from './count.ts';
import { type Cut, cutsOf } from './cuts.ts';
import { examplesOf, largest, learnedBehind, teacherLogits, unlearnedBehind } from './frozen.ts';
import { classesOf, type Part } from './graft.ts';
import type { Material } from './material.ts';
import type { Network } from './network.ts';
import { learnedTogether, simulatedLogits } from './together.ts';

/** Of the whole network, or of one cut of it. */
export interface Size extends Counts {
  imageBytes: number;
  arenaBytes: number;
}

/** Figures of windows that were not learned from. */
export interface Score {
  accuracy: Interval;
  macroF1: Interval;
  /** macro-F1 less that of the whole network on the same windows; null for itself */
  difference: Interval | null;
}

export interface Judgement {
  validation: Score;
  /** of splits that decide nothing */
  judged: Record<string, Score>;
}

/** A cut that is ready to be written. */
export interface Pruned {
  cut: Cut;
  image: Uint8Array;
  size: Size;
}

export function sizeOf(image: Uint8Array, counts: Counts): Size {
  return { ...counts, imageBytes: image.length, arenaBytes: new Runtime(image).arenaBytes() }; // proves it
}

export const wholeSize = ({ model, image }: Network, counting: Counting): Size =>
  sizeOf(image, countOperators(model, counting));

/** A part that was made at a cut, packed and proved. */
export function prunedAt(network: Network, cut: Cut, part: Part, auxiliary: Auxiliary, counting: Counting): Pruned {
  const { model } = network;
  const image = network.packed({ ...part, model: { ...part.model, metadata: metadataOf(network, cut, auxiliary) } });
  return { cut, image, size: sizeOf(image, countPruned(model, cut, auxiliary, classesOf(model), counting)) };
}

/** Those of the whole, and where it was cut. */
function metadataOf({ model: { metadata } }: Network, { block }: Cut, auxiliary: Auxiliary) {
  return { ...metadata, name: `${metadata.name}-${block}`, pruned: { at: block, auxiliary: auxiliary.name } };
}

/** Every cut with an auxiliary network that has learned nothing: sizes do not depend on what it learns. */
export async function unlearnedCuts(network: Network, auxiliary: Auxiliary, counting: Counting): Promise<Pruned[]> {
  const cuts: Pruned[] = [];
  for (const cut of cutsOf(network.model))
    cuts.push(prunedAt(network, cut, await unlearnedBehind(network, cut, auxiliary), auxiliary, counting));
  return cuts;
}

export interface SweepOptions {
  seed: number;
  epochs?: number;
  /** `done` of `total` steps of learning at one cut */
  onProgress?(block: string, done: number, total: number): void;
}

/** Learns at each of the cuts in turn: together with the trunk where that can learn on, else behind it. */
export async function* learnedCuts(
  network: Network,
  cuts: readonly Cut[],
  auxiliary: Auxiliary,
  material: Material,
  { seed, epochs, onProgress }: SweepOptions,
  counting: Counting,
): AsyncGenerator<Pruned> {
  const { trained } = network;
  const logits = trained ? await simulatedLogits(trained, material.train) : null;
  const examples = trained ? null : examplesOf(network, material, seed);
  for (const cut of cuts) {
    const options = {
      seed,
      epochs,
      onProgress: ({ step, steps }: { step: number; steps: number }) => onProgress?.(cut.block, step, steps),
    };
    const part = trained
      ? { model: await learnedTogether(trained, cut, auxiliary, material, logits!, options), origins: new Map() }
      : await learnedBehind(network, cut, auxiliary, examples!, options);
    yield prunedAt(network, cut, part, auxiliary, counting);
  }
}

/** Answers of a network to all windows by which it is judged. */
export interface Answers {
  validation: Counted;
  judged: Record<string, Counted>;
}

export function answersOf(image: Uint8Array, { validation, judged }: Material): Answers {
  const runtime = new Runtime(image, FASTEST).load();
  const answers = (set: WindowSet): Counted => countedAnswers(scoreWindows(runtime, set));
  return { validation: answers(validation), judged: mapValues(judged, answers) };
}

/** Figures of answers, and beside those of the whole network. */
export function judge(answers: Answers, whole: Answers | null): Judgement {
  const scoreOf = (counted: Counted, reference: Counted | undefined): Score => ({
    accuracy: accuracyOf(counted),
    macroF1: macroF1Of(counted),
    difference: reference ? difference(reference, counted) : null,
  });
  return {
    validation: scoreOf(answers.validation, whole?.validation),
    judged: mapValues(answers.judged, (counted, split) => scoreOf(counted, whole?.judged[split])),
  };
}

const mapValues = <T, U>(record: Record<string, T>, map: (value: T, key: string) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));

/** The material with the answers of the whole network for labels, where nobody knows better ones. */
export function labelledByTeacher(network: Network, material: Material): Material {
  if (material.labelled) return material;
  const labelled = (set: WindowSet): WindowSet => ({
    ...set,
    labels: largest(teacherLogits(network, set), set.classNames.length),
  });
  return {
    ...material,
    validation: labelled(material.validation),
    judged: mapValues(material.judged, labelled),
  };
}

/** Pruning from a network to rows of figures, and to the cut that is taken: what `htpw prune` and the records call. */
import type { Auxiliary } from './auxiliary.ts';
import { choose, chooseWithin } from './choose.ts';
import type { Counting } from './count.ts';
import type { Cut } from './cuts.ts';
import type { Material } from './material.ts';
import type { Network } from './network.ts';
import {
  answersOf,
  type Judgement,
  judge,
  labelledByTeacher,
  learnedCuts,
  type Pruned,
  type Size,
  type SweepOptions,
  unlearnedCuts,
  wholeSize,
} from './sweep.ts';

/** The whole network, or a cut of it. */
export interface Row {
  cut: string;
  size: Size;
  /** of an inference on an emulated board, where one was asked for */
  instructions: number | null;
  /** where something was learned */
  scores: Judgement | null;
}

export interface PruneOptions extends SweepOptions, Counting {
  auxiliary: Auxiliary;
  /** instructions of an inference of an image; null where nobody counts them */
  instructions(image: Uint8Array): Promise<number | null>;
}

/** Rows of figures, that of the whole network first, and the images of the others in the same order. */
export interface Outcome {
  rows: Row[];
  pruned: Pruned[];
}

/** What every cut takes, with auxiliary networks that have learned nothing. */
export async function sizesOf(network: Network, options: PruneOptions): Promise<Outcome> {
  const rows = [await rowOf('whole', network.image, wholeSize(network, options), options)];
  const pruned = await unlearnedCuts(network, options.auxiliary, options);
  for (const { cut, image, size } of pruned) rows.push(await rowOf(cut.block, image, size, options));
  return { rows, pruned };
}

/** What these cuts take and are worth. */
export async function prune(
  network: Network,
  cuts: readonly Cut[],
  material: Material,
  options: PruneOptions,
): Promise<Outcome> {
  const judging = labelledByTeacher(network, material);
  const reference = answersOf(network.image, judging);
  const whole = await rowOf('whole', network.image, wholeSize(network, options), options);
  const rows = [{ ...whole, scores: judge(reference, null) }];
  const pruned: Pruned[] = [];
  for await (const one of learnedCuts(network, cuts, options.auxiliary, material, options, options)) {
    const row = await rowOf(one.cut.block, one.image, one.size, options);
    rows.push({ ...row, scores: judge(answersOf(one.image, judging), reference) });
    pruned.push(one);
  }
  return { rows, pruned };
}

async function rowOf(cut: string, image: Uint8Array, size: Size, { instructions }: PruneOptions): Promise<Row> {
  return { cut, size, instructions: await instructions(image), scores: null };
}

/** The cut that `auto` takes, within so many bytes the best of them; undefined where none is good enough. */
export function chosenOf({ rows, pruned }: Outcome, budget?: number): Pruned | undefined {
  const cut = cutChosen(rows, budget);
  return pruned.find((one) => one.cut.block === cut);
}

/** Its name, from rows of figures alone. */
export function cutChosen([whole, ...rows]: readonly Row[], budget?: number): string | undefined {
  const candidates = rows.map(({ cut, size, scores }) => ({
    cut,
    imageBytes: size.imageBytes,
    validation: scores!.validation.macroF1.value,
  }));
  const reference = whole!.scores!.validation.macroF1;
  return (budget === undefined ? choose(reference, candidates) : chooseWithin(reference, candidates, budget))?.cut;
}

/** What a training run is told, says while it goes on, and gives back. */
import type { DataSet } from '../data/dataset.ts';
import type { Account, Split } from '../data/part.ts';
import type { Generator, Model } from '../model/model.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Scores } from './metrics.ts';

/** What a training is given beside its configuration. */
export interface TrainOptions {
  /** folder that holds the data sets */
  root?: string;
  epochs?: number;
  /** windows at most per split, for a quick look; drawn so that every class keeps its share */
  subset?: number;
  seed?: number;
  /** data sets to choose from; else those of the project */
  sets?: readonly DataSet[];
  /** of recordings: name or number in the header */
  lead?: string;
  /** whether later windows of the training groups are looked at in the end, where there are any; default true */
  later?: boolean;
  /** generators of an image, which the layers that share something are made from as they are */
  basis?: readonly Generator[];
  /** where what a training needs to go on is kept while it runs; none: nowhere */
  state?: StateOptions;
  onProgress?(progress: Progress): void;
}

/**
 * What becomes of a state that is there already. "resume": training goes on with it, and begins where there is none;
 * "restart": training begins, and it is replaced; null: the same, but one of this very training is refused, so that
 * nobody loses hours for an option forgotten.
 */
export type Beginning = 'resume' | 'restart' | null;

/** The state of a training in progress, which is kept in a file after every epoch. */
export interface StateOptions {
  path: string;
  beginning: Beginning;
  /** seconds after which a state is kept within an epoch, too; default 30 */
  every?: number;
  /** told where a training goes on: after so many epochs and steps */
  onResume?(epoch: number, step: number): void;
}

/** What was seen of an epoch. */
export interface EpochRecord {
  /** from 1 */
  epoch: number;
  /** mean over its steps */
  loss: number;
  /** macro-F1 of each network on its validation windows, null where it has none; null where nobody looked */
  validation: (number | null)[] | null;
}

/** Of one network. */
export interface NetworkReport {
  /** training windows per class, by name */
  trainWindows: Record<string, number>;
  /** what the splits were made of, before any subset */
  accounts: Partial<Record<Split, Account>>;
  /** float simulation of the integer network: for watching, not for reporting */
  validation: Scores;
  /** null where the data set has no such split */
  later: Scores | null;
}

/** What came out of a training, for people and for --json. */
export interface TrainReport extends NetworkReport {
  name: string;
  seconds: number;
  history: EpochRecord[];
  /** epoch whose parameters were kept */
  kept: number;
}

/** Of several networks that were trained together. */
export interface JointReport {
  name: string;
  seconds: number;
  history: EpochRecord[];
  /** epoch whose parameters were kept */
  kept: number;
  programs: (NetworkReport & { name: string })[];
}

/** Networks that were trained together: their checkpoint, the one model of them all, and how training went. */
export interface TrainedTogether {
  checkpoint: Checkpoint;
  model: Model;
  report: JointReport;
}

/** A trained network: the checkpoint, the model that it becomes, and how training went. */
export interface Trained {
  checkpoint: Checkpoint;
  model: Model;
  report: TrainReport;
}

/** How far a training is, after each epoch. */
export interface Progress {
  epoch: number;
  epochs: number;
  step: number;
  steps: number;
  loss: number;
  samplesPerSecond: number;
  /** at some epochs; of several networks, of the first */
  validation: Scores | null;
  /** of the others, in their order */
  others: (Scores | null)[];
  /** of all epochs that are done */
  history: EpochRecord[];
}

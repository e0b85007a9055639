/** What a training run is told, says while it goes on, and gives back. */
import type { Account } from '../data/part.ts';
import type { Model } from '../model/model.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Scores } from './metrics.ts';

export interface TrainOptions {
  /** folder that holds the data sets */
  data?: string;
  epochs?: number;
  /** beats at most per split, for a quick look; drawn so that every class keeps its share */
  subset?: number;
  seed?: number;
  /** of recordings: name or number in the header */
  lead?: string;
  onProgress?(progress: Progress): void;
}

export interface TrainReport {
  name: string;
  seconds: number;
  /** training beats per class, by name */
  trainBeats: Record<string, number>;
  /** what the splits were made of, before any subset */
  accounts: Record<'train' | 'validation' | 'later', Account>;
  /** float simulation of the integer network: for watching, not for reporting */
  validation: Scores;
  later: Scores;
}

export interface Trained {
  checkpoint: Checkpoint;
  model: Model;
  report: TrainReport;
}

export interface Progress {
  epoch: number;
  epochs: number;
  step: number;
  steps: number;
  loss: number;
  samplesPerSecond: number;
  /** at some epochs */
  validation: Scores | null;
}

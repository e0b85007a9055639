/** Data sets by name. Each gives the same four splits of labelled windows. */

import type { BeatSet } from './beats.ts';
import { loadMitbih } from './mitbih.ts';
import { loadSynthetic } from './syntheticEcg.ts';

/**
 * train       what is learned from
 * later       the same patients, later: how much function the network's bytes hold
 * validation  other patients: for choosing hyper-parameters and thresholds
 * test        other patients again: for reporting, once
 */
export type Split = 'train' | 'later' | 'validation' | 'test';

export const DATASET_NAMES = ['mitbih', 'synthetic'] as const;
export type DatasetName = (typeof DATASET_NAMES)[number];

export interface DatasetOptions {
  /** folder that holds the data sets; else the environment variable HTPW_DATA, else ../shared/data */
  root?: string;
  /** of the synthetic data */
  seed?: number;
}

export function loadDataset(name: DatasetName, split: Split, options: DatasetOptions = {}): BeatSet {
  switch (name) {
    case 'mitbih':
      return loadMitbih(split, options.root);
    case 'synthetic':
      return loadSynthetic(split, options.seed ?? 1);
    default:
      throw new Error(`data set "${name}": expected ${DATASET_NAMES.join(' or ')}; choose one with --data`);
  }
}

/** Data sets by name. Each gives the same four splits of labelled windows, and says what they are made of. */

import { loadMitbih } from './mitbih.ts';
import type { Part, Split } from './part.ts';
import { AMBULATORY, AT_REST, loadSynthetic } from './syntheticEcg.ts';

/** mitbih: recordings; synthetic: hard enough to rank networks; synthetic-easy: every network gets it right */
export const DATASET_NAMES = ['mitbih', 'synthetic', 'synthetic-easy'] as const;
export type DatasetName = (typeof DATASET_NAMES)[number];

/** "mitbih, synthetic or synthetic-easy" */
export const DATASET_LIST = `${DATASET_NAMES.slice(0, -1).join(', ')} or ${DATASET_NAMES.at(-1)}`;

export interface DatasetOptions {
  /** folder that holds the data sets; else the environment variable HTPW_DATA, else ../shared/data */
  root?: string;
  /** of the synthetic data */
  seed?: number;
  /** of recordings with several: its name in the header, or its number there, from 0 */
  lead?: string;
}

export interface Dataset {
  name: DatasetName;
  /** Throws for an empty split, and for a record that is there but cannot be read. */
  load(split: Split): Part;
}

/** What `--data NAME` stands for. Throws for any other name, and for a lead where there is no choice. */
export function openDataset(name: string, { root, seed = 1, lead }: DatasetOptions = {}): Dataset {
  const known = DATASET_NAMES.find((candidate) => candidate === name);
  if (known === undefined)
    throw new Error(`data set "${name}": expected ${DATASET_LIST}; choose one of them with --data`);
  if (known === 'mitbih') return { name: known, load: (split) => loadMitbih(split, root, lead) };
  if (lead !== undefined)
    throw new Error(`data set ${known}: has one lead, got --lead ${lead}; leave --lead out, or use --data mitbih`);
  const conditions = known === 'synthetic' ? AMBULATORY : AT_REST;
  return { name: known, load: (split) => loadSynthetic(known, split, conditions, seed) };
}

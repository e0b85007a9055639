/** What bench/evidence.json holds: figures of the committed records of sweeps, from which pages and drawings are made. */

import type { Split } from '../data/part.ts';
import type { Interval } from '../evaluate/bootstrap.ts';
import type { Comparison } from '../sweep/compare.ts';
import type { Run } from '../sweep/grid.ts';

/** Ways of holding pointwise weights, in the order of tables. */
export const FAMILIES = {
  int8: 'INT8',
  int4: 'INT4',
  int2: 'INT2',
  ternary: 'ternary',
  binary: 'binary',
  codebook: 'codebook',
  lowRank: 'low rank',
  random: 'random basis',
  basis: 'learned basis',
  tile: 'tiles',
} as const;
export type Family = keyof typeof FAMILIES;

/** Whose weights are generated from something that was trained; the others are their controls. */
export const GENERATED: readonly Family[] = ['basis', 'tile'];

/** Of an image, in bytes: 1 kB is 1,000 of them, so that what fits fits in 1,024 as well. */
export const BUDGETS = [8_000, 16_000, 32_000, 64_000] as const;

/** A run that is there of those that the grid has. */
export interface Progress {
  grid: string;
  runs: number;
  missing: number;
}

/** One of those compared, what teaches them, the large network, or a small one that is trained as that one is. */
export type Role = 'student' | 'teacher' | 'yardstick' | 'shallow';

/** By the series of the grid; whoever has a lesson is compared. */
export function roleOf({ method, lesson }: Pick<Run, 'method' | 'lesson'>): Role {
  const [series] = method.split('.');
  if (lesson) return 'student';
  return series === 'yardstick' || series === 'shallow' ? series : 'teacher';
}

/** One way of holding the weights of one task, over the seeds that there are. */
export interface Point {
  /** of the grid: "int4-w100" */
  variant: string;
  family: Family;
  role: Role;
  seeds: number[];
  /** packed image, mean over seeds */
  bytes: number;
  categories: Record<string, number>;
  multiplyAccumulates: number;
  /** of making the weights once */
  makingMacs: number;
  arenaBytes: number;
  /** macro-F1, mean over seeds: what chooses */
  validation: number;
  splits: Partial<Record<Split, Interval>>;
}

export interface SplitFacts {
  split: Split;
  windows: number;
  groups: number;
  group: string;
}

/** A difference or a ratio on the same resamples. */
export interface Paired {
  split: Split;
  /** that both have */
  seeds: number[];
  /** macro-F1 of each, mean over these seeds */
  of: [first: number, second: number];
  interval: Interval;
}

/** The best of a family that fits, by validation windows, beside the best control that fits. */
export interface Choice {
  budget: number;
  family: Family;
  variant: string;
  bytes: number;
  /** null where the row is the control itself, or has no seed in common with it */
  control: string | null;
  /** row minus control */
  differences: Paired[];
}

/** A network with generated weights beside the best control that takes no more bytes, by validation windows. */
export interface Match {
  variant: string;
  control: string;
  /** generated minus control */
  differences: Paired[];
  /** by split, on seeds that nothing was chosen by, alone and with those before; none where it was not run again */
  again: { fresh: Paired; all: Paired }[];
}

/** What a small image keeps of the large network. */
export interface Kept {
  most: number;
  variant: string;
  bytes: number;
  /** macro-F1 of the small one by that of the large one */
  ratios: Paired[];
}

export interface TaskEvidence {
  task: string;
  facts: SplitFacts[];
  points: Point[];
  choices: Choice[];
  matches: Match[];
  kept: Kept[];
}

/** Several tasks on one basis, beside the best images of each that take no more in all. */
export interface SharedEvidence {
  /** of the grid: "six.basis5" */
  method: string;
  family: Family;
  tasks: string[];
  seeds: number[];
  bytes: number;
  makingMacs: number;
  /** by task, and what these take together */
  controls: Record<string, string>;
  controlBytes: number;
  differences: (Paired & { task: string })[];
}

/** What a method answers on windows that nothing was chosen by, all seeds together. */
export interface Confusion {
  task: string;
  /** of the grid: "int4-w75", "taught.learned" */
  method: string;
  split: Split;
  seeds: number[];
  classes: string[];
  /** [label][answer] */
  counts: number[][];
}

/** All images of a method, of its first seed. */
export interface MethodBytes {
  method: string;
  seed: number;
  images: number;
  bytes: number;
  categories: Record<string, number>;
}

/** Two methods of a sweep; no rows where one has not been run. */
export interface MethodPair {
  methods: [first: string, second: string];
  rows: Comparison[];
  /** of all images, or add-ons */
  bytes: [first: number, second: number] | null;
}

export interface EvidenceRecord {
  pareto: Progress & { tasks: TaskEvidence[]; shared: SharedEvidence[]; confusions: Confusion[] };
  /** pairs of it on more seeds */
  decisive: Progress;
  fourTasks: Progress & { pairs: MethodPair[]; bytes: MethodBytes[]; confusions: Confusion[] };
}

/** Data sets by name: one line for each. */
import { join, resolve } from 'node:path';
import { UsageError } from '../system/errors.ts';
import { checkJson } from '../system/json.ts';
import type { DataSet } from './dataset.ts';
import type { Part, Split } from './part.ts';
import { apneaEcg } from './sets/apneaEcg.ts';
import { cifar10 } from './sets/cifar10.ts';
import { folder } from './sets/folder.ts';
import { fsdd } from './sets/fsdd.ts';
import { mitbih } from './sets/mitbih.ts';
import { mlperfKws } from './sets/mlperfKws.ts';
import { ptbXl } from './sets/ptbXl.ts';
import { speechCommands } from './sets/speechCommands.ts';
import { synthetic, syntheticEasy } from './sets/syntheticEcg.ts';
import { syntheticMotion } from './sets/syntheticMotion.ts';
import { syntheticTones } from './sets/syntheticTones.ts';
import { uciHar } from './sets/uciHar.ts';
import { unimibShar } from './sets/unimibShar.ts';
import { wisdm } from './sets/wisdm.ts';
import type { Signal } from './signal.ts';

export const DATA_SETS: readonly DataSet[] = [
  mitbih,
  synthetic,
  syntheticEasy,
  syntheticMotion,
  syntheticTones,
  uciHar,
  fsdd,
  wisdm,
  cifar10,
  speechCommands,
  apneaEcg,
  ptbXl,
  unimibShar,
  mlperfKws,
  folder,
];

export const dataSetNames = (sets = DATA_SETS): string[] => sets.map(({ name }) => name);

/** "mitbih, synthetic or synthetic-easy" */
export function dataSetList(sets = DATA_SETS): string {
  const names = dataSetNames(sets);
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}

export interface DatasetOptions {
  /** folder that holds the data sets; else the environment variable HTPW_DATA, else ../shared/data */
  root?: string;
  /** of data that are made */
  seed?: number;
  /** of recordings with several: its name in the header, or its number there, from 0 */
  lead?: string;
  /** what the data set can be told beside this; checked */
  options?: Record<string, unknown>;
  /** those to choose from */
  sets?: readonly DataSet[];
}

/** A data set that was asked for, with its folder and options. */
export interface OpenedDataSet extends DataSet {
  folder: string;
  give(split: Split, signal: Signal): Part;
}

/** What `--data NAME` stands for. Throws for any other name, for wrong options, and for a lead where there is none. */
export function openDataset(name: string, options: DatasetOptions = {}): OpenedDataSet {
  const { seed = 1, lead, sets = DATA_SETS } = options;
  const set = sets.find((candidate) => candidate.name === name);
  if (set === undefined)
    throw new UsageError(`data set "${name}": expected ${dataSetList(sets)}; choose one of them with --data`);
  if (lead !== undefined && !set.hasLeads) {
    const others = sets.filter(({ hasLeads }) => hasLeads).map((other) => other.name);
    throw new UsageError(
      `data set ${name}: has one lead, got --lead ${lead}; leave --lead out, or use --data ${others.join(' or ')}`,
    );
  }
  const given = lead === undefined ? options.options : { ...options.options, lead };
  const checked = checkJson(given ?? {}, `data set ${name}: options`, set.options);
  const folder = folderOf(set, options.root);
  return {
    ...set,
    folder,
    give(split, signal) {
      if (!set.splits.includes(split))
        throw new UsageError(`data set ${name}: expected a split of ${set.splits.join(', ')}, got "${split}"`);
      const fault = set.signalFault(signal);
      if (fault) {
        const got = JSON.stringify(signal[fault[0] as keyof Signal]);
        throw new UsageError(`data set ${name}: input.${fault[0]}: expected ${fault[1]}, got ${got}; edit the task`);
      }
      return set.load(split, { signal, folder, options: checked, seed });
    },
  };
}

/** NAME among the data sets, or NAME-subset where that alone is there: a part, for trying things out. */
export function folderOf({ name, isThere }: Pick<DataSet, 'name' | 'isThere'>, root?: string): string {
  const [whole, part] = [name, `${name}-subset`].map((folder) => join(dataRoot(root), folder)) as [string, string];
  return !isThere(whole) && isThere(part) ? part : whole;
}

/** Folder that holds the folders of data sets. */
export const dataRoot = (root?: string): string =>
  root ?? process.env.HTPW_DATA ?? resolve(process.cwd(), '../shared/data');

/**
 * Recordings of one's own: a folder that the task names. `htpw new` writes such a task; docs/own-data.md tells the whole
 * way to a board.
 */
import { existsSync } from 'node:fs';
import type { Schema } from '../../system/json.ts';
import type { DataSet } from '../dataset.ts';
import { OWN_OPTIONS, type OwnOptions, SPLIT_NAMES, type SplitName } from '../own/options.ts';
import { loadOwn, ownSignalFault } from '../own/windows.ts';
import { accountOf } from '../part.ts';

export const folder: DataSet = {
  name: 'folder',
  title: 'A folder of your own recordings',
  licence: 'as you say',
  citation: 'as you say',
  files: [],
  about:
    'A folder of own recordings, split by group: nothing of a group (a file, or whom its name tells) is in two splits, ' +
    'and every class is in each.',
  unit: 'window',
  group: 'group',
  labels: null,
  splits: [...SPLIT_NAMES],
  paths: ['path'],
  options: OWN_OPTIONS as unknown as Schema<Record<string, unknown>>,
  isThere: (path) => existsSync(path),
  signalFault: ownSignalFault,
  load(split, { signal, options }) {
    const own = options as unknown as OwnOptions;
    const { short, withoutWindows, inNoSplit, assumed, ...set } = loadOwn(own, signal, split as SplitName);
    const said = { data: 'folder', split, folder: own.path, unit: 'window', withoutWindows, assumed };
    return {
      ...set,
      account: accountOf(set, {
        ...said,
        inNoSplit: Object.fromEntries(inNoSplit.map((group) => [group, 'not named in "splits"'])),
        leftOut: { short },
      }),
    };
  },
};

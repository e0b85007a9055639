/**
 * A folder of somebody's own recordings as labelled windows, split so that nothing of a group is in two splits.
 *
 *   subfolders       one a class, with WAV or CSV files below
 *   tables           CSV files with a column of labels; a stretch of one label is cut for itself
 *   arrays           windows that are cut already: x, y and perhaps groups, as NumPy saves them
 */
import { counted } from '../../system/counted.ts';
import type { Samples, Signal } from '../signal.ts';
import { recordedPieces } from './cut.ts';
import { arrayPieces } from './cutArrays.ts';
import { findFiles } from './files.ts';
import type { OwnOptions, SplitName } from './options.ts';
import { countsOf, joined } from './pieces.ts';
import { splitGroups } from './splits.ts';

export interface OwnWindows {
  signal: Signal;
  /** [n][width * channels] */
  samples: Samples;
  /** [n] index into classNames */
  labels: Uint8Array;
  groups: string[];
  /** [n] file that a window is from */
  records: string[];
  /** [n] seconds from the start of the file to the window */
  times: Float64Array;
  classNames: string[];
  /** recordings and stretches of one label that are shorter than a window */
  short: number;
  /** files of the split that gave no window */
  withoutWindows: string[];
  /** groups that no split has */
  inNoSplit: string[];
  /** what a reader of the figures should know */
  assumed: string[];
}

/** What keeps a folder of recordings from giving windows of this kind: the field, and what was expected. */
export function ownSignalFault({ shape: [height], event, rate }: Signal): [field: string, expected: string] | null {
  if (event !== null) return ['event', 'null, as a label is about its whole window'];
  if (rate !== null && height !== 1) return ['shape', 'one row, as recordings have'];
  return null;
}

/** Windows of one split. Throws UsageError, one line that says which file and what to do. */
export function loadOwn(options: OwnOptions, signal: Signal, split: SplitName): OwnWindows {
  const folder = findFiles(options.path);
  const all = folder.kind === 'arrays' ? arrayPieces(folder, signal) : recordedPieces(folder, options, signal);
  const counts = countsOf(all.pieces, all.classNames);
  const splits = splitGroups(counts, all.classNames, options, options.path);
  const chosen = all.pieces.filter(({ group }) => splits.get(group) === split);
  const saturated = chosen.reduce((sum, piece) => sum + piece.saturated, 0);
  return {
    ...joined(chosen, signal, all.classNames),
    short: chosen.reduce((sum, { short }) => sum + short, 0),
    withoutWindows: chosen.filter(({ labels }) => labels.length === 0).map(({ record }) => record),
    inNoSplit: [...counts.keys()].filter((group) => !splits.has(group)),
    assumed: [
      ...all.assumed,
      ...chosen.flatMap(({ assumed }) => assumed),
      ...(saturated > 0
        ? [`${counted(saturated, 'sample')} beyond the range of input.scale, saturated as a converter would`]
        : []),
    ],
  };
}

/**
 * What a data set is: one file in sets/ that describes it and gives labelled windows, and one line in registry.ts.
 *
 * Everything that is particular to a data set is behind this interface: formats, lists of splits, who is whom.
 */
import type { Schema } from '../system/json.ts';
import type { Part, Split } from './part.ts';
import type { Signal } from './signal.ts';

/** A file of the official distribution. */
export interface DataFile {
  url: string;
  /** where it belongs, from the folder of the data set on */
  path: string;
  /** null where nobody has recorded it: then what the server says counts */
  bytes: number | null;
  /** of the file, in hexadecimal; null where nobody has recorded it */
  sha256: string | null;
}

/** What is asked of a data set. */
export interface Request {
  signal: Signal;
  /** the folder of the data set; of data that are made, of no meaning */
  folder: string;
  /** as `options` has checked them */
  options: Record<string, unknown>;
  /** of data that are made */
  seed: number;
}

/** A data set: what it is, what is asked of it, and its labelled windows. */
export interface DataSet {
  /** in tasks, on the command line, and of its folder among the data sets */
  name: string;
  title: string;
  licence: string;
  citation: string;
  /** of the official distribution; empty where data are made, or have to be asked for */
  files: readonly DataFile[];
  /** how it is split, for a model card: one or two sentences */
  about: string;
  /** what carries a label, and what windows are grouped by, for people */
  unit: string;
  group: string;
  /** what its windows can be labelled, in order; null where the recordings themselves say */
  labels: readonly string[] | null;
  splits: readonly Split[];
  /** whether recordings have several leads to choose from */
  hasLeads?: boolean;
  /** what a task can say of it beside its name */
  options: Schema<Record<string, unknown>>;
  /** options that are paths, which a task gives from its file on */
  paths?: readonly string[];
  /** whether `load` would find recordings in the folder; true for data that are made */
  isThere(folder: string): boolean;
  /** what keeps it from giving windows of this kind: field of the signal and what was expected; null where nothing */
  signalFault(signal: Signal): [field: string, expected: string] | null;
  /**
   * Windows of one of `splits`, with `labels`, or those of the recordings, as classNames. Throws for an empty split, and
   * for a file that is there but cannot be read.
   */
  load(split: Split, request: Request): Part;
}

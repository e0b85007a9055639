/** What a task says of a folder of recordings: where it is, which columns count, how it is cut and split. */
import * as json from '../../system/json.ts';

export interface OwnOptions {
  /** the folder; in a task from its file on */
  path: string;
  /** positions from one window of a recording to the next; null: as many as a window has */
  hop: number | null;
  /** columns of the tables that are channels, by name; null: all that are numbers */
  columns: string[] | null;
  /** column with the label, in place of the name of the folder that a table lies in */
  label: string | null;
  /** column with the time */
  time: { column: string; unit: TimeUnit } | null;
  /** of the tables; null: what fits best */
  delimiter: string | null;
  /** of recordings with several channels, which one: the first, or the mean of all */
  mono: 'first' | 'mean';
  /** a regular expression with a capture group: whose file it is, from its path in the folder; null: a file is a group */
  group: string | null;
  /** of all windows, drawn by group; the rest is for training */
  shares: { validation: number; test: number };
  /** in place of shares: the groups of each split; others are in none */
  splits: Record<SplitName, string[]> | null;
  /** of the draw */
  seed: number;
  /** whether recordings of other rates are brought to that of the task */
  resample: boolean;
  /** what becomes of recordings that are shorter than a window */
  short: 'refuse' | 'pad' | 'skip';
}

export const SPLIT_NAMES = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof SPLIT_NAMES)[number];

export const TIME_UNITS = ['s', 'ms', 'us', 'ns', 'date'] as const;
export type TimeUnit = (typeof TIME_UNITS)[number];

/** Shares that leave enough to train on. */
const MOST_HELD_OUT = 0.9;

const OPTIONAL_TEXT = json.optional(json.nullable(json.text), null);

const FIELDS = json.fields({
  path: json.text,
  hop: json.optional(json.nullable(json.wholeNumber(1, 1_000_000)), null),
  columns: json.optional(json.nullable(json.list(json.text, 'a list of names of columns')), null),
  label: OPTIONAL_TEXT,
  time: json.optional(json.nullable(json.fields({ column: json.text, unit: json.oneOf(TIME_UNITS) })), null),
  delimiter: OPTIONAL_TEXT,
  mono: json.optional(json.oneOf(['first', 'mean']), 'first'),
  group: OPTIONAL_TEXT,
  shares: json.optional(
    json.fields({ validation: json.numberUpTo(MOST_HELD_OUT), test: json.numberUpTo(MOST_HELD_OUT) }),
    { validation: 0.2, test: 0.2 },
  ),
  splits: json.optional(
    json.nullable(json.fields({ train: json.texts, validation: json.texts, test: json.texts })),
    null,
  ),
  seed: json.optional(json.wholeNumber(0, 2 ** 32 - 1), 1),
  resample: json.optional(json.flag, false),
  short: json.optional(json.oneOf(['refuse', 'pad', 'skip']), 'refuse'),
}) as unknown as json.Schema<OwnOptions>;

/** Throws, through `checkJson`, for what is missing, unknown or wrong. */
export const OWN_OPTIONS: json.Schema<OwnOptions> = json.agreeing(FIELDS, (options) => {
  const { validation, test } = options.shares;
  if (!(validation > 0 && test > 0 && validation + test <= MOST_HELD_OUT))
    return ['shares', `expected shares above 0 and ${MOST_HELD_OUT} together at most, got ${validation} and ${test}`];
  return groupFault(options) ?? splitsFault(options);
});

function groupFault({ group }: OwnOptions): [string, string] | null {
  if (group === null) return null;
  const count = captures(group);
  if (count === null) return ['group', `expected a regular expression, got ${JSON.stringify(group)}`];
  return count === 1 ? null : ['group', `expected one capture group, as in "^([^_]+)_", got ${count}`];
}

/** Capture groups of a regular expression; null for what is none. */
function captures(pattern: string): number | null {
  try {
    return new RegExp(`${pattern}|`, 'u').exec('')!.length - 1;
  } catch {
    return null;
  }
}

function splitsFault({ splits }: OwnOptions): [string, string] | null {
  if (splits === null) return null;
  for (const name of SPLIT_NAMES) {
    if (splits[name].length === 0) return [`splits.${name}`, 'expected a group or more, got none'];
    const twice = splits[name].find((group, i) =>
      SPLIT_NAMES.some((other) => (other === name ? splits[name].indexOf(group) !== i : splits[other].includes(group))),
    );
    if (twice !== undefined) return [`splits.${name}`, `expected groups of no other split, got "${twice}" twice`];
  }
  return null;
}

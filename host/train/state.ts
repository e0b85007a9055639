/**
 * All that a training needs to go on where it was, as a file: trained arrays, moments of the optimiser, random numbers,
 * and what was seen on the way. A digest covers it, so what is damaged is refused.
 */
import { UsageError } from '../system/errors.ts';
import * as json from '../system/json.ts';
import type { RandomState } from '../system/random.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, type StoredArray } from './checkpoint.ts';
import type { EpochRecord } from './run.ts';

/** Bytes of the head of a checkpoint, in which its metadata come first. */
const LOOKED_AT = 1 << 20;

const FORMATS = 'hypertinypw training state ';
const FORMAT = `${FORMATS}1`;

/** What is trained, and from what: a state is for the same alone. */
export interface Subject {
  /** configurations as JSON, without what depends on where files lie */
  configs: string;
  /** SHA-256 of the windows, of a basis that is there already and of what a teacher answers */
  windows: string;
}

/** The random numbers of one network. */
export interface CourseState {
  /** as they were when its current epoch was drawn */
  draw: RandomState;
  augmentation: RandomState;
}

/** The parameters that did best on the validation windows so far. */
export interface Best {
  epoch: number;
  /** mean over the networks */
  macroF1: number;
  arrays: Arrays;
}

export type Arrays = Map<string, StoredArray>;

export interface TrainingState {
  /** steps that are done */
  step: number;
  /** over the steps of the epoch so far */
  lossSum: number;
  courses: CourseState[];
  /** epochs that are done */
  history: EpochRecord[];
  parameters: Arrays;
  /** moments of the optimiser */
  first: Arrays;
  second: Arrays;
  best: Best | null;
}

const word = json.wholeNumber(0, 2 ** 32 - 1);
const number = json.anyNumber;
const random = json.fields({ words: json.listOf(word, 4, 'four words'), spare: json.nullable(number) });
const whole = json.wholeNumber(0, Number.MAX_SAFE_INTEGER);

const HEAD = json.fields({
  step: whole,
  lossSum: number,
  courses: json.list(json.fields({ draw: random, augmentation: random }), 'a list of random numbers'),
  history: json.listOrNone(
    json.fields({
      epoch: whole,
      loss: number,
      validation: json.nullable(json.listOrNone(json.nullable(number))),
    }),
  ),
  best: json.nullable(json.fields({ epoch: whole, macroF1: number })),
});

const GROUPS = ['parameters', 'first', 'second', 'best'] as const;

export function encodeState({ configs, windows }: Subject, state: TrainingState): Uint8Array {
  const { step, lossSum, courses, history, best } = state;
  const arrays = { ...state, best: best?.arrays ?? new Map() };
  const tensors: Arrays = new Map();
  for (const group of GROUPS) for (const [name, array] of arrays[group]) tensors.set(`${group}/${name}`, array);
  const bestAt = best && { epoch: best.epoch, macroF1: best.macroF1 };
  const head = JSON.stringify({ step, lossSum, courses, history, best: bestAt });
  const checkpoint = { tensors, metadata: { format: FORMAT, configs, windows, state: head } };
  return encodeCheckpoint({ tensors, metadata: { ...checkpoint.metadata, sha256: digestOf(checkpoint) } });
}

/** Of all but the digest itself. */
const digestOf = ({ tensors, metadata: { sha256: _, ...metadata } }: Checkpoint): string =>
  sha256Hex(encodeCheckpoint({ tensors, metadata }));

/** Whether a file is a state, of any version, whole or damaged: nothing else may be replaced by one. */
export const isState = (bytes: Uint8Array): boolean => Buffer.from(bytes.subarray(0, LOOKED_AT)).includes(FORMATS);

/** `where` is the name of the file in errors. Throws UsageError, one line, for what is no state, or is damaged. */
export function decodeState(bytes: Uint8Array, where: string): { subject: Subject; state: TrainingState } {
  const checkpoint = decodeCheckpoint(bytes, where);
  const { format, configs, windows, state, sha256 } = checkpoint.metadata;
  if (format !== FORMAT)
    throw new UsageError(
      `${where}: expected "${FORMAT}", got ${format === undefined ? 'no format' : JSON.stringify(format)}; ` +
        'begin again with --restart',
    );
  if (sha256 !== digestOf(checkpoint) || configs === undefined || windows === undefined || state === undefined)
    throw new UsageError(
      `${where}: expected SHA-256 ${sha256} of its content, got another: the file is damaged; begin again with --restart`,
    );
  const head = json.checkJson(JSON.parse(state), where, HEAD);
  const group = (wanted: string): Arrays => {
    const own = [...checkpoint.tensors].filter(([name]) => name.startsWith(`${wanted}/`));
    return new Map(own.map(([name, array]) => [name.slice(wanted.length + 1), array]));
  };
  return {
    subject: { configs, windows },
    state: {
      ...head,
      parameters: group('parameters'),
      first: group('first'),
      second: group('second'),
      best: head.best && { ...head.best, arrays: group('best') },
    },
  };
}

/** What keeps a state from being gone on with by such a training; null where nothing. */
export function subjectFault(own: Subject, found: Subject): string | null {
  if (own.configs !== found.configs) return `another configuration: ${firstDifference(own.configs, found.configs)}`;
  return own.windows === found.windows ? null : 'other windows, or with another basis or teacher';
}

/** "epochs: expected 12, got 24": the first field that differs. */
function firstDifference(expected: string, got: string): string {
  const [own, other] = [expected, got].map((text) => leavesOf(JSON.parse(text), ''));
  const paths = [...own!.keys(), ...other!.keys()];
  const path = paths.find((one) => own!.get(one) !== other!.get(one));
  return path === undefined
    ? 'its fields are in another order'
    : `${path}: expected ${own!.get(path) ?? 'none'}, got ${other!.get(path) ?? 'none'}`;
}

/** Every value by its path. */
function leavesOf(value: unknown, path: string): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, JSON.stringify(value)]]);
  const inside = (key: string): string => (path === '' ? key : `${path}.${key}`);
  return new Map(Object.entries(value).flatMap(([key, item]) => [...leavesOf(item, inside(key))]));
}

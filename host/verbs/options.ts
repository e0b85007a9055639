/** Values of options, checked when the command line is read: before any work, in words of one kind. */
import { Option } from 'commander';
import { parseBytes } from '../residency/budget.ts';
import { named, UsageError } from '../system/errors.ts';

/** How the text behind an option is read. */
export interface Value<T> {
  /** as in "--seed must be a whole number from 0 to 7, got ..." */
  expected: string;
  /** undefined for what it cannot be; or throws, and says why */
  read: (text: string) => T | undefined;
  /** all that there are, where they have names: for completion */
  names?: readonly string[];
}

/** An option with a value. `preset` is the text that stands for one that is not given. Throws UsageError. */
export function valued<T>(flags: string, description: string, value: Value<T>, preset?: string): Option {
  const option = new Option(flags, description);
  const read = (text: string): T => {
    const result = named(option.long ?? flags, () => value.read(text));
    if (result === undefined) throw new UsageError(`${option.long} must be ${value.expected}, got "${text}"`);
    return result;
  };
  if (value.names) CHOICES.set(option, value.names);
  if (preset !== undefined) option.default(read(preset), preset);
  return option.argParser(read);
}

/** Not in the option itself, as commander would list them in every help. */
const CHOICES = new WeakMap<Option, readonly string[]>();

/** The names of an option's values; none where they are of another kind. */
export const choicesOf = (option: Option): readonly string[] => CHOICES.get(option) ?? [];

/** Digits, without sign, exponent or fraction; both ends included. */
export function wholeNumber(from: number, to: number): Value<number> {
  return {
    expected: `a whole number from ${from} to ${to}`,
    read: (text) => (/^\d{1,15}$/.test(text) && Number(text) >= from && Number(text) <= to ? Number(text) : undefined),
  };
}

/** One of some names. */
export function oneOf<T extends string>(names: readonly T[]): Value<T> {
  return {
    expected: names.length === 2 ? names.join(' or ') : `one of ${names.join(', ')}`,
    read: (text) => names.find((name) => name === text),
    names,
  };
}

/** What `value` reads, or this word. */
export function orWord<T, W extends string>(word: W, value: Value<T>): Value<T | W> {
  return {
    expected: `"${word}" or ${value.expected}`,
    read: (text) => (text === word ? word : value.read(text)),
  };
}

/** "64k" as bytes of RAM or flash; `parseBytes` says itself what an amount looks like. */
export function amount(of: 'RAM' | 'flash'): Value<number> {
  return { expected: `an amount of ${of}`, read: (text) => parseBytes(text.trim(), of) };
}

/** The address of a Redis server. */
export const REDIS: Value<string> = {
  expected: 'an address as redis://localhost:6379',
  read: (text) => (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol) ? text : undefined),
};

/** Each part between commas, none of them empty. */
export function listOf<T>(value: Value<T>): Value<T[]> {
  return {
    expected: `${value.expected}, several separated by commas`,
    read: (text) => {
      const all = text.split(',').map((part) => value.read(part.trim()));
      return all.includes(undefined) ? undefined : (all as T[]);
    },
  };
}

/** What --lead means, for every verb that reads recordings. */
export const LEAD_OPTION = [
  '--lead <name>',
  'lead of the recordings, by its name or number in the header; default: MLII, else the first',
] as const;

/** For every verb that judges an image by a task. */
export const TASK_OPTION = [
  '--task <file>',
  'task of the image, a name in models/tasks or a file; default: what its metadata say, else the one that it fits',
] as const;

/** A command as one types it: words that a shell would take apart are quoted. */
export const commandOf = (...words: string[]): string =>
  words.map((word) => (/^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');

/**
 * JSON that people write: training configurations, architectures, board.json. One line says what is wrong, with the
 * file and the path of the field; an unknown field is refused, and the nearest known one named. Comments as in
 * JavaScript are passed over.
 */
import { distance } from 'fastest-levenshtein';
import stripJsonComments from 'strip-json-comments';
import * as v from 'valibot';
import { UsageError } from './errors.ts';
import { describeFile } from './fileKind.ts';
import { readInput } from './files.ts';
import { printable } from './printable.ts';
import { shownPath } from './shownPath.ts';

/** What a value from a file is checked by, and is then known to be. */
export type Schema<T> = v.GenericSchema<unknown, T>;

// ---- what fields can be; the message of each says what is expected

/** From `from` to `to`, both included. */
export const wholeNumber = (from: number, to: number) =>
  v.custom<number>(
    (value) => Number.isInteger(value) && (value as number) >= from && (value as number) <= to,
    `a whole number ${rangeOf(from, to)}`,
  );

const rangeOf = (from: number, to: number) =>
  to >= Number.MAX_SAFE_INTEGER ? (from === 1 ? 'above 0' : `of ${from} or more`) : `from ${from} to ${to}`;

/** Above 0, not only whole ones. */
export const quantity = v.custom<number>(
  (value) => Number.isFinite(value) && (value as number) > 0,
  'a number above 0',
);

/** 0 or more, not only whole ones. */
export const numberUpTo = (most: number) =>
  v.custom<number>(
    (value) => Number.isFinite(value) && (value as number) >= 0 && (value as number) <= most,
    `a number from 0 to ${most}`,
  );

/** Whatever JSON has as a number. */
export const anyNumber = v.number('a number');

export const text = v.string('a string');

export const textLike = (form: RegExp, expected: string) => v.pipe(v.string(expected), v.regex(form, expected));

/** A number that is written as text, for JSON has no hexadecimal ones. */
export const numberText = (form: RegExp, expected: string) => v.pipe(textLike(form, expected), v.transform(Number));

export const oneOf = <const T extends string>(choices: readonly T[]) =>
  v.picklist(choices, `one of ${choices.join(', ')}`);

export const oneOfNumbers = <const T extends number>(choices: readonly T[]) =>
  v.picklist(choices, choices.join(' or '));

export const exactly = <const T extends string | number>(only: T, why: string) =>
  v.literal(only, `${JSON.stringify(only)}, ${why}`);

/** Of one thing or more. */
export const list = <T>(item: Schema<T>, expected: string) => v.pipe(v.array(item, expected), v.minLength(1, expected));

/** Of any length. */
export const listOrNone = <T>(item: Schema<T>) => v.array(item, 'a list');

/** Of exactly so many. */
export const listOf = <T>(item: Schema<T>, length: number, expected: string) =>
  v.pipe(v.array(item, expected), v.length(length, expected));

/** A list of two things. */
export const pair = <A, B>(first: Schema<A>, second: Schema<B>, expected: string) =>
  v.strictTuple([first, second], expected);

export const flag = v.boolean('true or false');

export const texts = v.array(v.string('a list of strings'), 'a list of strings');

export { nullable, optional } from 'valibot';

/** A list of one or more, or the only one. */
export const textOrTexts = (expected: string): Schema<string[]> =>
  v.pipe(
    v.union([v.string(), v.pipe(v.array(v.string()), v.minLength(1))], expected),
    v.transform((value) => [value].flat()),
  );

/** What is checked later. */
export const anything = v.any();

/** One of them has `part` in it. */
export const textsWith = (part: string) => {
  const expected = `a list of strings, one with ${part}`;
  return v.pipe(
    v.array(v.string(expected), expected),
    v.check((all) => all.some((one) => one.includes(part)), expected),
  );
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with any fields. */
export const anyObject = v.custom<Record<string, unknown>>(isObject, 'an object');

/** An object with fields of any name, all of one kind. */
export const record = <T>(item: Schema<T>): Schema<Record<string, T>> =>
  v.pipe(anyObject, v.record(v.string(), item)) as unknown as Schema<Record<string, T>>;

/** An object with these fields, which are all there unless they are optional, and no others, unless it is `loose`. */
export function fields<const T extends v.ObjectEntries>(
  entries: T,
  { loose = false } = {},
): Schema<v.InferOutput<v.ObjectSchema<T, undefined>>> {
  const names = Object.keys(entries);
  return v.pipe(
    v.custom<Record<string, unknown>>(isObject, 'an object'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const input = dataset.value;
      const unknown = loose ? undefined : Object.keys(input).find((key) => !Object.hasOwn(entries, key));
      if (unknown !== undefined) addIssue({ message: unknownField(unknown, names), path: [keyOf(input, unknown)] });
    }),
    // so that a field that is missing is refused by its own schema
    v.transform((input) =>
      Object.fromEntries(names.map((key) => [key, Object.hasOwn(input, key) ? input[key] : undefined])),
    ),
    v.object(entries),
    v.transform((output) => Object.fromEntries(Object.entries(output).filter(([, value]) => value !== undefined))),
  ) as unknown as Schema<v.InferOutput<v.ObjectSchema<T, undefined>>>;
}

/** An object whose "kind" says which fields it has. */
export function byKind<T>(kinds: Record<string, Schema<T>>): Schema<T> {
  const named = fields({ kind: oneOf(Object.keys(kinds)) }, { loose: true });
  return v.lazy((input) => {
    const kind = isObject(input) ? String(input.kind) : '';
    return Object.hasOwn(kinds, kind) ? kinds[kind] : (named as unknown as Schema<T>);
  });
}

/** What `long` reads, or a list that stands for it. */
export const either = <L, T>(list: Schema<L[]>, long: Schema<T>, stands: (items: L[]) => T): Schema<T> =>
  v.lazy((input) => (Array.isArray(input) ? v.pipe(list, v.transform(stands)) : long)) as unknown as Schema<T>;

/** `one` for an object that has this field, `other` for all else. */
export const having = <T>(field: string, one: Schema<T>, other: Schema<T>): Schema<T> =>
  v.lazy((input) => (isObject(input) && Object.hasOwn(input, field) ? one : other));

/** `text` for a string, `other` for an object; anything else is refused in words for both. */
export const ofText = <T>(text: Schema<T>, other: Schema<T>, expected: string): Schema<T> =>
  v.lazy((input) => {
    if (typeof input === 'string') return text;
    return isObject(input) ? other : v.custom<T>(() => false, expected);
  });

/** For a schema that has itself in it. */
export const later = <T>(schema: () => Schema<T>): Schema<T> => v.lazy(schema);

/** The same fields, none of which has to be there. */
export const allOptional = <T extends Record<string, Schema<unknown>>>(entries: T) =>
  Object.fromEntries(Object.entries(entries).map(([name, schema]) => [name, v.optional(schema)])) as {
    [K in keyof T]: v.OptionalSchema<T[K], undefined>;
  };

/** The schema, and what must hold between its fields: `fault` gives the path of the field that is wrong, and how. */
export function agreeing<T>(schema: Schema<T>, fault: (value: T) => [path: string, message: string] | null): Schema<T> {
  return v.pipe(
    schema,
    v.rawCheck(({ dataset, addIssue }) => {
      const found = dataset.typed ? fault(dataset.value) : null;
      if (!found) return;
      const [first, ...rest] = found[0].split('.').map((key) => keyOf({}, key));
      addIssue({ message: found[1], path: [first, ...rest] });
    }),
  );
}

const keyOf = (input: Record<string, unknown>, key: string): v.ObjectPathItem => ({
  type: 'object',
  origin: 'key',
  input,
  key,
  value: input[key],
});

function unknownField(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return near === undefined ? `unknown; the fields are ${known.join(', ')}` : `unknown; did you mean "${near}"?`;
}

/** The name that was probably meant: half of its letters or more are there. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const far = (other: string) => distance(name.toLowerCase(), other.toLowerCase());
  const [best] = known.toSorted((a, b) => far(a) - far(b));
  return best !== undefined && far(best) <= best.length / 2 ? best : undefined;
}

// ---- reading

/** The value in a file of JSON. Throws UsageError, one line. `like` names a good example of such a file. */
export function readJson<T>(path: string, schema: Schema<T>, like?: string): T {
  return checkJson(parseJson(path, readInput(path)), path, schema, like);
}

/** Throws UsageError where the bytes are no JSON, by line and column. */
export function parseJson(path: string, bytes: Uint8Array): unknown {
  const where = shownPath(path);
  if (bytes.length === 0) throw new UsageError(`${where}: the file is empty; expected JSON`);
  const { kind } = describeFile(bytes);
  const wrongKind = () => new UsageError(`${where}: this is ${kind}; expected JSON`);
  let source: string;
  try {
    source = new TextDecoder('utf-8', { fatal: true }).decode(bytes); // takes a byte order mark away
  } catch {
    throw /text$/.test(kind)
      ? new UsageError(`${where}: expected JSON in UTF-8; save it in that encoding`)
      : wrongKind();
  }
  source = stripJsonComments(source); // with blanks in their place, so that lines and columns stay
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    throw /^(JSON )?text$/.test(kind) ? syntaxError(where, source, error as Error) : wrongKind();
  }
  if (/"__proto__"\s*:/.test(source))
    throw new UsageError(`${where}: __proto__: is no name of a field; choose another`);
  const twice = repeatedField(source);
  if (twice !== undefined) throw new UsageError(`${where}: ${printable(twice)}: is there twice; keep one`);
  return value;
}

function syntaxError(where: string, source: string, { message }: Error): UsageError {
  const [, reason] =
    /^(.*?)(?:, (?:\.\.\.)?".*)?(?:(?: in JSON)? at position \d+| is not valid JSON)/s.exec(message) ?? [];
  const position = faultAt(source.trimEnd());
  if (reason === undefined || position === null)
    return new UsageError(`${where}: expected JSON, got the end of the file inside of it; is it cut short?`);
  const before = source.slice(0, position).split('\n');
  const what = `${reason[0].toLowerCase()}${reason.slice(1)}`;
  return new UsageError(`${where}:${before.length}:${before.at(-1)!.length + 1}: no JSON: ${printable(what)}`);
}

/**
 * Index of the first character with which the text is no beginning of JSON; null where the end is missing. The messages
 * of JSON.parse give it for some faults, depending on the version of Node; but all tell where a text just ends early.
 */
function faultAt(source: string): number | null {
  const isWrong = (length: number): boolean => {
    try {
      JSON.parse(source.slice(0, length));
      return false;
    } catch (error) {
      const [, position] = /at position (\d+)/.exec((error as Error).message) ?? [];
      return !/end of JSON/.test((error as Error).message) && !(Number(position) >= length);
    }
  };
  let [right, wrong] = [0, source.length + 1];
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (isWrong(middle)) wrong = middle;
    else right = middle;
  }
  return wrong > source.length ? null : wrong - 1;
}

/** The name of a field that an object has twice, of which JSON.parse keeps the last. `source` is valid JSON. */
function repeatedField(source: string): string | undefined {
  const open: Set<string>[] = [];
  // a loop over parts of strings and not over characters, of which there may be millions
  for (const [token, text, colon] of source.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const name: string = JSON.parse(text);
      if (open.at(-1)!.has(name)) return name;
      open.at(-1)!.add(name);
    }
  }
  return undefined;
}

/** Throws UsageError for the first field that is not as the schema says. `where` begins the line, as a path does. */
export function checkJson<T>(value: unknown, where: string, schema: Schema<T>, like?: string): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  const what = issue.type === 'raw_check' ? issue.message : `expected ${issue.message}, got ${shown(issue.input)}`;
  const advice = like === undefined ? '' : `; compare with ${like}`;
  throw new UsageError(
    `${shownPath(where)}: ${path === null ? '' : `${printable(path, 80)}: `}${printable(what)}${advice}`,
  );
}

function shown(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'number') return String(value); // JSON has no infinity
  try {
    return printable(JSON.stringify(value), 60);
  } catch {
    return 'something that nests too deep';
  }
}

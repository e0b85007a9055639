/**
 * A grid: one JSON file that lists series of trainings. Each series takes a configuration and varies it: tasks, methods
 * of holding weights, widths, epochs, data sets, seeds. What comes out is a list of runs, each with a name of its own.
 */
import { dirname, join, relative } from 'node:path';
import type { Split } from '../data/part.ts';
import { UsageError } from '../system/errors.ts';
import { readInput } from '../system/files.ts';
import * as json from '../system/json.ts';
import { shownPath } from '../system/shownPath.ts';
import { configsOf, type JointConfig, MOST_EPOCHS, MOST_SEED } from '../train/config.ts';
import { narrowed, type RawConfig, rawConfigOf, withMethods, withParts, withTasks } from './variation.ts';

export interface Grid {
  name: string;
  path: string;
  /** folder of the records */
  records: string;
  /** in the order in which they are to be run, each behind the one whose basis it takes */
  runs: Run[];
}

/** Distillation from the images of other runs. */
export interface Taught {
  /** the run that teaches each program, by the name of the program */
  teachers: Record<string, string>;
  /** as in a configuration's `distillation` */
  temperature: number;
  weight: number;
}

/** Runs that have to be there first. */
export const needsOf = ({ basis, lesson }: Run): string[] => [
  ...(basis === null ? [] : [basis]),
  ...new Set(Object.values(lesson?.teachers ?? {})),
];

/** One training. */
export interface Run {
  /** "alone.int4.wisdm.s1", in file names too */
  id: string;
  /** what it tries, whatever the task and the seed: "alone.int4" */
  method: string;
  seed: number;
  /** of which tasks, by the names of their programs */
  programs: string[];
  /** in place of those of the tasks */
  data: string | null;
  /** the run whose image has the basis that this one is trained on, as it is */
  basis: string | null;
  /** whose images teach it, and how much their answers count; null where labels alone do */
  lesson: Taught | null;
  /** on which it is judged, and no others are read but that which is trained on; null: all that the data set has */
  splits: readonly Split[] | null;
  /** as a file for `htpw train --config` says it */
  configuration: RawConfig;
  /** the file that it was made from, from which on its tasks are named */
  from: string;
}

const LIKE = 'models/sweeps/synthetic.json';

/** The dot separates parts of a run's name. */
const NAME = json.textLike(/^[a-z\d][a-z\d-]{0,39}$/i, 'a name of letters, digits and -');

const HOW_TASKS = ['together', 'each', 'without-each'] as const;
const TASKS = `${HOW_TASKS.join(', ')}, or a list of names`;

/** A method whose runs of each task alone teach, and how. */
interface Teacher {
  method: string;
  temperature: number;
  weight: number;
}

const TEACHER = json.fields({
  method: json.text,
  temperature: json.optional(json.quantity, 2),
  weight: json.optional(json.numberUpTo(1), 0.7),
}) as json.Schema<Teacher>;

/** What a series, or one of its variants, changes in the configuration. */
const CHANGES = {
  methods: json.optional(json.anyObject),
  network: json.optional(json.anyObject),
  route: json.optional(json.nullable(json.anyObject)),
  width: json.optional(json.quantity),
  epochs: json.optional(json.wholeNumber(1, MOST_EPOCHS)),
  keep: json.optional(json.oneOf(['last', 'best'])),
  data: json.optional(json.text),
  basis: json.optional(json.text),
  teacher: json.optional(TEACHER),
};

interface Changes {
  methods?: Record<string, unknown>;
  network?: Record<string, unknown>;
  route?: Record<string, unknown> | null;
  width?: number;
  epochs?: number;
  keep?: 'last' | 'best';
  data?: string;
  basis?: string;
  teacher?: Teacher;
}

interface Series extends Changes {
  name: string;
  config: string;
  tasks: { how: (typeof HOW_TASKS)[number]; of: string[] | null };
  seeds: number[];
  variants: Record<string, Changes>;
}

const SERIES = json.fields({
  name: NAME,
  config: json.text,
  tasks: json.optional(
    json.either(json.list(json.text, TASKS), json.oneOf(HOW_TASKS) as json.Schema<unknown>, (of) => of),
    'together',
  ),
  seeds: json.list(json.wholeNumber(0, MOST_SEED), 'a list of seeds'),
  variants: json.optional(json.record(json.fields(CHANGES)), {}),
  ...CHANGES,
});

const GRID = json.fields({
  name: NAME,
  records: json.text,
  series: json.list(SERIES, 'a list of series'),
});

/**
 * The runs of a grid: seed by seed, in each the series in their order. Throws UsageError, one line, for the first field
 * that is wrong, and for a run whose configuration `htpw train` would refuse.
 */
export function readGrid(path: string): Grid {
  const { name, records, series } = json.readJson(path, GRID, LIKE);
  const where = shownPath(path);
  const all = series.flatMap((one, i) => runsOf(one as unknown as Series, path, `${where}: series.${i}`));
  const twice = all.find(({ run }, i) => all.findIndex((other) => other.run.id === run.id) < i);
  if (twice) throw new UsageError(`${twice.where}: run ${twice.run.id} is there twice; give each series its own name`);
  const runs = all.map(({ run, where, teacher }) => ({
    ...run,
    basis: basisOf(run, all, where),
    lesson: teacher && lessonOf(run, teacher, all, where),
  }));
  for (const run of runs) configOf(run, where);
  return { name, path, records: relative('', join(dirname(path), records)) || '.', runs: ordered(runs, where) };
}

/** What to train. Throws UsageError for what `htpw train` would refuse; `where` names the grid. */
export function configOf({ id, configuration, from, data }: Run, where: string): JointConfig {
  try {
    const config = configsOf(configuration, from);
    return { name: id, programs: config.programs.map((one) => ({ ...one, data: data ?? one.data })) };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${where}: run ${id}: ${error.message}`);
  }
}

interface Placed {
  run: Run;
  teacher: Teacher | null;
  where: string;
}

function runsOf(series: Series, path: string, where: string): Placed[] {
  const from = relative('', join(dirname(path), series.config));
  const base = rawConfigOf(json.parseJson(from, readInput(from)), from);
  const names = base.tasks.map(({ name }) => name);
  const variants = Object.keys(series.variants).length > 0 ? series.variants : { '': {} };
  const wrong = Object.keys(variants).find((name) => name !== '' && !/^[a-z\d][a-z\d-]{0,39}$/i.test(name));
  if (wrong !== undefined)
    throw new UsageError(`${where}.variants: expected names of letters, digits and -, got ${JSON.stringify(wrong)}`);
  const choices = choicesOf(series.tasks as unknown as string | string[], names, `${where}.tasks`);
  return series.seeds.flatMap((seed) =>
    Object.entries(variants).flatMap(([variant, changes]) =>
      choices.map(({ part, chosen }): Placed => {
        const {
          methods = {},
          network,
          route,
          width = 1,
          epochs,
          keep,
          data = null,
          basis = null,
          teacher = null,
        } = { ...series, ...changes };
        const method = [series.name, ...(variant === '' ? [] : [variant])].join('.');
        const own = withParts({ ...base, ...(epochs && { epochs }), ...(keep && { keep }) }, { network, route });
        const whole = narrowed(withMethods(own, methods), width);
        const configuration = { ...withTasks(whole, chosen), seed };
        const id = [method, ...(part === null ? [] : [part]), `s${seed}`].join('.');
        const run = {
          id,
          method,
          seed,
          programs: chosen,
          data,
          basis,
          lesson: null,
          splits: null,
          configuration,
          from,
        };
        return { run, teacher, where };
      }),
    ),
  );
}

/** Which tasks a run of a series is of, and how that is called in its name. */
function choicesOf(
  tasks: string | string[],
  names: string[],
  where: string,
): { part: string | null; chosen: string[] }[] {
  if (Array.isArray(tasks)) {
    const unknown = tasks.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new UsageError(`${where}: expected some of ${names.join(', ')}, got "${unknown}"`);
    return [{ part: null, chosen: names.filter((name) => tasks.includes(name)) }];
  }
  if (tasks === 'together') return [{ part: null, chosen: names }];
  if (tasks === 'each') return names.map((name) => ({ part: name, chosen: [name] }));
  if (names.length < 2) throw new UsageError(`${where}: expected a configuration of several tasks, got one of one`);
  return names.map((name) => ({ part: `without-${name}`, chosen: names.filter((other) => other !== name) }));
}

/** The run of the method that is named whose seed is the same and which has none of the tasks. */
function basisOf(run: Run, all: readonly Placed[], where: string): string | null {
  if (run.basis === null) return null;
  const found = all
    .map(({ run }) => run)
    .filter(({ method, seed }) => method === run.basis && seed === run.seed)
    .filter(({ programs }) => !programs.some((name) => run.programs.includes(name)));
  if (found.length !== 1)
    throw new UsageError(
      `${where}.basis: expected a method of which one run of seed ${run.seed} is without ${run.programs.join(', ')}, ` +
        `got "${run.basis}", of which ${found.length} are`,
    );
  return found[0]!.id;
}

/** Of each program the run of that method and seed which is of its task alone. */
function lessonOf(run: Run, { method, ...strength }: Teacher, all: readonly Placed[], where: string): Taught {
  const teachers = run.programs.map((program): [string, string] => {
    const found = all
      .map(({ run }) => run)
      .filter((other) => other.method === method && other.seed === run.seed && String(other.programs) === program);
    if (found.length !== 1)
      throw new UsageError(
        `${where}.teacher: expected a method of which one run of seed ${run.seed} is of ${program} alone, got ` +
          `"${method}", of which ${found.length} are`,
      );
    return [program, found[0]!.id];
  });
  return { teachers: Object.fromEntries(teachers), ...strength };
}

/** Seed by seed, each run behind those that it needs. Throws for a circle. */
function ordered(runs: readonly Run[], where: string): Run[] {
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  const placed: Run[] = [];
  const waiting = runs.toSorted((a, b) => seeds.indexOf(a.seed) - seeds.indexOf(b.seed));
  while (waiting.length > 0) {
    const next = waiting.findIndex((run) => needsOf(run).every((need) => placed.some(({ id }) => id === need)));
    if (next < 0)
      throw new UsageError(`${where}: run ${waiting[0]!.id}: takes its basis or its teacher from itself; name another`);
    placed.push(...waiting.splice(next, 1));
  }
  return placed;
}

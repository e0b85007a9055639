/** Where a search begins: the configuration of one task, whose network is varied and whose training is taken over. */
import { type RawConfig, rawConfigOf, withTasks } from '../sweep/variation.ts';
import { UsageError } from '../system/errors.ts';
import { readInput } from '../system/files.ts';
import * as json from '../system/json.ts';
import { shownPath } from '../system/shownPath.ts';
import { type Task, taskArgument } from '../task/task.ts';
import { configsOf, readConfigs } from '../train/config.ts';
import type { NetworkConfig } from '../train/networkConfig.ts';

export interface Base {
  /** of the file, from where its tasks are named */
  path: string;
  /** of one task */
  configuration: RawConfig;
  task: Task;
  network: NetworkConfig;
  /** of drawing candidates and of training them */
  seed: number;
}

/** Whether a configuration has an entry for the task, as the command line calls it. */
export const isFor = (path: string, task: string): boolean => entriesFor(rawOf(path), path, task).length > 0;

const rawOf = (path: string): RawConfig => rawConfigOf(json.parseJson(path, readInput(path)), path);

const entriesFor = ({ tasks }: RawConfig, path: string, task: string): RawConfig['tasks'] =>
  tasks.filter((entry) => taskArgument(path, entry.task) === taskArgument('', task));

/**
 * The configuration of a task in a file that may have several, trained as long as all of them together would be.
 * Throws UsageError for a file that has none for it, and for a route.
 */
export function readBase(path: string, task: string | undefined, seed: number | undefined): Base {
  const checked = readConfigs(path); // says first what is wrong with the file as it is
  const raw = rawOf(path);
  const names = raw.tasks.map((entry) => taskArgument(path, entry.task));
  const wanted = task ?? (names.length === 1 ? names[0] : undefined);
  const [entry] = wanted === undefined ? [] : entriesFor(raw, path, wanted);
  if (!entry)
    throw new UsageError(
      `${shownPath(path)}: expected a configuration of the task ${wanted ?? 'that --task names'}, got one of ` +
        `${names.join(', ')}; give another with --config`,
    );
  if (raw.route) throw new UsageError(`${shownPath(path)}: route: expected a network, got a route; search has none`);
  const { notes: _, classWeights, ...rest } = withTasks(raw, [entry.name]);
  const [only] = rest.tasks as [RawConfig['tasks'][number]];
  const configuration = {
    ...rest,
    seed: seed ?? (rest.seed as number),
    tasks: [{ ...only, ...(classWeights !== undefined && { classWeights }) }],
  } as unknown as RawConfig;
  const [program] = configsOf(configuration, path).programs;
  const found = checked.programs.find(({ name }) => name === entry.name) ?? program!;
  return {
    path,
    configuration,
    task: found.task,
    network: program!.network,
    seed: configuration.seed as number,
  };
}

/** As `htpw train` and `htpw card` take it: fields of the task beside all others, the network last. */
export function asFile({ tasks, name: _, ...rest }: RawConfig, moved: (path: string) => string): object {
  const [{ name, task, network, ...own }] = tasks as [RawConfig['tasks'][number]];
  const distillation = rest.distillation as { teacher: string | string[] } | undefined;
  const teachers = distillation && [distillation.teacher].flat().map(moved);
  return {
    name,
    task: /^[\w-]+$/.test(task) ? task : moved(task),
    ...rest,
    ...own,
    ...(distillation && { distillation: { ...distillation, teacher: teachers } }),
    network,
  };
}

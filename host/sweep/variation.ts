/** Configurations that are made from one by changing some of it: JSON in, JSON out. */
import { basename } from 'node:path';
import * as json from '../system/json.ts';

/** A network of a configuration, of which only what is varied matters here. */
interface RawNetwork {
  methods?: Record<string, unknown>;
  [field: string]: unknown;
}

interface RawTask {
  name: string;
  task: string;
  network?: RawNetwork;
  windowsPerEpoch: Record<string, number>;
}

/** A configuration of one task or several as its file has it, always with a list of tasks. */
export interface RawConfig {
  name: string;
  epochs: number;
  batch: number;
  network?: RawNetwork;
  tasks: RawTask[];
  [field: string]: unknown;
}

const LIKE = 'models/configs/four-tasks.json';
const WINDOWS = json.record(json.wholeNumber(0, 10_000_000));
const HEAD = { name: json.text, epochs: json.wholeNumber(1, 100_000), batch: json.wholeNumber(1, 65536) };
const NETWORK = json.optional(json.anyObject);

const TASK = json.fields(
  { name: json.optional(json.text), task: json.text, network: NETWORK, windowsPerEpoch: WINDOWS },
  { loose: true },
);

/** As much as is varied; the rest is checked where it is read for training. */
export function rawConfigOf(parsed: unknown, path: string): RawConfig {
  const several = typeof parsed === 'object' && parsed !== null && 'tasks' in parsed;
  if (several) {
    const schema = json.fields(
      { ...HEAD, network: NETWORK, tasks: json.list(TASK, 'a list of tasks') },
      { loose: true },
    );
    const { tasks } = json.checkJson(parsed, path, schema, LIKE);
    const named = tasks.map((task) => ({ ...task, name: task.name ?? basename(task.task, '.json') }) as RawTask);
    return { ...(parsed as RawConfig), tasks: named };
  }
  const schema = json.fields({ ...HEAD, task: json.text, network: NETWORK, windowsPerEpoch: WINDOWS }, { loose: true });
  json.checkJson(parsed, path, schema, LIKE);
  const { task, network, windowsPerEpoch, ...rest } = parsed as RawConfig & RawTask;
  return { ...rest, tasks: [{ name: rest.name, task, network, windowsPerEpoch }] };
}

/** Every network changed by `change`. */
function withNetworks(config: RawConfig, change: (network: RawNetwork) => RawNetwork): RawConfig {
  const tasks = config.tasks.map((task) => (task.network ? { ...task, network: change(task.network) } : task));
  return { ...config, ...(config.network && { network: change(config.network) }), tasks };
}

/** With these methods, by layer or kind of layers; those of others stay. */
export const withMethods = (config: RawConfig, methods: Record<string, unknown>): RawConfig =>
  withNetworks(config, (network) => ({ ...network, methods: { ...network.methods, ...methods } }));

/** With another network, and with a route some of whose fields are others, or without one. */
export function withParts(
  config: RawConfig,
  { network, route }: { network?: Record<string, unknown>; route?: Record<string, unknown> | null },
): RawConfig {
  const changed = network ? withNetworks(config, () => network) : config;
  if (route === undefined) return changed;
  const { route: before, ...rest } = changed;
  return route === null ? (rest as RawConfig) : { ...changed, route: { ...(before as object), ...route } };
}

/** Every layer with `width` times its channels, but at least one. */
export const narrowed = (config: RawConfig, width: number): RawConfig =>
  withNetworks(config, (network) => scaled(network, width) as RawNetwork);

function scaled(value: unknown, width: number, field = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => scaled(item, width, field));
  if (typeof value === 'number')
    return field === 'channels' || field === 'widths' ? Math.max(1, Math.round(value * width)) : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === 'methods' ? inner : scaled(inner, width, name)]),
  );
}

/** Of these tasks only, with as many steps of training as all of them together have. */
export function withTasks(config: RawConfig, names: readonly string[]): RawConfig {
  const tasks = config.tasks.filter(({ name }) => names.includes(name));
  const stepsOf = (some: readonly RawTask[]): number =>
    Math.max(...some.map((task) => stepsPerEpoch(task, config.batch)));
  const epochs = Math.ceil((config.epochs * stepsOf(config.tasks)) / stepsOf(tasks));
  return { ...config, epochs, tasks };
}

function stepsPerEpoch({ windowsPerEpoch }: RawTask, batch: number): number {
  const windows = Object.values(windowsPerEpoch).reduce((sum, count) => sum + count, 0);
  return Math.max(1, Math.floor(windows / batch));
}

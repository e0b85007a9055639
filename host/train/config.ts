/** A training configuration: a task, a network, how its weights are held, and how it is trained. One JSON file. */
import { dirname, isAbsolute, join, relative } from 'node:path';
import type { TableEncoding } from '../arithmetic/channels.ts';
import { UsageError } from '../system/errors.ts';
import { readInput } from '../system/files.ts';
import * as json from '../system/json.ts';
import { shownPath } from '../system/shownPath.ts';
import { checkTask, classNamesOf, frontEndOf, readTaskOf, type Task, taskArgument } from '../task/task.ts';
import { type ClassWeights, classWeightsFor, unweighted } from './classWeights.ts';
import type { MethodConfig } from './methods/config.ts';
import { METHODS } from './methods/registry.ts';
import { networkFault, routeFault } from './network.ts';
import type { Extent, LayerConfig, NetworkConfig, RouteConfig, RouteLossConfig } from './networkConfig.ts';

/** A training: task, network, methods and optimisation, as read from a configuration file. */
export interface TrainConfig {
  name: string;
  task: Task;
  /** data set: the task's own, or another that gives its windows */
  data: string;
  seed: number;
  network: NetworkConfig;
  epochs: number;
  batch: number;
  /** windows drawn per class and epoch: without repeats as far as there are enough */
  windowsPerEpoch: Record<string, number>;
  learningRate: number;
  /** factor on the learning rate of the generator's codes */
  codeRate: number;
  warmupSteps: number;
  weightDecay: number;
  /** largest gradient norm */
  clip: number;
  /** sentences for the model card */
  notes?: string[];
  /** how the image stores quantisation tables; default: compact, four bytes a channel */
  tables?: TableEncoding;
  /** how much a window of each class counts; default "root" */
  classWeights?: ClassWeights;
  /** epochs between looks at the validation windows; default 5 */
  lookEvery?: number;
  /** which parameters are kept: of the last epoch, or of the best look, the default of a route alone */
  keep?: 'last' | 'best';
  distillation?: DistillationConfig;
  /** in place of the network, which then says where its classifiers begin: a selector and what it picks from */
  route?: RouteConfig;
}

/** What trained networks answer, for another to learn from. */
export interface DistillationConfig {
  /** images or checkpoints, by paths from where the command is called; of several, the mean counts */
  teachers: string[];
  /** of the softmax of both answers */
  temperature: number;
  /** of the answers in the loss; the rest is that of the labels */
  weight: number;
}

/** Networks that are trained together, each of a task; but for these and their data they agree in everything. */
export interface JointConfig {
  name: string;
  /** named after the programs of the image */
  programs: TrainConfig[];
}

/** Of a checkpoint's model; what is said of the training goes into its metadata. */
export type ExportConfig = Pick<TrainConfig, 'name' | 'network' | 'task'> &
  Partial<Pick<TrainConfig, 'data' | 'seed' | 'epochs' | 'route'>>;

/** What a seed and a count of epochs can be, in a configuration and on the command line. */
export const MOST_SEED = 2 ** 32 - 1;
export const MOST_EPOCHS = 100_000;

/** Name of an example in every clone and package. */
const LIKE = 'models/configs/ecg-beats.json';
const LIKE_JOINT = 'models/configs/four-tasks.json';

const count = json.wholeNumber(1, 4095);
const side = json.wholeNumber(1, 320);
/** A number goes along the width. */
const extent = json.either(
  json.listOf(side, 2, 'height and width, each a whole number from 1 to 320'),
  side as json.Schema<Extent>,
  ([height, width]): Extent => [height!, width!],
);
const activation = json.optional(json.oneOf(['relu', 'none']));

const METHOD = json.later(() =>
  json.byKind(Object.fromEntries(Object.entries(METHODS).map(([kind, { schema }]) => [kind, schema]))),
) as json.Schema<MethodConfig>;

const methods = json.optional(json.record(METHOD), {});

const LAYER: json.Schema<LayerConfig> = json.byKind<LayerConfig>({
  convolution: layerOf('convolution', { channels: count, kernel: extent, stride: json.optional(extent), activation }),
  separable: layerOf('separable', { channels: count, kernel: extent, stride: json.optional(extent), activation }),
  depthwise: layerOf('depthwise', { kernel: extent, stride: json.optional(extent), activation }),
  pointwise: layerOf('pointwise', { channels: count, activation }),
  fullyConnected: layerOf('fullyConnected', { channels: count }),
  averagePool: layerOf('averagePool', { kernel: extent }),
  residual: layerOf('residual', { layers: json.later(() => json.list(LAYER, 'a list of layers')) }),
});

function layerOf(kind: string, fields: Record<string, json.Schema<unknown>>): json.Schema<LayerConfig> {
  return json.fields({ kind: json.oneOf([kind]), ...fields }) as unknown as json.Schema<LayerConfig>;
}

const LISTED = json.fields({ layers: json.list(LAYER, 'a list of layers'), methods });

const SEPARABLE = json.fields({
  stem: json.fields({ channels: count, kernel: side, stride: side }),
  depthwiseKernel: side,
  widths: json.list(count, 'a list of channels, one per block'),
  strides: json.list(side, 'a list of strides, one per block'),
  methods,
});

const NETWORK = json.having('layers', LISTED as json.Schema<NetworkConfig>, SEPARABLE as json.Schema<NetworkConfig>);

/** For the windows of a task. */
const networkFor = (task: Task): json.Schema<NetworkConfig> =>
  json.agreeing(NETWORK, (network) => networkFault(network, frontEndOf(task).output.shape, classNamesOf(task).length));

const share = json.numberUpTo(100);
const someEpochs = json.wholeNumber(0, MOST_EPOCHS);

/** Weights of the paper. */
const ROUTE_LOSS = json.fields({
  union: json.optional(share, 0.1),
  overlap: json.optional(share, 0.03),
  single: json.optional(share, 0.1),
  selection: json.optional(share, 1),
}) as unknown as json.Schema<RouteLossConfig>;

const ROUTE = json.fields({
  branches: json.wholeNumber(2, 32),
  selector: NETWORK,
  classifier: NETWORK,
  aggregate: json.optional(json.listOrNone(json.text), []),
  apart: json.wholeNumber(1, MOST_EPOCHS),
  elsewhere: json.optional(json.numberUpTo(1)),
  selecting: json.wholeNumber(1, MOST_EPOCHS),
  rounds: someEpochs,
  turns: json.optional(json.listOf(someEpochs, 2, 'epochs of the selector and of the classifiers'), [1, 1]),
  turnRate: json.optional(json.quantity, 0.25),
  loss: json.optional(ROUTE_LOSS, {}),
  together: json.optional(someEpochs),
}) as unknown as json.Schema<RouteConfig>;

/** A selector and classifiers for the windows of a task. */
const routeFor = (task: Task): json.Schema<RouteConfig> =>
  json.agreeing(ROUTE, (route) => routeFault(route, frontEndOf(task).output.shape, classNamesOf(task).length));

const TASK = json.text;

/** Of which task; the rest of the fields depends on it. */
const HEAD = json.fields({ task: TASK }, { loose: true });

/** part of file names */
const NAME = json.textLike(/^[\w][\w .+-]{0,99}$/, 'a name of letters, digits and - _ . +');

/** How anything is trained, whatever the task. */
const SCHEDULE = {
  seed: json.wholeNumber(0, MOST_SEED),
  epochs: json.wholeNumber(1, MOST_EPOCHS),
  batch: json.wholeNumber(1, 65536),
  learningRate: json.quantity,
  codeRate: json.quantity,
  warmupSteps: json.wholeNumber(0, 10_000_000),
  weightDecay: json.numberUpTo(1),
  clip: json.quantity,
  lookEvery: json.optional(json.wholeNumber(1, MOST_EPOCHS)),
  keep: json.optional(json.oneOf(['last', 'best'])),
  tables: json.optional(json.oneOf(['compact', 'short', 'q31'])),
};

/** In a file: paths from its folder on. */
interface WrittenDistillation extends Omit<DistillationConfig, 'teachers'> {
  teacher: string[];
}

const DISTILLATION = json.fields({
  teacher: json.textOrTexts('the path of an image or a checkpoint, or a list of several'),
  temperature: json.optional(json.quantity, 2),
  weight: json.optional(json.numberUpTo(1), 0.5),
}) as unknown as json.Schema<WrittenDistillation>;

/** The fields of a configuration for this task, without its network. */
function fieldsFor(task: Task) {
  const [first] = classNamesOf(task);
  const perClass = Object.fromEntries(
    // a class that is left out has none
    classNamesOf(task).map((name) => [name, json.optional(json.wholeNumber(0, 10_000_000))]),
  ) as Record<string, json.Schema<number>>;
  return {
    name: NAME,
    task: TASK,
    notes: json.optional(json.list(json.text, 'a list of sentences')),
    ...SCHEDULE,
    windowsPerEpoch: json.agreeing(json.fields(perClass), (windows) =>
      Object.values(windows).some((some) => some > 0) ? null : [first!, 'expected a class with windows, got none'],
    ),
    classWeights: json.optional(classWeightsFor(classNamesOf(task))),
    distillation: json.optional(DISTILLATION),
    route: json.optional(routeFor(task)),
  };
}

/** A configuration of several networks; each entry of `tasks` is checked for its task. */
const JOINT = json.fields({
  name: NAME,
  ...SCHEDULE,
  network: json.optional(json.anyObject),
  distillation: json.optional(json.anyObject),
  route: json.optional(json.anyObject),
  tasks: json.list(
    json.fields({
      name: json.optional(NAME),
      task: TASK,
      network: json.optional(json.anyObject),
      windowsPerEpoch: json.anyObject,
      classWeights: json.optional(json.anything),
      distillation: json.optional(json.anyObject),
    }),
    'a list of tasks, each with its windowsPerEpoch',
  ),
});

/** A whole configuration. Throws UsageError, one line, for the first field that is missing, unknown or wrong. */
export function readConfig(path: string): TrainConfig {
  const { parsed, task } = readWithTask(path);
  return readConfigFor(task, path, parsed);
}

/**
 * A configuration of one network, or of several: a list `tasks`, whose entries say the task, windowsPerEpoch, the name
 * of the program (default: that of the task) and the network (default: that of all). Throws UsageError as readConfig.
 */
export function readConfigs(path: string): JointConfig {
  return configsOf(json.parseJson(path, readInput(path)), path);
}

/** The same from its JSON; tasks are named from where `path` lies, which begins the line of an error, too. */
export function configsOf(parsed: unknown, path: string): JointConfig {
  if (!hasTasks(parsed)) {
    const { task } = json.checkJson(parsed, path, HEAD, LIKE);
    const config = readConfigFor(readTaskOf(shownPath(path), task), path, parsed);
    return { name: config.name, programs: [config] };
  }
  const { name, network, tasks, ...schedule } = json.checkJson(parsed, path, JOINT, LIKE_JOINT);
  if (schedule.route && tasks.length > 1)
    throw new UsageError(
      `${shownPath(path)}: route: expected a configuration of one task, got ${tasks.length}; train each by itself`,
    );
  const programs = tasks.map((entry, i) => {
    const where = `${path}: tasks.${i}`;
    const task = readTaskOf(`${shownPath(path)}: tasks.${i}`, entry.task, dirname(path));
    const own = { name: entry.name ?? task.name, network: entry.network ?? network };
    return readConfigFor(task, where, { ...schedule, ...entry, ...own });
  });
  const names = programs.map((program) => program.name);
  const twice = names.findIndex((program, i) => names.indexOf(program) < i);
  if (twice >= 0)
    throw new UsageError(
      `${shownPath(path)}: tasks.${twice}.name: expected another name than that of a task before, got "${names[twice]}"; ` +
        'give each a name of its own',
    );
  return { name, programs };
}

/** A whole configuration from its JSON, for a task that is known; `where` begins the line of an error. */
export function readConfigFor(task: Task, where: string, parsed: unknown): TrainConfig {
  const schema = json.agreeing(json.fields({ ...fieldsFor(task), network: networkFor(task) }), fieldsFault);
  const { distillation, ...fields } = json.checkJson(parsed, where, schema, LIKE);
  return { ...fields, task, data: task.data.set, ...(distillation && { distillation: placed(distillation, where) }) };
}

/** What does not agree among fields that are right by themselves. */
function fieldsFault(
  config: Pick<TrainConfig, 'classWeights' | 'windowsPerEpoch' | 'route'> & { distillation?: object },
): [string, string] | null {
  if (config.route && config.distillation)
    return ['distillation', 'expected none beside a route, whose teacher is the network'];
  const { classWeights = 'root', windowsPerEpoch } = config;
  const name = unweighted(classWeights, windowsPerEpoch);
  return name === undefined ? null : ['classWeights', `expected a weight for ${name}, of which an epoch has windows`];
}

/** Paths from where the command is called on, in place of from the file that `where` names. */
function placed({ teacher, ...rest }: WrittenDistillation, where: string): DistillationConfig {
  const folder = dirname(where);
  const teachers = teacher.map((path) => (isAbsolute(path) ? path : relative('', join(folder, path))));
  return { teachers, ...rest };
}

/** The configurations in the metadata of a checkpoint. Throws UsageError, one line, where there are none. */
export function trainedConfigs({ config }: Record<string, string>, where: string): TrainConfig[] {
  if (config === undefined)
    throw new UsageError(`${where}: expected the configuration that it was trained with in its metadata, got none`);
  const parsed = json.parseJson(`${where}: config`, new TextEncoder().encode(config));
  return (Array.isArray(parsed) ? parsed : [parsed]).map((one) => {
    // the task is there in whole; where data and a teacher were does not matter any more
    const { task, data: _, distillation: __, ...rest } = json.checkJson(one, where, json.anyObject);
    const checked = checkTask(task, `${where}: task`);
    return readConfigFor(checked, where, { ...rest, task: checked.name });
  });
}

/**
 * Task and network of a configuration, of which the rest may be missing, for a checkpoint that was trained elsewhere.
 * Throws UsageError for what would not be a network of this kind.
 */
export function readNetwork(path: string): Pick<TrainConfig, 'task' | 'network'> & Partial<TrainConfig> {
  const { parsed, task } = readWithTask(path);
  const schema = json.fields({ ...json.allOptional(fieldsFor(task)), network: networkFor(task) });
  const { distillation: _, ...fields } = json.checkJson(parsed, path, schema, LIKE);
  const isTraining = fields.epochs !== undefined; // else nobody knows what it was trained on
  return { ...fields, task, ...(isTraining && { data: task.data.set }) };
}

const hasTasks = (parsed: unknown): boolean => typeof parsed === 'object' && parsed !== null && 'tasks' in parsed;
/** The task of a configuration as the command line calls it: a name, or a path from where it is called. */
export function taskArgumentOf(path: string): string {
  return taskArgument(path, json.checkJson(json.parseJson(path, readInput(path)), path, HEAD, LIKE).task);
}

function readWithTask(path: string): { parsed: unknown; task: Task } {
  const parsed = json.parseJson(path, readInput(path));
  if (hasTasks(parsed))
    throw new UsageError(
      `${shownPath(path)}: tasks: expected a configuration of one task, got one that lists several; ` +
        'only htpw train and htpw pack take these',
    );
  const { task } = json.checkJson(parsed, path, HEAD, LIKE);
  return { parsed, task: readTaskOf(shownPath(path), task) };
}

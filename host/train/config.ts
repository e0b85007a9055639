/** A training configuration: a task, a network, how its weights are held, and how it is trained. One JSON file. */
import { readInput } from '../system/files.ts';
import * as json from '../system/json.ts';
import { shownPath } from '../system/shownPath.ts';
import { classNamesOf, frontEndOf, readTaskOf, type Task } from '../task/task.ts';
import { buildNetwork, type NetworkConfig, type NetworkSpec, networkFault, POINTWISE_MODES } from './network.ts';

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
}

/** Of a checkpoint's model; what is said of the training goes into its metadata. */
export type ExportConfig = Pick<TrainConfig, 'name' | 'network' | 'task'> &
  Partial<Pick<TrainConfig, 'data' | 'seed' | 'epochs'>>;

/** The layers of a network for the windows of a task. */
export const specOf = ({ task, network }: Pick<TrainConfig, 'task' | 'network'>, classes: number): NetworkSpec =>
  buildNetwork(network, frontEndOf(task).output.shape, classes);

/** What a seed and a count of epochs can be, in a configuration and on the command line. */
export const MOST_SEED = 2 ** 32 - 1;
export const MOST_EPOCHS = 100_000;

/** Name of an example in every clone and package. */
const LIKE = 'models/configs/ecg-beats.json';

const count = json.wholeNumber(1, 4095);
const kernel = json.wholeNumber(1, 320);
const stride = json.oneOfNumbers([1, 2] as const);
/** Not used with one matrix. */
const mixing = json.optional(json.wholeNumber(0, 255), 0);

const GENERATOR = json.agreeing(
  json.fields({
    matrices: json.wholeNumber(1, 255),
    encoding: json.oneOf(['int8', 'int4', 'int2']),
    rows: count,
    columns: count,
    codeLength: mixing,
    hidden: mixing,
    rowsPerCode: json.optional(json.wholeNumber(0, 4095), 0),
  }),
  (generator) => {
    const missing = (['codeLength', 'hidden', 'rowsPerCode'] as const).find((key) => generator[key] === 0);
    if (generator.matrices === 1 || missing === undefined) return null;
    return [missing, `expected a whole number above 0, as ${generator.matrices} matrices are mixed`];
  },
);

const NETWORK: json.Schema<NetworkConfig> = json.agreeing(
  json.fields({
    stem: json.fields({ channels: count, kernel, stride }),
    depthwiseKernel: kernel,
    widths: json.list(count, 'a list of channels, one per block'),
    strides: json.list(stride, 'a list of 1 or 2, one per block'),
    pointwise: json.oneOf(POINTWISE_MODES),
    generator: json.optional(json.nullable(GENERATOR), null),
  }),
  (network) =>
    network.generator && network.pointwise !== 'generated'
      ? ['generator', `expected null, as pointwise "${network.pointwise}" generates nothing`]
      : networkFault(network),
);

const TASK = json.text;

/** Of which task; the rest of the fields depends on it. */
const HEAD = json.fields({ task: TASK }, { loose: true });

/** The fields of a configuration for this task, without its network. */
function fieldsFor(task: Task) {
  const [first] = classNamesOf(task);
  const perClass = Object.fromEntries(
    // a class that is left out has none
    classNamesOf(task).map((name) => [name, json.optional(json.wholeNumber(0, 10_000_000))]),
  ) as Record<string, json.Schema<number>>;
  return {
    /** part of file names */
    name: json.textLike(/^[\w][\w .+-]{0,99}$/, 'a name of letters, digits and - _ . +'),
    task: TASK,
    seed: json.wholeNumber(0, MOST_SEED),
    epochs: json.wholeNumber(1, MOST_EPOCHS),
    batch: json.wholeNumber(1, 65536),
    windowsPerEpoch: json.agreeing(json.fields(perClass), (windows) =>
      Object.values(windows).some((some) => some > 0) ? null : [first!, 'expected a class with windows, got none'],
    ),
    learningRate: json.quantity,
    codeRate: json.quantity,
    warmupSteps: json.wholeNumber(0, 10_000_000),
    weightDecay: json.numberUpTo(1),
    clip: json.quantity,
  };
}

/** A whole configuration. Throws UsageError, one line, for the first field that is missing, unknown or wrong. */
export function readConfig(path: string): TrainConfig {
  const { parsed, task } = readWithTask(path);
  const fields = json.checkJson(parsed, path, json.fields({ ...fieldsFor(task), network: NETWORK }), LIKE);
  return { ...fields, task, data: task.data.set };
}

/**
 * Task and network of a configuration, of which the rest may be missing, for a checkpoint that was trained elsewhere.
 * Throws UsageError for what would not be a network of this kind.
 */
export function readNetwork(path: string): Pick<TrainConfig, 'task' | 'network'> & Partial<TrainConfig> {
  const { parsed, task } = readWithTask(path);
  const schema = json.fields({ ...json.allOptional(fieldsFor(task)), network: NETWORK });
  const fields = json.checkJson(parsed, path, schema, LIKE);
  const isTraining = fields.epochs !== undefined; // else nobody knows what it was trained on
  return { ...fields, task, ...(isTraining && { data: task.data.set }) };
}

function readWithTask(path: string): { parsed: unknown; task: Task } {
  const parsed = json.parseJson(path, readInput(path));
  const { task } = json.checkJson(parsed, path, HEAD, LIKE);
  return { parsed, task: readTaskOf(shownPath(path), task) };
}

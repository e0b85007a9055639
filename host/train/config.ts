/** A training configuration: one JSON file in models/configs/. */
import { CLASS_NAMES, WINDOW } from '../data/beats.ts';
import { DATASET_NAMES, type DatasetName } from '../data/dataset.ts';
import { readInput } from '../system/files.ts';
import * as json from '../system/json.ts';
import type { Augmentation } from './frontEnd.ts';
import { type NetworkConfig, networkFault, POINTWISE_MODES } from './network.ts';

export interface TrainConfig {
  name: string;
  dataset: DatasetName;
  seed: number;
  network: NetworkConfig;
  epochs: number;
  batch: number;
  /** beats drawn per class and epoch: without repeats as far as there are enough */
  beatsPerEpoch: Record<string, number>;
  learningRate: number;
  /** factor on the learning rate of the generator's codes */
  codeRate: number;
  warmupSteps: number;
  weightDecay: number;
  /** largest gradient norm */
  clip: number;
  augmentation: Augmentation;
}

/** Of a checkpoint's model; what is said of the training goes into its metadata. */
export type ExportConfig = Pick<TrainConfig, 'name' | 'network'> &
  Partial<Pick<TrainConfig, 'dataset' | 'seed' | 'epochs'>>;

/** What a seed and a count of epochs can be, in a configuration and on the command line. */
export const MOST_SEED = 2 ** 32 - 1;
export const MOST_EPOCHS = 100_000;

/** Name of an example in every clone and package. */
const LIKE = 'models/configs/ecg-beats.json';

const count = json.wholeNumber(1, 4095);
const kernel = json.wholeNumber(1, WINDOW);
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

/** The ECG windows are the only inputs that the exported front end makes. */
const NETWORK: json.Schema<NetworkConfig> = json.agreeing(
  json.fields({
    inputWidth: json.exactly(WINDOW, 'the window of the ECG front end'),
    inputChannels: json.exactly(2, 'the z-score and the marker'),
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

/** A class that is left out has none. */
const BEATS_PER_CLASS = Object.fromEntries(
  CLASS_NAMES.map((name) => [name, json.optional(json.wholeNumber(0, 10_000_000))]),
) as Record<string, json.Schema<number>>;

const FIELDS = {
  /** part of file names */
  name: json.textLike(/^[\w][\w .+-]{0,99}$/, 'a name of letters, digits and - _ . +'),
  dataset: json.oneOf(DATASET_NAMES),
  seed: json.wholeNumber(0, MOST_SEED),
  epochs: json.wholeNumber(1, MOST_EPOCHS),
  batch: json.wholeNumber(1, 65536),
  beatsPerEpoch: json.agreeing(json.fields(BEATS_PER_CLASS), (beats) =>
    Object.values(beats).some((some) => some > 0) ? null : ['N', 'expected a class with beats, got none'],
  ),
  learningRate: json.quantity,
  codeRate: json.quantity,
  warmupSteps: json.wholeNumber(0, 10_000_000),
  weightDecay: json.numberUpTo(1),
  clip: json.quantity,
  augmentation: json.fields({
    shift: json.wholeNumber(0, WINDOW / 2),
    noise: json.numberUpTo(100),
    wander: json.numberUpTo(100),
  }),
};

const CONFIG: json.Schema<TrainConfig> = json.fields({ ...FIELDS, network: NETWORK });

/** A whole configuration. Throws UsageError, one line, for the first field that is missing, unknown or wrong. */
export function readConfig(path: string): TrainConfig {
  return json.readJson(path, CONFIG, LIKE);
}

/**
 * The `network` part of a configuration, by itself or in a whole one, for a checkpoint that was trained elsewhere.
 * Throws UsageError for what would not be a network of this kind, and for inputs that are no standardized windows.
 */
export function readNetwork(path: string): Pick<TrainConfig, 'network'> & Partial<TrainConfig> {
  const parsed = json.parseJson(path, readInput(path));
  if (typeof parsed !== 'object' || parsed === null || !('network' in parsed))
    return { network: json.checkJson(parsed, path, NETWORK, `the networks in ${LIKE}`) };
  return json.checkJson(parsed, path, json.fields({ ...json.allOptional(FIELDS), network: NETWORK }), LIKE);
}

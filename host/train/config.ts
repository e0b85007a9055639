/** A training configuration: one JSON file in models/configs/. */

import { readFileSync } from 'node:fs';
import { WINDOW } from '../data/beats.ts';
import { DATASET_NAMES, type DatasetName } from '../data/dataset.ts';
import type { Augmentation } from './frontEnd.ts';
import { type GeneratorConfig, type NetworkConfig, POINTWISE_MODES, type PointwiseMode } from './network.ts';

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

export function readConfig(path: string): TrainConfig {
  const config = JSON.parse(readFileSync(path, 'utf8')) as TrainConfig;
  for (const key of ['name', 'dataset', 'network', 'epochs', 'batch', 'beatsPerEpoch', 'learningRate'] as const)
    if (config[key] === undefined)
      throw new Error(`${path}: expected a value for "${key}", got none; compare with models/configs/ecg-beats.json`);
  if (!DATASET_NAMES.includes(config.dataset))
    throw new Error(`${path}: expected dataset ${DATASET_NAMES.join(' or ')}, got "${config.dataset}"; edit the file`);
  return config;
}

/**
 * The `network` part of a configuration, by itself or in a whole one, for a checkpoint that was trained elsewhere. Throws for
 * what would not be a network of this kind, and for inputs that are no standardized windows.
 */
export function readNetwork(path: string): Pick<TrainConfig, 'network'> & Partial<TrainConfig> {
  const whole = parseObject(path);
  const config = 'network' in whole ? whole : { network: whole };
  const network = (config.network ?? {}) as unknown as Record<string, unknown>;
  const generator = network.pointwise === 'generated' ? (network.generator as GeneratorConfig | null) : null;
  checkFields(path, network, FIELDS);
  if (network.pointwise === 'generated') checkFields(path, network, GENERATOR_FIELDS);
  if (generator && generator.matrices > 1) checkFields(path, network, MIXING_FIELDS);
  return config as Pick<TrainConfig, 'network'>;
}

type Fields = Record<string, readonly [fits: (value: unknown) => boolean, expected: string]>;

function checkFields(path: string, network: Record<string, unknown>, fields: Fields): void {
  for (const [field, [fits, expected]] of Object.entries(fields)) {
    const value = field.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)?.[key], network);
    if (!fits(value))
      throw new Error(
        `${path}: expected "${field}" to be ${expected}, got ${JSON.stringify(value)}; compare with the networks in models/configs`,
      );
  }
}

function parseObject(path: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: expected a JSON file, got none (${(error as Error).message}); give the architecture`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error(
      `${path}: expected a JSON object, got ${JSON.stringify(parsed)?.slice(0, 40)}; give the architecture`,
    );
  return parsed as Record<string, unknown>;
}

const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) < 4096;
const isStride = (value: unknown): boolean => value === 1 || value === 2;
const areAll = (value: unknown, fits: (one: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(fits);

const COUNT = [isCount, 'a whole number from 1 to 4095'] as const;
/** The ECG windows are the only inputs that the exported front end makes. */
const FIELDS: Fields = {
  inputWidth: [(value) => value === WINDOW, `${WINDOW}, the window of the ECG front end`],
  inputChannels: [(value) => value === 2, '2, the z-score and the marker'],
  'stem.channels': COUNT,
  'stem.kernel': COUNT,
  'stem.stride': [isStride, '1 or 2'],
  depthwiseKernel: COUNT,
  widths: [(value) => areAll(value, isCount), 'a list of channels, one per block'],
  strides: [(value) => areAll(value, isStride), 'a list of 1 or 2, one per block'],
  pointwise: [(value) => POINTWISE_MODES.includes(value as PointwiseMode), POINTWISE_MODES.join(', ')],
};
const BASIS_ENCODINGS = ['int8', 'int4', 'int2'];
const GENERATOR_FIELDS: Fields = {
  'generator.matrices': COUNT,
  'generator.rows': COUNT,
  'generator.columns': COUNT,
  'generator.encoding': [(value) => BASIS_ENCODINGS.includes(value as string), BASIS_ENCODINGS.join(', ')],
};
/** of more than one matrix */
const MIXING_FIELDS: Fields = {
  'generator.codeLength': COUNT,
  'generator.hidden': COUNT,
  'generator.rowsPerCode': COUNT,
};

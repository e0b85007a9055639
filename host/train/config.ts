/** A training configuration: one JSON file in models/configs/. */

import { readFileSync } from 'node:fs';
import { DATASET_NAMES, type DatasetName } from '../data/dataset.ts';
import type { Augmentation } from './frontEnd.ts';
import type { NetworkConfig } from './network.ts';

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

/**
 * `hypertinypw/train`: training, and checkpoints to models. The array library behind it is loaded when a function is
 * called; whoever trains nothing needs none.
 */
import type { Generator, Model } from '../model/model.ts';
import { UsageError } from '../system/errors.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { ExportConfig, JointConfig, TrainConfig } from './config.ts';
import type { Trained, TrainedTogether, TrainOptions } from './run.ts';
import type { TrainingSpeed } from './speed.ts';
import { startArrays } from './start.ts';

export { type Checkpoint, decodeCheckpoint, encodeCheckpoint, readCheckpoint } from './checkpoint.ts';
export type { ClassWeights } from './classWeights.ts';
export {
  type DistillationConfig,
  type ExportConfig,
  type JointConfig,
  readConfig,
  readConfigs,
  type TrainConfig,
} from './config.ts';
export type {
  Beginning,
  EpochRecord,
  JointReport,
  NetworkReport,
  Progress,
  StateOptions,
  Trained,
  TrainedTogether,
  TrainOptions,
  TrainReport,
} from './run.ts';

export type { TrainingSpeed } from './speed.ts';

/** The peer dependency of package.json. */
const ARRAYS = '@jax-js/jax@0.1.25';

/** As a configuration (readConfig) says: float training, then the integer model. Throws UsageError without library. */
export async function trainModel(config: TrainConfig, options?: TrainOptions): Promise<Trained> {
  await needArrays();
  const { trainModel } = await import('./train.ts');
  return trainModel(config, options);
}

/** Several networks together: one model with a program each, layers of one method sharing its basis. */
export async function trainTogether(config: JointConfig, options?: TrainOptions): Promise<TrainedTogether> {
  await needArrays();
  const { trainTogether } = await import('./train.ts');
  return trainTogether(config, options);
}

/** As untrainedModel, of several networks; with the generators of an image they are made from these. */
export async function untrainedTogether(config: JointConfig, basis?: readonly Generator[] | null): Promise<Model> {
  await needArrays();
  const { untrainedTogether } = await import('./train.ts');
  return untrainedTogether(config, basis);
}

/** The integer model that training would begin with: what an image of the network takes, before it has learnt. */
export async function untrainedModel(config: TrainConfig): Promise<Model> {
  await needArrays();
  const { untrainedModel } = await import('./train.ts');
  return untrainedModel(config);
}

/** The integer model of a checkpoint, for pack. Throws UsageError without the array library. */
export async function exportModel(checkpoint: Checkpoint, config: ExportConfig): Promise<Model> {
  await needArrays();
  const { exportModel } = await import('./export.ts');
  return exportModel(checkpoint, config);
}

/** The same of networks that were trained together: one model with a program each. */
export async function exportTogether(checkpoint: Checkpoint, config: JointConfig): Promise<Model> {
  await needArrays();
  const { exportTogether } = await import('./export.ts');
  return exportTogether(checkpoint, config);
}

/** How fast steps of a configuration are here, some seconds of work. Throws UsageError without the array library. */
export async function trainingSpeed(config: JointConfig): Promise<TrainingSpeed> {
  await needArrays();
  const { trainingSpeed } = await import('./speed.ts');
  return trainingSpeed(config);
}

async function needArrays(): Promise<void> {
  try {
    await startArrays();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' || !message.includes('@jax-js/jax')) throw error;
    throw new UsageError(`training needs an array library, which is not installed; npm install ${ARRAYS}`);
  }
}

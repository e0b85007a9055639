/** The ECG task with any data set, for tests. */
import { type DataOptions, openTask, readTask, type TaskData } from '../../host/task/task.ts';

export const ECG = readTask('ecg-beats');
/** Samples of its window. */
export const WINDOW = ECG.input.shape[1];

/** The data set of this name as windows of the task. */
export const ecgData = (data: string, options: Omit<DataOptions, 'data'> = {}): TaskData =>
  openTask(ECG, { ...options, data });

/** Inputs to run: windows of a data set when an image takes ECG windows, else random bytes. */

import type { Runtime } from '../runtime/runtime.ts';
import { Random } from '../system/random.ts';
import { WINDOW } from './beats.ts';
import { type DatasetOptions, openDataset } from './dataset.ts';
import { hasMitbih } from './mitbih.ts';
import type { Account } from './part.ts';

export interface Inputs {
  windows: Uint8Array[];
  /** where they are from, for people */
  name: string;
  /** of the data set that they are from, if they are */
  account: Account | null;
}

/** Whether an image takes raw windows of one ECG lead, not just as many bytes. */
export const takesEcg = (runtime: Runtime): boolean => runtime.takesSamples() && runtime.inputBytes() === 2 * WINDOW;

/**
 * At most `count` inputs spread evenly over the test split of a data set (default: recordings where there are any), or
 * random bytes for an image that takes no ECG.
 */
export function testWindows(runtime: Runtime, count: number, data?: string, options: DatasetOptions = {}): Inputs {
  if (!takesEcg(runtime)) {
    const random = new Random(1);
    const bytes = runtime.inputBytes();
    const windows = Array.from({ length: count }, () => Uint8Array.from({ length: bytes }, () => random.below(256)));
    return { windows, name: 'random bytes', account: null };
  }
  const dataset = openDataset(data ?? (hasMitbih(options.root) ? 'mitbih' : 'synthetic-easy'), options);
  const { samples, account } = dataset.load('test');
  const windows = spread(samples.length / WINDOW, count).map(
    (at) => new Uint8Array(samples.slice(at * WINDOW, (at + 1) * WINDOW).buffer),
  );
  return { windows, name: dataset.name === 'mitbih' ? 'real ECG, MIT-BIH' : 'synthetic ECG', account };
}

/** At most `count` numbers below `available`, spread evenly. */
export function spread(available: number, count: number): number[] {
  const length = Math.min(count, available);
  return Array.from({ length }, (_, i) => Math.floor((i * available) / length));
}

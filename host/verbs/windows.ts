/** Windows to run: of the test split of a data set when an image takes ECG windows, else random ones. */
import { WINDOW } from '../data/beats.ts';
import { type DatasetName, loadDataset } from '../data/dataset.ts';
import { hasMitbih } from '../data/mitbih.ts';
import { Random } from '../data/random.ts';
import type { Runtime } from '../runtime/runtime.ts';

/** `count` inputs spread evenly over the test split, and where they are from. */
export function testWindows(
  runtime: Runtime,
  count: number,
  dataset?: string,
): { windows: Uint8Array[]; name: string } {
  const bytes = runtime.inputBytes();
  if (!runtime.takesSamples() || bytes !== 2 * WINDOW) {
    const random = new Random(1);
    const windows = Array.from({ length: count }, () => Uint8Array.from({ length: bytes }, () => random.below(256)));
    return { windows, name: 'random bytes' };
  }
  const name = dataset ?? (hasMitbih() ? 'mitbih' : 'synthetic');
  const { samples } = loadDataset(name as DatasetName, 'test');
  const available = samples.length / WINDOW;
  const windows = Array.from({ length: count }, (_, i) => {
    const at = Math.floor((i * available) / count) * WINDOW;
    return new Uint8Array(samples.slice(at, at + WINDOW).buffer);
  });
  return { windows, name: name === 'mitbih' ? 'real ECG, MIT-BIH' : 'synthetic ECG' };
}

/** An image and labelled inputs for reports: what every part of a page needs. */
import { pack } from '../../host/image/pack.ts';
import { fileOf, floats, folderOf } from '../inputs/files.ts';
import { ModelBuilder, random } from '../zoo.ts';

/** Names that a page must not take for tags. */
export const CLASSES = ['<b>yes</b>', 'no "no"', 'a & b'];

/** A small network of three classes. */
export function imageFile(name = 'small net.htpw'): string {
  const model = new ModelBuilder(3, [4, 4, 2]).pointwise(6).fullyConnected(CLASSES.length).build();
  return fileOf(name, pack({ ...model, metadata: { ...model.metadata, labels: CLASSES } }));
}

/** Forty inputs, their labels, and whose they are. */
export function inputsFile(): { data: string; labels: string } {
  const next = random(7);
  const count = 40;
  const x = floats(
    [count, 4, 4, 2],
    Array.from({ length: count * 32 }, () => 3 * next() - 1.5),
  );
  const rows = Array.from({ length: count }, (_, i) => `${i % CLASSES.length},person ${i % 8}`);
  const folder = folderOf({ 'x.npy': x, 'labels.csv': `class,person\n${rows.join('\n')}\n` });
  return { data: `${folder}/x.npy`, labels: `${folder}/labels.csv` };
}

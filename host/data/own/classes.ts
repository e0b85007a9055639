/** The classes of a folder of recordings: its folders, or what its labels say. */
import { join } from 'node:path';
import { fault } from '../formats/fault.ts';
import type { OwnFolder } from './files.ts';

/** Classes that one byte can tell apart. */
const MOST_CLASSES = 255;

/** Folders in the folder, each of which has recordings. */
export function classFolders({ path, files, folders }: OwnFolder): string[] {
  const loose = files.find(({ folder }) => folder === null);
  if (loose)
    throw fault(
      loose.path,
      'lies in no folder of a class, and no column of labels is named; put it into a folder, or name the column in "label"',
    );
  const empty = folders.find((name) => !files.some(({ folder }) => folder === name));
  if (empty !== undefined)
    throw fault(join(path, empty), 'expected recordings of this class, got none; add some or remove the folder');
  return inOrder(folders, path);
}

/** Each once, numbers as numbers. Throws for fewer than two classes, and for more than labels can tell apart. */
export function inOrder(labels: readonly string[], path: string): string[] {
  const names = [...new Set(labels)].sort(new Intl.Collator('en', { numeric: true }).compare);
  if (names.length < 2)
    throw fault(
      path,
      `expected two classes or more, got ${names.length === 0 ? 'none' : `"${names[0]}" alone`}; add another`,
    );
  if (names.length > MOST_CLASSES)
    throw fault(path, `expected ${MOST_CLASSES} classes at most, got ${names.length}; is "label" the right column?`);
  return names;
}

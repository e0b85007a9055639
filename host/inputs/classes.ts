/** Labels as data call them, and the classes of a network: which is which. */
import { quoted } from '../data/formats/fault.ts';
import { UsageError } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';

export interface Classes {
  names: string[];
  /** [n] index into names */
  of: Uint8Array;
  /** how they were matched, where that was a guess */
  notes: string[];
}

/**
 * The class of each label: by its name in the image; else by its number from 0; else, for an image without names and
 * data with as many labels as it has classes, in alphabetical order, as Keras and PyTorch number folders. A number is no
 * name: those that count from 1, or have -1 for "none", are refused. Throws UsageError for a label that is none of these.
 */
export function classesOf(
  path: string,
  labels: readonly string[],
  count: number,
  known: readonly string[] | null,
): Classes {
  const where = shownPath(path);
  const numbers = Array.from({ length: count }, (_, i) => String(i));
  if (count > 256) throw new UsageError(`${where}: expected a network of 256 classes at most, got ${count}`);
  if (known && labels.every((label) => known.includes(label)))
    return { names: [...known], of: Uint8Array.from(labels, (label) => known.indexOf(label)), notes: [] };
  if (labels.every((label) => numbers.includes(label)))
    return { names: [...(known ?? numbers)], of: Uint8Array.from(labels, Number), notes: [] };
  const stray = labels.findIndex((label) => /^-?\d+$/.test(label) && !numbers.includes(label));
  if (!known && stray >= 0)
    throw new UsageError(
      `${where}: label ${quoted(labels[stray]!)} of input ${stray}: expected a class below ${count}; count from 0`,
    );
  const found = [...new Set(labels)].sort(new Intl.Collator('en', { numeric: true }).compare);
  if (known) {
    const odd = found.find((label) => !known.includes(label))!;
    throw new UsageError(
      `${where}: label ${quoted(odd)}: expected one of ${known.join(', ')}, or a number below ${count}`,
    );
  }
  if (found.length !== count)
    throw new UsageError(
      `${where}: expected labels of ${count} classes, by number from 0, as the image has no names, got ` +
        `${found.slice(0, 12).join(', ')}${found.length > 12 ? ', ...' : ''}; give numbers with --labels`,
    );
  return {
    names: found,
    of: Uint8Array.from(labels, (label) => found.indexOf(label)),
    notes: [`the image has no names of classes: labels are numbered in alphabetical order, ${found.join(', ')}`],
  };
}

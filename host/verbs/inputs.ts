/** Raw inputs of a network as verbs read them from a file. */
import { splitSamples } from '../compress/samples.ts';
import { named } from '../system/errors.ts';
import { readInput } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { assertRaw } from '../system/wrongKind.ts';

/** Inputs of `bytes` each, one after another. Throws UsageError for another kind of file, and for no whole number. */
export function readInputs(path: string, bytes: number): Uint8Array[] {
  const raw = readInput(path);
  assertRaw(path, raw);
  return named(shownPath(path), () => splitSamples(raw, bytes));
}

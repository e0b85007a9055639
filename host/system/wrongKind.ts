/** The error for a file of another kind than a command wants: what it is, and how to come to what is wanted. */
import { UsageError } from './errors.ts';
import { describeFile } from './fileKind.ts';
import { shownPath } from './shownPath.ts';

/**
 * "net.tflite: this is a .tflite model; import it first: htpw import net.tflite -o net.htpw", or null when the bytes
 * are of one of the wanted kinds, in the words of `describeFile`.
 */
export function wrongKind(path: string, bytes: Uint8Array, wanted: readonly string[]): UsageError | null {
  const where = shownPath(path);
  if (bytes.length === 0) return new UsageError(`${where}: the file is empty; expected ${wanted.join(' or ')}`);
  const { kind, advice } = describeFile(bytes);
  if (wanted.includes(kind)) return null;
  if (kind === 'a .tflite model')
    return new UsageError(
      `${where}: this is ${kind}; import it first: htpw import ${where} -o ${where.replace(/(\.tflite)?$/, '.htpw')}`,
    );
  const next = advice?.replace('the file of a model', wanted.join(' or ')) ?? `give ${wanted.join(' or ')}`;
  return new UsageError(`${where}: this is ${kind}; ${next}`);
}

/** What raw tensors are mistaken for: kinds whose magic is too long to be there by chance. */
const UNLIKELY =
  /^(an \.htpw image|a \.tflite model|a NumPy array|a PNG image|an HDF5|a \.safetensors|a WAV|an ELF|a Git LFS)/;

/** Throws when a file that should hold raw tensors is clearly of another kind. */
export function assertRaw(path: string, bytes: Uint8Array): void {
  if (bytes.length === 0) throw new UsageError(`${shownPath(path)}: the file is empty; expected raw tensors`);
  const { kind } = describeFile(bytes);
  if (!UNLIKELY.test(kind)) return;
  const how = kind === 'a NumPy array' ? 'write them with array.tofile' : 'write their bytes one after another';
  throw new UsageError(`${shownPath(path)}: this is ${kind}; expected raw tensors: ${how}`);
}

/** The text of a file that holds `expected`. Throws for a file of another kind than text. */
export function textOf(path: string, bytes: Uint8Array, expected: string): string {
  const { kind } = describeFile(bytes);
  if (bytes.length > 0 && !/(text|C source with an array|web page)$/.test(kind))
    throw new UsageError(`${shownPath(path)}: this is ${kind}; expected ${expected}`);
  return Buffer.from(bytes).toString('utf8');
}

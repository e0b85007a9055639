/** Typical inputs of a float network, in real numbers, as people have them in files. */
import { readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { readNpy } from '../data/formats/npy.ts';
import { readNumbers } from '../data/formats/numbers.ts';
import type { FloatPort } from '../float/network.ts';
import { UsageError } from '../system/errors.ts';
import { readInput } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { assertRaw } from '../system/wrongKind.ts';

/**
 * All inferences of a file, or of the .npy and .bin files of a folder by name. `.npy`: numbers [inferences, ...shape of
 * the input]; any other file: float32, little-endian, the inputs of one inference after another. Throws UsageError.
 */
export function readCalibration(path: string, ports: readonly FloatPort[]): Float32Array[][] {
  const files = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? filesIn(path) : [path];
  return files.flatMap((file) => readFile(file, ports));
}

function filesIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => ['.npy', '.bin'].includes(extname(name)));
  if (names.length === 0)
    throw new UsageError(`${shownPath(folder)}: expected .npy or .bin files with inputs, got none; add some`);
  return names.sort().map((name) => join(folder, name));
}

function readFile(path: string, ports: readonly FloatPort[]): Float32Array[][] {
  const bytes = readInput(path);
  const sizes = ports.map(({ shape }) => elements(shape));
  const whole = sizes.reduce((a, b) => a + b, 0);
  const isNpy = bytes[0] === 0x93;
  const [values, inOrder] = isNpy ? npyValues(path, bytes, ports) : [rawValues(path, bytes), ports];
  if (values.length === 0 || values.length % whole !== 0)
    throw new UsageError(
      `${shownPath(path)}: expected ${whole} values an inference (${ports.map(({ shape }) => shape.join('x')).join(' and ')}), got ${values.length} in all; give whole inputs`,
    );
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new UsageError(
      `${shownPath(path)}: inference ${Math.floor(bad / whole)}: expected numbers, got ${values[bad]}; leave it out`,
    );
  const strange = isNpy ? -1 : values.findIndex((value) => Math.abs(value) > MOST_MEASURED);
  if (strange >= 0)
    throw new UsageError(
      `${shownPath(path)}: expected float32, little-endian, got ${values[strange].toPrecision(3)}, which nothing ` +
        'measures: bytes of another type look like that; write them with astype("<f4").tofile, or give a .npy',
    );
  return Array.from({ length: values.length / whole }, (_, n) => {
    let at = n * whole;
    return inOrder.map((port, i) => {
      at += sizes[i];
      return port.arrange(values.slice(at - sizes[i], at));
    });
  });
}

/** Far beyond what sensors give, and far below what the bytes of other types mean as float32. */
const MOST_MEASURED = 1e15;

function rawValues(path: string, bytes: Uint8Array): Float32Array {
  assertRaw(path, bytes);
  if (bytes.length % 4 !== 0)
    throw new UsageError(`${shownPath(path)}: expected float32 values of 4 bytes, got ${bytes.length} bytes`);
  return readNumbers(bytes, 'f4', true) as Float32Array;
}

/** Of a network with one input; its channels may be last already. */
function npyValues(
  path: string,
  bytes: Uint8Array,
  ports: readonly FloatPort[],
): [Float32Array, Pick<FloatPort, 'arrange'>[]] {
  const { shape, values } = readNpy(bytes, path);
  const [port, another] = ports;
  if (another)
    throw new UsageError(`${shownPath(path)}: the network has ${ports.length} inputs; give raw float32 values of all`);
  if (Array.isArray(values)) throw new UsageError(`${shownPath(path)}: expected numbers, got text; save numbers`);
  const reals = Float32Array.from(values);
  const own = essential(shape.slice(elements(shape) === elements(port.shape) ? 0 : 1));
  if (own === essential(port.shape)) return [reals, [port]];
  if (own === essential(port.arranged)) return [reals, [{ arrange: (array) => array }]];
  throw new UsageError(
    `${shownPath(path)}: expected an array [inferences, ${port.shape.slice(1).join(', ')}], got [${shape.join(', ')}]; reshape it`,
  );
}

const elements = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** The sizes that say something. */
const essential = (shape: readonly number[]): string => shape.filter((size) => size !== 1).join();

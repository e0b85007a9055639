/** Inputs out of NumPy arrays: one .npy, or x with y and groups in an .npz or as .npy files of these names. */
import { basename, join } from 'node:path';
import { fault, quoted } from '../data/formats/fault.ts';
import { type NpyArray, readNpy, readNpz } from '../data/formats/npy.ts';
import type { OwnFile } from '../data/own/files.ts';
import type { Port } from '../runtime/ports.ts';
import { readInput } from '../system/files.ts';
import { inputsIn, pixelRangeOf, Quantizer, realPixels } from './quantizer.ts';
import { ANSWERS, GROUP, VALUES } from './roles.ts';
import { described, type InputSet, valuesOf, type Wanted } from './wanted.ts';

/** Inputs of one array. Throws UsageError, one line, for numbers that are no whole number of inputs. */
export function readArrayFile(bytes: Uint8Array, path: string, wanted: Wanted): InputSet {
  return inputsOf(readNpy(bytes, path), path, basename(path), wanted);
}

/** Inputs of an archive, with their labels and groups where it has them. */
export function readArchive(bytes: Uint8Array, path: string, wanted: Wanted): InputSet {
  return labelledArrays(readNpz(bytes, path), path, wanted);
}

/** Whether the files are x.npy, y.npy and groups.npy of one set, rather than inputs file by file. */
export const isOneSet = (files: readonly OwnFile[]): boolean =>
  files.some(({ name }) => name.toLowerCase() === 'x.npy');

/** The set whose arrays are files of a folder. */
export function readArrayFolder(path: string, files: readonly OwnFile[], wanted: Wanted): InputSet {
  const arrays = files.map((file): [string, NpyArray] => [
    basename(file.name, '.npy'),
    readNpy(readInput(file.path), file.path),
  ]);
  return labelledArrays(new Map(arrays), join(path, 'x.npy'), wanted);
}

function labelledArrays(arrays: ReadonlyMap<string, NpyArray>, path: string, wanted: Wanted): InputSet {
  const names = [...arrays.keys()];
  const named = (role: RegExp): string | undefined => {
    const [first, second] = names.filter((name) => role.test(name));
    const plain = names.find((name) => ['x', 'y'].includes(name) && role.test(name));
    if (plain !== undefined || second === undefined) return plain ?? first;
    throw fault(
      path,
      `expected one array of a kind, got ${quoted(first!)} and ${quoted(second)}; save one set, as x and y, in a file of its own`,
    );
  };
  const [y, groups] = [named(ANSWERS), named(GROUP)];
  const others = names.filter((name) => name !== y && name !== groups);
  const x = named(VALUES) ?? (others.length === 1 ? others[0] : undefined);
  if (x === undefined)
    throw fault(
      path,
      `expected an array x, and y and groups where they are known, got ${names.map((name) => quoted(name)).join(', ') || 'none'}; name them so`,
    );
  const set = inputsOf(arrays.get(x)!, path, x, wanted);
  const count = set.inputs.length;
  return {
    ...set,
    labels: y === undefined ? null : perInput(arrays.get(y)!, y, count, path),
    groups: groups === undefined ? null : perInput(arrays.get(groups)!, groups, count, path),
  };
}

/**
 * Inputs of an array [n, ...], or of one that is a single input. Integers of the input's own type are taken as they are,
 * bytes of an input that takes pixels as pixels, everything else as real values.
 */
function inputsOf({ values, shape, descr }: NpyArray, path: string, name: string, wanted: Wanted): InputSet {
  const { port } = wanted;
  if (Array.isArray(values)) throw fault(path, `${name}: expected numbers, got text (${descr}); save numbers`);
  const length = valuesOf(port);
  const count = inputsIn(port, values.length);
  if (count === 0 || !isInOrder(shape, count, port))
    throw fault(
      path,
      `${name}: expected [n, ...] with ${described(port)} each, as the input has, got an array of ` +
        `${shape.join(' x ') || 'one value'}; reshape it, or bring its dimensions into that order`,
    );
  const quantizer = new Quantizer(port);
  const pixels = descr === '|u1' ? (wanted.options.pixels ?? pixelRangeOf(port)) : null;
  const part = (i: number) => values.subarray(i * length, (i + 1) * length);
  const bytesOf = (i: number): Uint8Array => {
    if (values instanceof (port.type === 'int8' ? Int8Array : Int16Array)) return Uint8Array.from(byteView(part(i)));
    const numbers = Float64Array.from(part(i) as ArrayLike<number>, Number);
    const bad = numbers.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw fault(path, `${name}: input ${i}: expected numbers, got ${numbers[bad]}; mend it or leave that input out`);
    return quantizer.bytes(pixels ? realPixels(numbers, pixels) : numbers);
  };
  const inputs = Array.from({ length: count }, (_, i) => bytesOf(i));
  const names = inputs.map((_, i) => (count === 1 ? name : `${name}[${i}]`));
  return { inputs, labels: null, groups: null, names, notes: quantizer.notes(name) };
}

/**
 * Whether `count` inputs lie in an array of this shape one after another: in the dimensions of the input, or flat where
 * one of the two is. As many values in another order, such as channels first, would be read as something else.
 */
function isInOrder(shape: readonly number[], count: number, port: Port): boolean {
  if (count > 1 && shape[0] !== count) return false;
  const own = extents(port.shape);
  const each = extents(count === 1 ? shape : shape.slice(1));
  return own.length < 2 || each.length < 2 || String(each) === String(own);
}

/** Those of which there is more than one. */
const extents = (shape: readonly number[]): number[] => shape.filter((extent) => extent !== 1);

const byteView = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** One label or group an input, as text. */
function perInput({ values, shape, descr }: NpyArray, name: string, count: number, path: string): string[] {
  if (values.length !== count)
    throw fault(path, `${name}: expected ${count}, one an input, got an array of ${shape.join(' x ')}; save it again`);
  const texts = Array.from<number | string>(values as ArrayLike<number | string>);
  const odd = texts.find((value) => typeof value === 'number' && !Number.isInteger(value));
  if (odd !== undefined)
    throw fault(path, `${name}: expected whole numbers or text, got ${odd} (${descr}); save class numbers or names`);
  return texts.map(String);
}

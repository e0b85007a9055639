/**
 * Inputs of a program out of what a person has: NumPy arrays, sound, pictures, tables and raw tensors, a file or a
 * folder of them, with labels where there are any. Real values become the integers of the input by its scale.
 */
import { existsSync, statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { splitSamples } from '../compress/samples.ts';
import { fault } from '../data/formats/fault.ts';
import { findKinds, groupsOf, type OwnFile } from '../data/own/files.ts';
import type { Port } from '../runtime/ports.ts';
import { counted } from '../system/counted.ts';
import { named } from '../system/errors.ts';
import { describeFile } from '../system/fileKind.ts';
import { readInput } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { assertRaw } from '../system/wrongKind.ts';
import { isOneSet, readArchive, readArrayFile, readArrayFolder } from './arrays.ts';
import { readPicture } from './pictures.ts';
import { readSoundFile, readTableFile } from './recordings.ts';
import { type InputSet, joinSets, type ReadOptions, type Wanted } from './wanted.ts';

type Kind = 'array' | 'archive' | 'table' | 'sound' | 'picture' | 'raw';

const EXTENSIONS: Record<string, Kind> = {
  '.npy': 'array',
  '.npz': 'archive',
  '.csv': 'table',
  '.tsv': 'table',
  '.wav': 'sound',
  '.png': 'picture',
  '.jpg': 'picture',
  '.jpeg': 'picture',
  '.bin': 'raw',
  '.raw': 'raw',
};

/** Kinds that are told by their first bytes, whatever a file is called. */
const MAGICS: Record<string, Kind> = {
  'a NumPy array': 'array',
  'NumPy arrays (.npz, a zip archive)': 'archive',
  'a PNG image': 'picture',
  'a WAV recording': 'sound',
};

const READERS: Record<Kind, (bytes: Uint8Array, file: OwnFile, wanted: Wanted) => InputSet> = {
  array: (bytes, { path }, wanted) => readArrayFile(bytes, path, wanted),
  archive: (bytes, { path }, wanted) => readArchive(bytes, path, wanted),
  table: readTableFile,
  sound: readSoundFile,
  picture: (bytes, { path }, wanted) => readPicture(bytes, path, wanted),
  raw: (bytes, { path }, { port }) => rawInputs(bytes, path, [port]),
};

/**
 * All inputs of a file, a pipe or a folder. A program of several inputs takes raw tensors alone. Throws UsageError, one
 * line that says which file, what is wrong and what to do.
 */
export function readInputSet(path: string, ports: readonly Port[], options: ReadOptions): InputSet {
  if (existsSync(path) && statSync(path).isDirectory()) return readFolder(path, ports, options);
  return readFile({ name: basename(path), path, folder: null }, ports, options);
}

function readFile(file: OwnFile, ports: readonly Port[], options: ReadOptions): InputSet {
  const bytes = readInput(file.path);
  const kind = MAGICS[describeFile(bytes).kind] ?? EXTENSIONS[extname(file.path).toLowerCase()] ?? 'raw';
  if (kind === 'raw') return rawInputs(bytes, file.path, ports);
  const [port, another] = ports as [Port, Port | undefined];
  if (another)
    throw fault(
      file.path,
      `expected raw tensors, as the program has ${counted(ports.length, 'input')}, got another kind; ` +
        'write the bytes of all inputs one after another',
    );
  return READERS[kind](bytes, file, { port, options });
}

function rawInputs(bytes: Uint8Array, path: string, ports: readonly Port[]): InputSet {
  assertRaw(path, bytes);
  const size = ports.reduce((sum, port) => sum + port.bytes, 0);
  const inputs = named(shownPath(path), () => splitSamples(bytes, size));
  const name = basename(path);
  const names = inputs.map((_, i) => (inputs.length === 1 ? name : `${name}[${i}]`));
  return { inputs, labels: null, groups: null, names, notes: [] };
}

/** A folder in the folder is a class; a file is a group where it does not say itself whose its inputs are. */
function readFolder(path: string, ports: readonly Port[], options: ReadOptions): InputSet {
  const folder = findKinds(path, { of: EXTENSIONS, called: 'NumPy, CSV, WAV, PNG, JPEG or raw (.bin)' });
  if (folder.kind === 'array' && isOneSet(folder.files))
    return readArrayFolder(path, folder.files, { port: onlyOne(path, ports), options });
  const groups = options.group === null ? null : groupsOf(folder, options.group);
  return joinSets(
    folder.files.map((file, i) => ofFolder(file, groups?.[i] ?? file.name, readFile(file, ports, options))),
  );
}

function ofFolder({ name, folder }: OwnFile, group: string, set: InputSet): InputSet {
  const places = set.names.map((place) => (set.inputs.length === 1 ? name : `${name}: ${place}`));
  return {
    ...set,
    labels: set.labels ?? (folder === null ? null : set.inputs.map(() => folder)),
    groups: set.inputs.map((_, i) => (group === name ? (set.groups?.[i] ?? name) : group)),
    names: places,
  };
}

function onlyOne(path: string, [port, another]: readonly Port[]): Port {
  if (another) throw fault(path, 'expected raw tensors, as the program has several inputs, got arrays');
  return port!;
}

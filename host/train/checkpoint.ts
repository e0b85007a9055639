/**
 * Checkpoints are .safetensors files: a u64 header length, a JSON header, float32 data.
 * Specification: https://github.com/huggingface/safetensors#format
 */

import { UsageError } from '../system/errors.ts';
import { describeFile, SAFETENSORS } from '../system/fileKind.ts';
import { readInput } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';

export interface StoredArray {
  shape: number[];
  data: Float32Array;
}

/** Trained arrays by name, and the configuration that they belong to. */
export interface Checkpoint {
  tensors: Map<string, StoredArray>;
  /** training configuration as JSON, and what describes the run */
  metadata: Record<string, string>;
}

interface TensorEntry {
  dtype: string;
  shape: number[];
  data_offsets: [begin: number, end: number];
}

/** The same checkpoint gives the same bytes: names are sorted, nothing depends on time. */
export function encodeCheckpoint({ tensors, metadata }: Checkpoint): Uint8Array {
  const names = [...tensors.keys()].sort();
  const header: Record<string, TensorEntry | Record<string, string>> = { __metadata__: metadata };
  let at = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const json = JSON.stringify(header);
  const padded = json.padEnd(8 * Math.ceil(json.length / 8)); // header is ASCII; data begins 8-byte aligned
  const bytes = new Uint8Array(8 + padded.length + at);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(padded.length), true);
  bytes.set(new TextEncoder().encode(padded), 8);
  let to = 8 + padded.length;
  for (const name of names) {
    for (const value of tensors.get(name)!.data) {
      view.setFloat32(to, value, true);
      to += 4;
    }
  }
  return bytes;
}

/** Reads a checkpoint; `where` is its name in errors. Throws UsageError for what is none. */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = bytes.length >= 8 ? Number(view.getBigUint64(0, true)) : Number.POSITIVE_INFINITY;
  if (8 + headerLength > bytes.length) {
    const { kind } = describeFile(bytes);
    const got = kind === SAFETENSORS.kind ? 'one that is cut short' : kind;
    throw new UsageError(`${where}: expected a safetensors header, got ${got}; check the path, or train again`);
  }
  const { __metadata__, ...entries } = parseHeader(bytes.subarray(8, 8 + headerLength), where);
  const tensors = new Map<string, StoredArray>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(entries)) {
    if (!isShape(shape) || !isShape(data_offsets) || data_offsets.length !== 2)
      throw new UsageError(
        `${where}: tensor "${name}" expected a shape and two offsets, ` +
          `got ${JSON.stringify({ shape, data_offsets }).slice(0, 80)}; save it again`,
      );
    const [begin, end] = data_offsets;
    const size = shape.reduce((product, length) => product * length, 1);
    if (dtype !== 'F32' || end - begin !== 4 * size || 8 + headerLength + end > bytes.length)
      throw new UsageError(
        `${where}: tensor "${name}" expected ${size} values of F32 inside the file, got ${dtype} at bytes ${begin} to ${end}; save it as float32`,
      );
    const data = Float32Array.from({ length: size }, (_, i) => view.getFloat32(8 + headerLength + begin + 4 * i, true));
    tensors.set(name, { shape, data });
  }
  const metadata = __metadata__ ?? {};
  if (Object.values(metadata).some((value) => typeof value !== 'string'))
    throw new UsageError(`${where}: expected metadata of strings, got something else; save it again`);
  return { tensors, metadata };
}

type Header = { __metadata__?: Record<string, string> } & Record<string, TensorEntry>;

function parseHeader(bytes: Uint8Array, where: string): Header {
  let header: unknown = null;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    // said below
  }
  if (
    typeof header !== 'object' ||
    header === null ||
    Object.values(header).some((entry) => !(entry instanceof Object))
  )
    throw new UsageError(
      `${where}: expected a safetensors header of tensors as JSON, got something else; save it again`,
    );
  return header as Header;
}

const isShape = (list: unknown): boolean =>
  Array.isArray(list) && list.every((length) => Number.isSafeInteger(length) && length >= 0);

/** The same of a file. */
export const readCheckpoint = (path: string): Checkpoint => decodeCheckpoint(readInput(path), shownPath(path));

/** In the order of the outputs. Throws where the metadata have none. */
export function classNamesOf(checkpoint: Checkpoint): string[] {
  const classNames = checkpoint.metadata.classNames;
  if (!classNames)
    throw new Error(
      'checkpoint: expected "classNames" in its metadata, got none; it was not written by htpw train, docs/import.md says what else belongs there',
    );
  return classNames.split(',');
}

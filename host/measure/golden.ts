/** Recorded answers of TensorFlow Lite Micro's reference kernels: a folder per model with golden.json and raw bytes. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UsageError } from '../system/errors.ts';
import { readInput } from '../system/files.ts';
import * as json from '../system/json.ts';
import { sha256Hex } from '../system/sha256Hex.ts';

/** The fields of golden.json that are read here. */
export interface GoldenRecord {
  /** file of the model, relative to the folder above all golden ones */
  model: string;
  input_stream_sha256: string;
  count: number;
  output_bytes_per_sample: number;
  output_tensors: { scale: number; zero_point: number }[];
  score?: number;
  correct?: number;
  layers?: { sample: number; entries: { op: number; opcode: string; offset: number; bytes: number }[] };
}

export interface GoldenSet {
  name: string;
  record: GoldenRecord;
  /** the .tflite file */
  model: Uint8Array;
  samples: Uint8Array[];
  /** the output of each */
  expected: Uint8Array[];
}

/** The folder of recorded answers: the one that is named, else golden in HTPW_DATA. Throws UsageError for none. */
export function goldenFolder(named?: string): string {
  const data = process.env.HTPW_DATA;
  const folder = named ?? (data === undefined ? undefined : join(data, 'golden'));
  if (folder !== undefined && statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return folder;
  const got = folder === undefined ? 'none' : `${folder}, which is none`;
  throw new UsageError(`golden: expected a folder of recorded answers, got ${got}; name one or set HTPW_DATA`);
}

/** Other fields are for people. */
const RECORD = json.fields(
  {
    model: json.text,
    input_stream_sha256: json.textLike(/^[0-9a-f]{64}$/, 'a SHA-256 of 64 hex digits'),
    count: json.wholeNumber(1, 10_000_000),
    output_bytes_per_sample: json.wholeNumber(1, 100_000_000),
  },
  { loose: true },
);

function readRecord(path: string): GoldenRecord {
  const record = json.parseJson(path, readInput(path));
  json.checkJson(record, path, RECORD);
  return record as GoldenRecord;
}

/** Names of the sets in a folder. */
export function goldenNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'golden.json')))
    .toSorted();
}

/** Reads a set; throws UsageError when its inputs are not those that the answers are for, or a file is not as long. */
export function readGolden(folder: string, name: string): GoldenSet {
  const data = dirname(resolve(folder));
  const read = (...path: string[]) => readInput(join(data, ...path));
  const own = (file: string) => readInput(join(folder, name, file));
  const record = readRecord(join(folder, name, 'golden.json'));
  const kept = existsSync(join(folder, name, 'input.bin'));
  if (!kept && !(name in INPUTS))
    throw new UsageError(`${join(folder, name)}: expected input.bin, got none; record it again`);
  const input = kept ? own('input.bin') : INPUTS[name](read);
  const sum = sha256Hex(input);
  if (sum !== record.input_stream_sha256)
    throw new UsageError(
      `${join(folder, name)}: expected inputs with SHA-256 ${record.input_stream_sha256}, got ${sum}`,
    );
  const outputs = own('output.bin');
  const { count, output_bytes_per_sample: each } = record;
  if (outputs.length !== count * each || input.length % count !== 0)
    throw new UsageError(
      `${join(folder, name)}: expected ${count} inputs and as many answers of ${each} bytes, ` +
        `got ${input.length} and ${outputs.length} bytes; record it again`,
    );
  const parts = (bytes: Uint8Array) =>
    Array.from({ length: record.count }, (_, i) =>
      bytes.subarray((i * bytes.length) / record.count, ((i + 1) * bytes.length) / record.count),
    );
  return { name, record, model: read(record.model), samples: parts(input), expected: parts(outputs) };
}

type Read = (...path: string[]) => Uint8Array;

/** The int8 inputs of every sample, one after another, where a set does not keep them itself. */
const INPUTS: Record<string, (read: Read) => Uint8Array> = {
  kws_ref_model: (read) => read('mlperf-tiny', 'kws01_mfcc_int8.bin'),
  pretrainedResnet_quant: (read) => cifar(read, 400, 1),
  vww_96_int8_cifar: (read) => cifar(read, 8, 3),
  tflm_hello_world_int8: () => Uint8Array.from({ length: 256 }, (_, i) => i - 128),
};

/** Of one picture in the CIFAR-10 file: label, then the planes of red, green and blue. */
export const CIFAR_BYTES = 1 + 3 * 32 * 32;

/** Pictures as height x width x channels, int8 = pixel - 128, each pixel repeated `zoom` times both ways. */
function cifar(read: Read, count: number, zoom: number): Uint8Array {
  const file = gunzipSync(read('cifar10-subset', 'test.bin.gz'));
  const size = 32 * zoom;
  const pictures = new Uint8Array(count * size * size * 3);
  for (let i = 0; i < pictures.length; i++) {
    const [channel, x, y] = [i % 3, Math.floor(i / 3) % size, Math.floor(i / 3 / size) % size];
    const picture = Math.floor(i / 3 / size / size);
    const at = picture * CIFAR_BYTES + 1 + 1024 * channel + 32 * Math.floor(y / zoom) + Math.floor(x / zoom);
    pictures[i] = file[at] - 128;
  }
  return pictures;
}

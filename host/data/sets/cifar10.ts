/**
 * CIFAR-10: ten kinds of things in colour, 32 x 32 pixels.
 *
 * Records of 3,073 bytes, a label and three planes of 1,024, in `cifar-10-batches-bin/`, as distributed, or in
 * `train.bin.gz` and `test.bin.gz`. The device is given pixels row by row, red, green and blue together.
 */
import { join } from 'node:path';
import * as json from '../../system/json.ts';
import type { DataSet, Request } from '../dataset.ts';
import { gunzip } from '../formats/inflate.ts';
import { accountOf, type Part, type Split } from '../part.ts';
import { findFile, readFile } from '../wfdb/files.ts';

const LABELS = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');
const [SIDE, PLANE] = [32, 1024];
const RECORD = 1 + 3 * PLANE;

const OFFICIAL = 'cifar-10-batches-bin';
const BATCHES: Record<string, string[]> = {
  train: [1, 2, 3, 4].map((batch) => `data_batch_${batch}.bin`),
  validation: ['data_batch_5.bin'],
  test: ['test_batch.bin'],
};

/** Of packed training records, every so-many-th is validated on. */
const VALIDATED = 5;

interface Image {
  /** file and number in it */
  name: string;
  /** label and planes */
  record: Uint8Array;
}

function load(split: Split, { folder, signal }: Request): Part {
  const isPacked = findFile(folder, OFFICIAL) === null;
  if (isPacked && findFile(folder, 'train.bin.gz') === null)
    throw new Error(
      `cifar10: expected "${OFFICIAL}" or train.bin.gz in ${folder}, got neither; ` +
        'set HTPW_DATA to the folder that holds cifar10/',
    );
  const images = isPacked
    ? packed(folder, split)
    : BATCHES[split]!.flatMap((name) => batch(join(folder, OFFICIAL), name));
  const samples = new Int8Array(images.length * 3 * PLANE);
  images.forEach(({ record }, i) => {
    for (let p = 0; p < PLANE; p++)
      for (let c = 0; c < 3; c++) samples[3 * (i * PLANE + p) + c] = record[1 + c * PLANE + p]! - 128;
  });
  const names = images.map(({ name }) => name);
  const labels = Uint8Array.from(images, ({ record }) => record[0]!);
  const times = new Float64Array(images.length);
  const set = { signal, samples, labels, groups: names, records: names, times, classNames: LABELS };
  return { ...set, account: accountOf(set, { data: 'cifar10', split, folder, unit: 'image' }) };
}

function packed(folder: string, split: Split): Image[] {
  const images = batch(folder, split === 'test' ? 'test.bin.gz' : 'train.bin.gz');
  return split === 'test'
    ? images
    : images.filter((_, i) => (i % VALIDATED === VALIDATED - 1) === (split === 'validation'));
}

function batch(folder: string, name: string): Image[] {
  const { bytes, path } = readFile(folder, name, 'holds images');
  const raw = name.endsWith('.gz') ? new Uint8Array(gunzip(bytes, path)) : bytes;
  if (raw.length === 0 || raw.length % RECORD !== 0)
    throw new Error(`${path}: expected records of ${RECORD} bytes, got ${raw.length} bytes; fetch the file again`);
  return Array.from({ length: raw.length / RECORD }, (_, i) => {
    const record = raw.subarray(i * RECORD, (i + 1) * RECORD);
    if (record[0]! >= LABELS.length)
      throw new Error(
        `${path}: record ${i + 1}: expected a label below ${LABELS.length}, got ${record[0]}; fetch it again`,
      );
    return { name: `${name} ${i}`, record };
  });
}

export const cifar10: DataSet = {
  name: 'cifar10',
  title: 'CIFAR-10, binary version',
  licence: 'none stated; for research',
  citation: 'Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009',
  files: [
    {
      url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
      path: 'cifar-10-binary.tar.gz',
      bytes: null,
      sha256: null,
    },
  ],
  about:
    'CIFAR-10: the first four training batches for training, the fifth for validation, the official test batch. Of a ' +
    'packed copy, every fifth training image is for validation.',
  unit: 'image',
  group: 'image',
  labels: LABELS,
  splits: ['train', 'validation', 'test'],
  options: json.fields({}),
  isThere: (folder) => ['train.bin.gz', OFFICIAL].some((name) => findFile(folder, name) !== null),
  signalFault: ({ shape, type, zeroPoint }) => {
    if (String(shape) !== `${SIDE},${SIDE},3`) return ['shape', `${SIDE} x ${SIDE} pixels of three colours`];
    if (type !== 'i8' || zeroPoint !== -128) return ['zeroPoint', '-128, and "i8": a pixel less 128'];
    return null;
  },
  load,
};

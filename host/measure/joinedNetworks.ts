/**
 * The networks that are joined for bench/join.json: trained ones of models/, imported ones of HTPW_DATA, with inputs to
 * calibrate on and others to be judged by.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Split } from '../data/part.ts';
import { dataRoot, openDataset } from '../data/registry.ts';
import type { Signal } from '../data/signal.ts';
import { type Unpacked, unpack } from '../image/unpack.ts';
import { importImage } from '../import/import.ts';
import { ImageView } from '../records/view.ts';
import { readInput } from '../system/files.ts';
import { projectRoot } from '../system/root.ts';
import { spreadWindows } from '../task/inputs.ts';
import { openTask, readTask } from '../task/task.ts';

/** One network, and what it is measured with. */
export interface Case {
  name: string;
  modality: string;
  unpacked: Unpacked;
  /** nothing of what it is judged by */
  calibration: Uint8Array[];
  judged: Uint8Array[];
  /** of `judged`; null where nobody knows: then the network itself is the judge */
  labels: Uint8Array | null;
  /** where the inputs are from, for people */
  data: string;
}

const trained = (path: string): Unpacked =>
  unpack(new ImageView(new Uint8Array(readFileSync(join(projectRoot(), 'models', path)))));

const imported = (file: string): Unpacked => {
  const { model } = importImage(readInput(join(dataRoot(), 'tflite', `${file}.tflite`)), file);
  return { model, tables: () => 'q31', lossless: () => false };
};

/** Inputs with what they are; null where nobody knows. */
interface Inputs {
  inputs: Uint8Array[];
  labels: Uint8Array | null;
}

type Data = Pick<Case, 'calibration' | 'judged' | 'labels' | 'data'>;

const dataOf = (seen: Inputs, judged: Inputs, data: string): Data => ({
  calibration: seen.inputs,
  judged: judged.inputs,
  labels: judged.labels,
  data,
});

const JUDGED = 2000; // windows at most

/** Windows of two splits of a task, spread over each. */
function ofTask(name: string, calibrated: number, judged: Split = 'test'): Data {
  const task = readTask(name);
  const { load } = openTask(task);
  const { set } = task.data;
  return dataOf(
    spreadWindows(load('train'), calibrated),
    spreadWindows(load(judged), JUDGED),
    `${set}: train, ${judged}`,
  );
}

/** The only features of keywords that are at hand are those of the benchmark's test: one half each. */
function ofKeywords(): Data {
  const clips = spreadWindows(openDataset('mlperf-tiny').give('test', FEATURES), Number.MAX_SAFE_INTEGER);
  const half = clips.inputs.length / 2;
  const part = (from: number, to?: number): Inputs => ({
    inputs: clips.inputs.slice(from, to),
    labels: clips.labels!.slice(from, to),
  });
  return dataOf(part(0, half), part(half), 'mlperf-tiny: first half of the test features, second half');
}

const FEATURES: Signal = {
  name: 'mfcc',
  shape: [49, 10, 1],
  type: 'i8',
  scale: 1,
  zeroPoint: 0,
  rate: null,
  event: null,
};

type Make = () => Omit<Case, 'name'>;

/** What the codebooks are learned from, and a network that they have never seen. */
const CASES: Record<'joined' | 'added', Record<string, Make>> = {
  joined: {
    'ecg-beats': () => ({
      modality: 'ECG',
      unpacked: trained('controls/ecg-beats-int8.htpw'),
      ...ofTask('ecg-beats', 600),
    }),
    apnea: () => ({ modality: 'ECG', unpacked: trained('join/apnea-int8.htpw'), ...ofTask('apnea', 600) }),
    wisdm: () => ({ modality: 'motion', unpacked: trained('join/wisdm-int8.htpw'), ...ofTask('wisdm', 600, 'later') }),
    kws: () => ({ modality: 'speech', unpacked: imported('kws_ref_model'), ...ofKeywords() }),
    'spoken-digits': () => ({
      modality: 'speech',
      unpacked: trained('join/spoken-digits-int8.htpw'),
      ...ofTask('spoken-digits', 600),
    }),
    resnet8: () => ({ modality: 'image', unpacked: imported('pretrainedResnet_quant'), ...ofTask('cifar10', 600) }),
  },
  added: {
    'uci-har': () => ({ modality: 'motion', unpacked: trained('join/uci-har-int8.htpw'), ...ofTask('uci-har', 1000) }),
  },
};

/** Reads networks and inputs. Throws UsageError where HTPW_DATA does not have them. */
export const casesOf = (which: keyof typeof CASES): Case[] =>
  Object.entries(CASES[which]).map(([name, make]) => ({ name, ...make() }));

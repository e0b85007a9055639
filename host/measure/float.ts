/**
 * The float networks of MLPerf Tiny quantised here, beside their float form and the INT8 files that were published with
 * them, on data that nothing was calibrated on.
 *
 * Calibrated on: keyword spotting, every fifth feature file (the others judge); images, some of CIFAR-10's training
 * images (its test images judge, and the other training images beside them, by which ways were chosen); anomalies, the
 * first 60 windows of the one clip there is (those from the 65th on, which share no
 * frame with them, judge).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readNumbers } from '../data/formats/numbers.ts';
import { dataRoot } from '../data/registry.ts';
import { bootstrap, type Interval } from '../evaluate/bootstrap.ts';
import { Executor } from '../float/execute.ts';
import { answersOf, largest, type RealInputs } from '../float/judge.ts';
import { floatTflite } from '../float/network.ts';
import { describeTrial, quantizeFloat, spread } from '../float/quantizeFloat.ts';
import { importImage } from '../import/import.ts';

export interface FloatFigure extends Judged {
  network: string;
  calibratedOn: number;
  ranges: string;
  /** all that was tried: squared error of the outputs over their variance, on inputs that only calibrate */
  tried: { what: string; error: number }[];
  /** image bytes: of what is quantised here, and of the published INT8 file */
  bytes: number;
  publishedBytes: number;
  /** accuracy, or the mean squared error of a window, of the three */
  measure: 'accuracy' | 'score';
  /** the same on inputs that do not calibrate, but by which ways to quantise were chosen; null where there are none */
  chosenBy: Judged | null;
}

/** What float network, image from here and published one do on some inputs. */
export interface Judged {
  judgedOn: number;
  float: number;
  quantized: number;
  published: number;
  /** quantised less float, and less published; of a score its distance from float's less that of the published one */
  againstFloat: Interval;
  againstPublished: Interval;
}

export interface FloatRecord {
  networks: FloatFigure[];
}

interface Material {
  network: string;
  float: string;
  published: string;
  calibration: RealInputs[];
  judged: Inputs;
  chosenBy: Inputs | null;
}

interface Inputs {
  inputs: RealInputs[];
  /** classes; null for a network that answers with its input again */
  labels: number[] | null;
}

const read = (...path: string[]): Uint8Array => new Uint8Array(readFileSync(join(dataRoot(), ...path)));

/** INT8 features, with the input scale of the published network. */
function keywords(): Material {
  const features = readNumbers(read('mlperf-tiny', 'kws01_mfcc_int8.bin'), 'i1', true);
  const rows = new TextDecoder().decode(read('mlperf-tiny', 'kws01_labels.csv')).trim().split(/\r?\n/).slice(1);
  const labels = rows.map((row) => Number(row.split(',')[2]));
  const inputs = rows.map((_, i) => [
    Float32Array.from(features.subarray(490 * i, 490 * (i + 1)) as Int8Array, (q) => 0.5847029 * (q - 83)),
  ]);
  const calibrates = (_: unknown, i: number) => i % 5 === 0;
  const judges = (_: unknown, i: number) => i % 5 !== 0;
  return {
    network: 'keyword spotting',
    float: 'kws_ref_model_float32.tflite',
    published: 'kws_ref_model.tflite',
    calibration: inputs.filter(calibrates),
    judged: { inputs: inputs.filter(judges), labels: labels.filter(judges) },
    chosenBy: null,
  };
}

/** Training images that are calibrated on. */
const IMAGES = 384;

/** Records of a label and three planes of 32 x 32 pixels, which the network takes as they are. */
function images(): Material {
  const records = (name: string) => {
    const bytes = new Uint8Array(gunzipSync(read('cifar10-subset', name)));
    return Array.from({ length: bytes.length / 3073 }, (_, i) => bytes.subarray(3073 * i, 3073 * (i + 1)));
  };
  const inputOf = (record: Uint8Array) => [
    Float32Array.from({ length: 3072 }, (_, i) => record[1 + (i % 3) * 1024 + Math.floor(i / 3)]),
  ];
  const labelled = (of: Uint8Array[]): Inputs => ({ inputs: of.map(inputOf), labels: of.map(([label]) => label) });
  const train = records('train.bin.gz');
  const calibrating = new Set(spread(train, IMAGES));
  return {
    network: 'image classification',
    float: 'pretrainedResnet.tflite',
    published: 'pretrainedResnet_quant.tflite',
    calibration: [...calibrating].map(inputOf),
    judged: labelled(records('test.bin.gz')),
    chosenBy: labelled(train.filter((record) => !calibrating.has(record))),
  };
}

/** Windows of five frames of 128 bands that begin before this one are calibrated on; later ones share no frame. */
const CALIBRATED_WINDOWS = 60;

function anomalies(): Material {
  const clip = readNumbers(read('mlperf-tiny', 'ad01_normal_id_01_00000000_hist_librosa.f32.bin'), 'f4', true);
  const windows = Array.from({ length: clip.length / 128 - 4 }, (_, i) => [
    (clip as Float32Array).slice(128 * i, 128 * i + 640),
  ]);
  return {
    network: 'anomaly detection',
    float: 'ad01_fp32.tflite',
    published: 'ad01_int8.tflite',
    calibration: windows.slice(0, CALIBRATED_WINDOWS),
    judged: { inputs: windows.slice(CALIBRATED_WINDOWS + 4), labels: null },
    chosenBy: null,
  };
}

/** Needs HTPW_DATA, and minutes. */
export function measureFloat(report: (done: number, total: number, note: string) => void = () => {}): FloatRecord {
  const all = [keywords, images, anomalies];
  return {
    networks: all.map((material, i) => {
      const own = material();
      report(i, all.length, own.network);
      return measure(own);
    }),
  };
}

function measure({ network, float, published, calibration, judged, chosenBy }: Material): FloatFigure {
  const { graph } = floatTflite(read('tflite', float))!;
  const quantized = quantizeFloat(graph, published.replace('.tflite', ''), calibration, []);
  const twin = importImage(read('tflite', published), published.replace('.tflite', ''));
  const executor = new Executor(graph);
  const judgedBy = (inputs: Inputs) => judgeAll(executor, [quantized.image, twin.image], inputs);
  return {
    network,
    calibratedOn: calibration.length,
    ranges: describeTrial(quantized.chosen),
    tried: quantized.trials.map((trial) => ({ what: describeTrial(trial), error: trial.error })),
    bytes: quantized.image.length,
    publishedBytes: twin.image.length,
    measure: judged.labels ? 'accuracy' : 'score',
    ...judgedBy(judged),
    chosenBy: chosenBy && judgedBy(chosenBy),
  };
}

function judgeAll(executor: Executor, images: readonly Uint8Array[], { inputs, labels }: Inputs): Judged {
  const marks = [inputs.map((arrays) => executor.run(arrays)), ...images.map((image) => answersOf(image, inputs))].map(
    (answers) => Float64Array.from(answers, ([output], i) => markOf(output, inputs[i][0], labels?.[i])),
  );
  const mean = (values: Float64Array, times: Float64Array) =>
    values.reduce((sum, value, i) => sum + value * times[i], 0) / times.reduce((a, b) => a + b, 0);
  const whole = new Float64Array(inputs.length).fill(1);
  const [real, own, other] = marks.map((values) => mean(values, whole));
  const away = (values: Float64Array, times: Float64Array) => mean(values, times) / mean(marks[0], times) - 1;
  const compared = (of: (times: Float64Array) => number) => bootstrap(inputs.length, of);
  return {
    judgedOn: inputs.length,
    float: real,
    quantized: own,
    published: other,
    againstFloat: compared((times) => (labels ? mean(marks[1], times) - mean(marks[0], times) : away(marks[1], times))),
    againstPublished: compared((times) =>
      labels
        ? mean(marks[1], times) - mean(marks[2], times)
        : Math.abs(away(marks[1], times)) - Math.abs(away(marks[2], times)),
    ),
  };
}

/** 1 for the right class, or the mean squared error of what the network makes of its input. */
function markOf(output: Float32Array, input: Float32Array, label: number | undefined): number {
  if (label !== undefined) return largest(output) === label ? 1 : 0;
  return output.reduce((sum, value, i) => sum + (value - input[i]) ** 2, 0) / output.length;
}

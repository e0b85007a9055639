/** htpw import of a network in float: .tflite or ONNX, quantised here on calibration inputs. */
import type { TableEncoding } from '../arithmetic/channels.ts';
import { BudgetError, compressWithin, prepare, type StageReport } from '../compress/compress.ts';
import { columns } from '../drawing/columns.ts';
import type { Judgement, RealInputs } from '../float/judge.ts';
import type { FloatNetwork } from '../float/network.ts';
import type { RangeMethod } from '../float/observe.ts';
import { describeTrial, heldOutOf, importScaled, type Quantized, quantizeFloat } from '../float/quantizeFloat.ts';
import type { Lossless } from '../image/lossless.ts';
import { ImportError } from '../import/error.ts';
import { moduleOf, Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { titleOf } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { shownPath } from '../system/shownPath.ts';
import { readCalibration } from './calibration.ts';
import { CheckFailed, UsageError, withProgress } from './verb.ts';

export interface FloatFlags {
  calibration?: string;
  ranges: RangeMethod | 'best';
  denseChannels?: boolean;
  tables: TableEncoding;
  lossless?: Lossless;
  keepDead?: boolean;
  /** bytes of the largest image: `compress` runs behind it */
  budget?: number;
}

export interface FloatResult extends Quantized {
  calibratedOn: number;
  /** null where no budget was given, or the INT8 image fits it */
  compressed: Compression | null;
}

/** What has become of the INT8 image in fewer bits. */
interface Compression {
  /** bytes of the INT8 image, and how it did on inputs held out */
  from: number;
  before: Judgement | null;
  layers: { name: string; became: string }[];
}

/** Quantised and imported; throws UsageError, one line. */
export async function importFloat(path: string, network: FloatNetwork, flags: FloatFlags): Promise<FloatResult> {
  const { calibration, ranges, denseChannels, tables, lossless, keepDead, budget } = flags;
  if (budget !== undefined && lossless)
    throw new UsageError('import: --budget chooses how weights are stored itself; leave out --lossless');
  if (calibration === undefined)
    throw new UsageError(
      `${shownPath(path)}: a float network has to be quantised, for which typical inputs are needed; give some with --calibration inputs.npy (or a .bin of float32, or a folder of such files)`,
    );
  const all = readCalibration(calibration, network.inputs);
  const { calibration: inputs, heldOut } = heldOutOf(all);
  const options = {
    ranges: ranges === 'best' ? undefined : ranges,
    denseChannels,
    tables,
    lossless,
    keepDead,
    source: network.source,
  };
  const quantized = await withProgress('quantise', (report) => {
    let stage = 0;
    const step = (note: string) => report(stage++, STAGES, note);
    return asUsage(path, () => quantizeFloat(network.graph, titleOf(path), inputs, heldOut, options, step));
  });
  const whole = { ...quantized, calibratedOn: inputs.length, compressed: null };
  return budget === undefined || quantized.image.length <= budget ? whole : compressed(whole, inputs, budget);
}

/** In a budget: other weights are fitted to the float ones, on the inputs that the network was quantised on. */
async function compressed(whole: FloatResult, inputs: readonly RealInputs[], budget: number): Promise<FloatResult> {
  const runtime = new Runtime(whole.image, FASTEST).load();
  const samples = inputs.map((arrays) => bytesOf(arrays.map((values, i) => runtime.quantize(values, i))));
  const { image, model, prepared, chosen } = await withProgress('compress', (report) => {
    const stages: StageReport = (stage, done, total) => report(done, total, stage);
    const data = { inputs: samples, wasm: moduleOf(FASTEST) };
    const prepared = prepare(whole.modelInReals(), 'auto', data, stages);
    try {
      return { prepared, ...compressWithin(prepared, budget, stages) };
    } catch (error) {
      throw error instanceof BudgetError ? new CheckFailed(error.message) : error;
    }
  });
  const layers = prepared.layers.map(({ name }, l) => ({ name, became: chosen[l].replacement.name }));
  const compressed = { from: whole.image.length, before: whole.heldOut, layers };
  return { ...whole, image, model, heldOut: whole.judgeOther(image), compressed };
}

/** The inputs of one inference one after another. */
const bytesOf = (inputs: readonly (Int8Array | Int16Array)[]): Uint8Array =>
  Uint8Array.from(
    inputs.flatMap(({ buffer, byteOffset, byteLength }) => [...new Uint8Array(buffer, byteOffset, byteLength)]),
  );

/** Of quantizeFloat, for the bar. */
const STAGES = 11;

/** A network with all scales in its file. Throws UsageError, one line. */
export function importGiven(path: string, { graph, source }: FloatNetwork, flags: FloatFlags) {
  const { tables, lossless, keepDead } = flags;
  return asUsage(path, () => importScaled(graph, titleOf(path), { tables, lossless, keepDead, source }));
}

function asUsage<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ImportError) throw new UsageError(`${shownPath(path)}: ${error.message}`);
    throw error;
  }
}

/** What machines are told beside the summary of any import. */
export const floatSummary = ({ calibratedOn, chosen, trials, heldOut, layers, compressed }: FloatResult) => ({
  calibratedOn,
  chosen,
  trials,
  heldOut,
  compressed,
  layers: layers.map(({ index, opcode, signal, noise, maxError }) => ({
    index,
    opcode,
    signalToNoise: decibels(signal, noise),
    maxError,
  })),
});

export function renderFloat({ calibratedOn, chosen, trials, heldOut, layers, compressed }: FloatResult): string[] {
  const rows = trials.map((trial) => [
    `  ${describeTrial(trial)}`,
    `error ${trial.error.toExponential(2)}`,
    trial === chosen ? 'taken' : '',
  ]);
  return [
    `quantised on ${grouped(calibratedOn)} inputs; squared error of the outputs over their variance:`,
    columns(rows),
    ...(compressed ? renderCompressed(compressed) : []),
    heldOut === null ? 'no input held out: fewer than ten were given' : renderHeldOut(heldOut),
    `what each operator${compressed ? ' of the INT8 image' : ''} loses against float, simulated:`,
    columns(
      layers.map(({ index, opcode, signal, noise, maxError }) => [
        `  ${index}`,
        opcode,
        `${decibels(signal, noise)?.toFixed(1) ?? 'no'} dB`,
        `largest error ${maxError.toPrecision(3)}`,
      ]),
    ),
  ];
}

function renderCompressed({ from, before, layers }: Compression): string[] {
  return [
    `compressed from ${grouped(from)} bytes, fitted to the float weights:`,
    columns(layers.map(({ name, became }) => [`  ${name}`, became])),
    ...(before === null ? [] : [`in INT8 ${renderHeldOut(before)}`]),
  ];
}

const renderHeldOut = ({ inputs, top1, relativeError, maxError }: Judgement): string =>
  `on ${grouped(inputs)} inputs held out: top-1 agreement ${(100 * top1).toFixed(1)} %, error ${relativeError.toExponential(2)}, largest ${maxError.toPrecision(3)}`;

/** null where nothing was lost */
function decibels(signal: number, noise: number): number | null {
  return noise === 0 ? null : Number((10 * Math.log10(signal / noise)).toFixed(2));
}

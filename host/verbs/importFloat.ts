/** htpw import of a network in float: .tflite or ONNX, quantised here on calibration inputs. */
import type { TableEncoding } from '../arithmetic/channels.ts';
import { columns } from '../drawing/columns.ts';
import type { Judgement } from '../float/judge.ts';
import type { FloatNetwork } from '../float/network.ts';
import type { RangeMethod } from '../float/observe.ts';
import { describeTrial, heldOutOf, importScaled, type Quantized, quantizeFloat } from '../float/quantizeFloat.ts';
import type { Lossless } from '../image/lossless.ts';
import { ImportError } from '../import/error.ts';
import { titleOf } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { shownPath } from '../system/shownPath.ts';
import { readCalibration } from './calibration.ts';
import { UsageError, withProgress } from './verb.ts';

export interface FloatFlags {
  calibration?: string;
  ranges: RangeMethod | 'best';
  denseChannels?: boolean;
  tables: TableEncoding;
  lossless?: Lossless;
  keepDead?: boolean;
}

export interface FloatResult extends Quantized {
  calibratedOn: number;
}

/** Quantised and imported; throws UsageError, one line. */
export async function importFloat(path: string, network: FloatNetwork, flags: FloatFlags): Promise<FloatResult> {
  const { calibration, ranges, denseChannels, tables, lossless, keepDead } = flags;
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
  return { ...quantized, calibratedOn: inputs.length };
}

/** Of quantizeFloat, for the bar. */
const STAGES = 10;

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
export const floatSummary = ({ calibratedOn, chosen, trials, heldOut, layers }: FloatResult) => ({
  calibratedOn,
  chosen,
  trials,
  heldOut,
  layers: layers.map(({ index, opcode, signal, noise, maxError }) => ({
    index,
    opcode,
    signalToNoise: decibels(signal, noise),
    maxError,
  })),
});

export function renderFloat({ calibratedOn, chosen, trials, heldOut, layers }: FloatResult): string[] {
  const rows = trials.map((trial) => [
    `  ${describeTrial(trial)}`,
    `error ${trial.error.toExponential(2)}`,
    trial === chosen ? 'taken' : '',
  ]);
  return [
    `quantised on ${grouped(calibratedOn)} inputs; squared error of the outputs over their variance:`,
    columns(rows),
    heldOut === null ? 'no input held out: fewer than ten were given' : renderHeldOut(heldOut),
    'what each operator loses against float, simulated:',
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

const renderHeldOut = ({ inputs, top1, relativeError, maxError }: Judgement): string =>
  `on ${grouped(inputs)} inputs held out: top-1 agreement ${(100 * top1).toFixed(1)} %, error ${relativeError.toExponential(2)}, largest ${maxError.toPrecision(3)}`;

/** null where nothing was lost */
function decibels(signal: number, noise: number): number | null {
  return noise === 0 ? null : Number((10 * Math.log10(signal / noise)).toFixed(2));
}

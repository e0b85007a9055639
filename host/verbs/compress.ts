/** htpw compress: a network in fewer bytes without training, or a curve of what each size costs. */

import type { Command } from 'commander';
import { outputCount } from '../compress/agreement.ts';
import {
  BudgetError,
  type Compressed,
  compressUniformly,
  compressWithin,
  prepare,
  type StageReport,
  unchanged,
} from '../compress/compress.ts';
import { METHODS, type Method } from '../compress/options.ts';
import { type CompressionReport, type CurvePoint, judgedBy, pointOf, reportOn, sourcesOf } from '../compress/report.ts';
import { parseLabels, parseSamples, type Samples } from '../compress/samples.ts';
import { columns } from '../drawing/columns.ts';
import { plotCurve } from '../drawing/qualityPlot.ts';
import { type Unpacked, unpack } from '../image/unpack.ts';
import { importImage } from '../import/import.ts';
import { isTflite } from '../import/schema.ts';
import { classesOf } from '../inputs/classes.ts';
import type { Model } from '../model/model.ts';
import { ImageView } from '../records/view.ts';
import { moduleOf, Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { counted } from '../system/counted.ts';
import { named } from '../system/errors.ts';
import { planOutput, readInput, titleOf } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { shownPath } from '../system/shownPath.ts';
import { textOf } from '../system/wrongKind.ts';
import { provedImage } from './image.ts';
import { INPUTS, type InputFlags, metadataOf, readInputs, withInputOptions } from './inputs.ts';
import { amount, listOf, oneOf, valued } from './options.ts';
import { CheckFailed, print, UsageError, withProgress } from './verb.ts';

interface CompressFlags extends InputFlags {
  output?: string;
  method: Method;
  budget?: number;
  curve?: number[];
  calibration?: string;
  samples?: string;
  labels?: string;
  json?: boolean;
}

export function compressVerb(program: Command): void {
  const command = program
    .command('compress <network>')
    .summary('a network in fewer bytes of flash, without training it again')
    .description(
      'Replace the stored INT8 weights of an image or an INT8 .tflite model by fewer levels, codebooks or generated ones. With calibration data every weight is chosen by what it does to the outputs on that data, layer after layer; auto gives each layer the source with which all errors together are smallest within a budget of image bytes, exactly.',
    )
    .option('-o, --output <image>', 'where the image goes')
    .addOption(valued('--method <name>', METHODS.join(', '), oneOf(METHODS), 'auto'))
    .addOption(
      valued('--budget <bytes>', 'largest image: 64k or 64KiB (65,536 bytes), 64kB (64,000), 65536', amount('flash')),
    )
    .addOption(
      valued(
        '--curve <list>',
        'sizes to try, such as 30kB,25kB,20kB: a table and a plot, no image',
        listOf(amount('flash')),
      ),
    )
    .option('--calibration <path>', `inputs of the network: ${INPUTS}`)
    .option(
      '--samples <from:to>',
      'which of them to calibrate on, or none; judged by the others (default: all, and judged by them)',
    )
    .option(
      '--labels <csv>',
      'class of each input in the last column, for accuracy; default: as the inputs are labelled',
    );
  withInputOptions(command)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw compress model.tflite -o build/model-int4.htpw --method int4\n  htpw compress kws.htpw -o build/kws.htpw --budget 12kB --calibration inputs.bin --samples 0:350 --labels labels.csv\n  htpw compress kws.htpw --curve 25kB,20kB,15kB,10kB --calibration inputs.bin --samples 0:350',
    )
    .action(async (path: string, flags: CompressFlags) => {
      check(flags);
      const inputs = [path, flags.calibration, flags.labels];
      const output = flags.output === undefined ? undefined : planOutput(flags.output, { inputs });
      const { image, ...original } = readNetwork(path);
      const data = readData(image, original.model, flags);
      const budgets = flags.curve ?? (flags.budget === undefined ? [] : [flags.budget]);
      const judged = data && judgedBy(original, data.judged, data.labels);
      const prepared = await staged((report) =>
        prepare(original.model, flags.method, data?.calibrated ?? null, report),
      );
      const compressed = async (budget: number | null): Promise<Compressed> =>
        budget !== null && image.length <= budget
          ? unchanged(prepared, original, image)
          : staged((report) =>
              budget === null ? compressUniformly(prepared, report) : compressWithin(prepared, budget, report),
            );
      const judgement = data && { calibratedOn: data.calibrated?.inputs.length ?? 0, judgedOnOthers: data.others };
      if (flags.curve !== undefined) {
        const points: CurvePoint[] = [];
        for (const budget of budgets)
          points.push(await pointOf(image, prepared, judged, budget, () => compressed(budget)));
        print(flags.json, { image: path, method: flags.method, ...judgement, points }, () =>
          renderCurve(path, flags, points),
        );
        return;
      }
      const result = await compressed(budgets[0] ?? null).catch(unreachable);
      const report = reportOn(image, prepared, result, judged);
      output?.write(result.image);
      const sources = sourcesOf(prepared);
      print(
        flags.json,
        { image: path, output: flags.output, method: flags.method, ...judgement, ...report, sources },
        () => [render(path, flags, report, data), renderSources(sources)].join('\n\n'),
        output,
      );
    });
}

/** An image, or a .tflite model as `htpw import` makes one of it. */
function readNetwork(path: string): Unpacked & { image: Uint8Array } {
  const bytes = readInput(path);
  if (!isTflite(bytes)) {
    const image = provedImage(path, bytes);
    return { image, ...named(shownPath(path), () => unpack(new ImageView(image))) };
  }
  const { image, model } = named(shownPath(path), () => importImage(bytes, titleOf(path)));
  return { image, model, tables: () => 'q31', lossless: () => false };
}

function check({ method, budget, curve, output, calibration, samples, labels }: CompressFlags): void {
  if (curve === undefined && output === undefined)
    throw new UsageError('compress: expected -o <image> or --curve <list>, got neither; htpw compress --help');
  if (curve !== undefined && (output !== undefined || budget !== undefined))
    throw new UsageError('compress: --curve writes no image and takes its budgets itself; leave out -o and --budget');
  if (method === 'auto' && budget === undefined && curve === undefined)
    throw new UsageError('compress: --method auto needs --budget <bytes>, or another method');
  if (calibration === undefined && (samples !== undefined || labels !== undefined))
    throw new UsageError('compress: --samples and --labels need --calibration <file>');
}

interface Data {
  /** null: nothing is calibrated */
  calibrated: Samples | null;
  judged: Samples;
  /** whether what is judged by was not calibrated on */
  others: boolean;
  labels: Int32Array | null;
}

function readData(image: Uint8Array, model: Model, flags: CompressFlags): Data | null {
  const { calibration, samples, labels } = flags;
  if (calibration === undefined) return null;
  const { inputs, outputs } = new Runtime(image);
  const set = readInputs(calibration, inputs, flags, metadataOf(new ImageView(image), 0));
  const all = set.inputs;
  const [from, to] =
    samples === undefined ? [0, all.length] : named('--samples', () => parseSamples(samples, all.length));
  const text = labels === undefined ? null : textOf(labels, readInput(labels), 'a CSV with the classes');
  const own = set.labels && classesOf(calibration, set.labels, outputCount(model), outputs[0]!.labels).of;
  const classes =
    text === null ? own : named(shownPath(labels!), () => parseLabels(text, all.length, outputCount(model)));
  const others = to - from < all.length;
  const wasm = moduleOf(FASTEST);
  const isJudged = (i: number) => !others || i < from || i >= to;
  return {
    calibrated: from < to ? { inputs: all.slice(from, to), wasm } : null,
    judged: { inputs: all.filter((_, i) => isJudged(i)), wasm },
    others,
    labels: classes && Int32Array.from([...classes].filter((_, i) => isJudged(i))),
  };
}

async function staged<T>(work: (report: StageReport) => T): Promise<T> {
  return withProgress('compress', (report) => work((stage, done, total) => report(done, total, stage)));
}

function unreachable(error: unknown): never {
  if (error instanceof BudgetError) throw new CheckFailed(error.message);
  throw error;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function render(path: string, flags: CompressFlags, report: CompressionReport, data: Data | null): string {
  const { bytes, weightBytes, arenaBytes, categories, layers, agreement, accuracy } = report;
  const changed = Object.entries(categories).filter(([, { before, after }]) => before + after > 0);
  const lines = [
    `${path} -> ${flags.output}: ${grouped(bytes.before)} -> ${grouped(bytes.after)} bytes; ` +
      `weights ${grouped(weightBytes.before)} -> ${grouped(weightBytes.after)}, ` +
      `${(weightBytes.after / weightBytes.before).toFixed(2)} x`,
    columns([
      ['category', 'before', 'after'],
      ...changed.map(([name, { before, after }]) => [name, before, after]),
      ['sum', bytes.before, bytes.after],
    ]),
    columns([
      ['layer', 'weights', 'became', 'bytes', 'tables', 'error alone'],
      ...layers.map((layer) => [
        layer.name,
        layer.weights,
        layer.became,
        layer.bytes.after,
        layer.tables,
        layer.error.toFixed(5),
      ]),
    ]),
    `arena ${grouped(arenaBytes.before)} -> ${grouped(arenaBytes.after)} bytes with changed weights kept as INT8,\n` +
      `${grouped(arenaBytes.streamed)} with them streamed; htpw plan chooses`,
    agreement
      ? "error alone: squared error of the network's outputs over their variance when only that layer changes, " +
        `before refinement\n\n${judgement(agreement, data)}`
      : 'no calibration data: errors are those of the weights, over their power, as if all inputs were alike;\n' +
        'how the outputs change is not known. Give --calibration.',
  ];
  if (accuracy) lines.push(`accuracy on the same: ${percent(accuracy.before)} -> ${percent(accuracy.after)}`);
  return lines.join('\n\n');
}

function judgement(
  { samples, top1, cosine, maxError, relativeError }: NonNullable<CompressionReport['agreement']>,
  data: Data | null,
): string {
  const which = data?.others
    ? `${counted(samples, 'sample')} that it was not calibrated on`
    : `the ${counted(samples, 'sample')} that it was calibrated on`;
  return (
    `agreement with the original on ${which}:\n` +
    `top-1 ${percent(top1)}, cosine ${cosine.toFixed(4)}, largest error ${counted(maxError, 'step')}, ` +
    `squared error ${relativeError.toFixed(4)} of the variance`
  );
}

function renderSources(sources: ReturnType<typeof sourcesOf>): string {
  return `all sources that were tried, on every layer that can have them\n${columns([
    ['source', 'layers', 'weights', 'bytes', 'bits a weight', 'error of a layer'],
    ...sources.map(({ name, layers, weights, bytes, layerError }) => [
      name,
      layers,
      weights,
      bytes,
      ((8 * bytes) / weights).toFixed(2),
      layerError.toFixed(4),
    ]),
  ])}`;
}

function renderCurve(path: string, flags: CompressFlags, points: CurvePoint[]): string {
  const rows = points.map(({ budget, report, smallest }) => {
    if (!report) return [budget, `not reached, smallest ${grouped(smallest!)}`, '', '', ''];
    const { agreement, accuracy } = report;
    return [
      budget,
      report.bytes.after,
      report.weightBytes.after,
      agreement ? percent(agreement.top1) : '',
      accuracy ? percent(accuracy.after) : '',
    ];
  });
  const known = points.flatMap(({ report }) => {
    const quality = report?.accuracy?.after ?? report?.agreement?.top1;
    return report && quality !== undefined ? [{ bytes: report.bytes.after, quality }] : [];
  });
  const what = points.some(({ report }) => report?.accuracy) ? 'accuracy' : 'top-1 agreement with the original';
  return [
    `${path}, method ${flags.method}`,
    columns([['budget', 'image', 'weights', 'top-1 agreement', 'accuracy'], ...rows]),
    ...(known.length > 1 ? [plotCurve(known, `${what} against bytes of the image`)] : []),
  ].join('\n\n');
}

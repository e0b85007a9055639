/**
 * An image on one page: its bytes, its arena, its layers, the boards that it fits on, and how good it is. A function of
 * what was measured; the page needs nothing from elsewhere.
 */
import { svg as curveSvg } from '../drawing/curveSvg.ts';
import { timelineSvg } from '../drawing/timelineSvg.ts';
import { type TrainedEpoch, trainingSvg } from '../drawing/trainingSvg.ts';
import type { Comparison } from '../evaluate/comparison.ts';
import type { Evaluation } from '../evaluate/evaluate.ts';
import type { Roc } from '../evaluate/roc.ts';
import { summaryOf } from '../evaluate/table.ts';
import type { Region } from '../image/regions.ts';
import type { Inspection } from '../inspect/inspect.ts';
import type { Timeline } from '../layout/timeline.ts';
import type { Curve } from '../residency/curve.ts';
import { counted } from '../system/counted.ts';
import { grouped } from '../system/grouped.ts';
import { confusionSvg, rocSvg } from './answers.ts';
import type { Fit } from './boards.ts';
import { type Front, frontSvg } from './front.ts';
import { type Cell, figures, table, text, wide } from './html.ts';
import type { Layer } from './layers.ts';
import { STYLE } from './style.ts';
import { inlined } from './theme.ts';
import { treemapSvg } from './treemap.ts';

/** What the page is about; null for what was not measured or is not there. */
export interface ReportData {
  title: string;
  inspection: Inspection;
  regions: readonly Region[];
  timelines: readonly Timeline[];
  /** by program */
  layers: readonly (readonly Layer[])[];
  /** on an emulated board */
  measured: {
    board: string;
    core: string;
    curves: readonly Curve[];
    instructions: readonly (readonly number[])[];
    /** cycles of the first inference of each program, by a model of the core; null where there is none */
    estimate: { cycles: readonly number[]; assumptions: readonly string[] } | null;
  } | null;
  fits: readonly Fit[] | null;
  judged: { data: string; notes: readonly string[]; evaluation: Evaluation; roc: Roc | null } | null;
  comparison: ({ first: string; second: string } & Comparison) | null;
  front: Front | null;
  training: Training | null;
}

/** What `htpw train --json` says of the epochs. */
export interface Training {
  name: string;
  history: readonly TrainedEpoch[];
  kept: number;
}

/** A picture of the page, also a file of its own. */
export interface Picture {
  /** of the file, without .svg */
  name: string;
  label: string;
  svg: string;
}

interface Section {
  id: string;
  title: string;
  content: string;
}

/** Every picture, in the order of the page. */
export function picturesOf(data: ReportData): Picture[] {
  const { title, regions, timelines, measured, judged, front, training } = data;
  return [
    { name: 'bytes', label: 'Bytes of the image as areas', svg: treemapSvg(title, regions) },
    { name: 'arena', label: 'Who holds the arena during which operator', svg: timelineSvg([...timelines]) },
    ...(measured
      ? [
          {
            name: 'ram',
            label: 'RAM against instructions',
            svg: curveSvg([...measured.curves], `instructions on ${measured.core}`),
          },
        ]
      : []),
    ...(judged ? [{ name: 'confusion', label: 'Labels and answers', svg: confusionSvg(judged.evaluation) }] : []),
    ...(judged?.roc ? [{ name: 'roc', label: 'ROC curves', svg: rocSvg(judged.roc) }] : []),
    ...(front ? [{ name: 'front', label: 'Quality against bytes', svg: frontSvg(front) }] : []),
    ...(training
      ? [{ name: 'training', label: 'Loss and validation over the epochs', svg: trainingOf(training) }]
      : []),
  ];
}

const trainingOf = ({ name, history, kept }: Training): string =>
  trainingSvg(name, history[0]?.validation?.map((_, i) => `network ${i + 1}`) ?? [name], history, kept);

/** The whole page. */
export function reportPage(data: ReportData): string {
  const pictures = new Map(picturesOf(data).map((picture) => [picture.name, picture]));
  const drawn = (name: string): string => {
    const picture = pictures.get(name);
    return picture ? wide(picture.label, inlined(picture.svg, picture.label)) : '';
  };
  const sections = [
    bytesSection(data, drawn('bytes')),
    { id: 'arena', title: 'Arena over time', content: drawn('arena') },
    ...(data.measured ? [ramSection(data.measured, drawn('ram'))] : []),
    layersSection(data),
    ...(data.fits ? [boardsSection(data.fits)] : []),
    ...(data.judged ? [answersSection(data, drawn('confusion'), drawn('roc'))] : []),
    ...(data.front ? [{ id: 'front', title: 'Fewer bytes', content: drawn('front') }] : []),
    ...(data.training ? [{ id: 'training', title: 'Training', content: drawn('training') }] : []),
  ];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(data.title)}: report</title>
<style>${STYLE}</style>
</head>
<body>
<header>
${heading(data)}
<nav aria-label="Sections"><ul>${sections.map(({ id, title }) => `<li><a href="#${id}">${text(title)}</a></li>`).join('')}</ul></nav>
</header>
<main>
${sections.map(({ id, title, content }) => `<section aria-labelledby="${id}">\n<h2 id="${id}">${text(title)}</h2>\n${content}\n</section>`).join('\n')}
</main>
<footer class="quiet"><p>Written by <code>htpw report</code>. ${missing(data)}</p></footer>
</body>
</html>
`;
}

function heading({ title, inspection, judged }: ReportData): string {
  const { bytes, programs, sha256, sha256Matches } = inspection;
  const [first] = programs as [Inspection['programs'][number]];
  const accuracy = judged && summaryOf(judged.evaluation).find(([name]) => name === 'accuracy')![1];
  return [
    `<h1>${text(title)}</h1>`,
    `<p class="quiet">${counted(programs.length, 'program')}: ${programs.map(({ name }) => text(name)).join(', ')}</p>`,
    figures([
      ['Image', grouped(bytes), 'bytes of flash'],
      ['Arena', grouped(Math.max(...programs.map(({ arenaBytes }) => arenaBytes))), 'bytes of RAM'],
      ['Input', first.inputs.map(({ shape }) => shape.join(' x ')).join(', '), first.inputs[0]?.type],
      ['Multiply-accumulates', grouped(Math.max(...programs.map((program) => program.multiplyAccumulates)))],
      ...(accuracy
        ? [
            ['Accuracy', percent(accuracy.value), `${percent(accuracy.low)} to ${percent(accuracy.high)}`] as [
              string,
              string,
              string,
            ],
          ]
        : []),
    ]),
    `<p class="quiet hash">SHA-256 ${sha256}${sha256Matches ? '' : ' <strong class="no">does not match the bytes</strong>'}</p>`,
  ].join('\n');
}

const percent = (share: number): string => (Number.isNaN(share) ? 'undefined' : `${(100 * share).toFixed(1)} %`);

function bytesSection({ inspection }: ReportData, picture: string): Section {
  const rows = Object.entries(inspection.categories)
    .filter(([, bytes]) => bytes > 0)
    .sort(([, a], [, b]) => b - a)
    .map(([name, bytes]): Cell[] => [name, bytes, { html: percent(bytes / inspection.bytes), isNumber: true }]);
  return {
    id: 'bytes',
    title: 'Bytes',
    content: `${picture}\n${table('Bytes by category', ['Category', 'Bytes', 'Share'], rows)}`,
  };
}

function ramSection({ board, core, curves, estimate }: NonNullable<ReportData['measured']>, picture: string): Section {
  const lines = curves.map(
    ({ name, best }) =>
      `${text(name)}: ${counted(best.length, 'plan')} worth taking, from ${grouped(best[0]!.arenaBytes)} bytes and ` +
      `${grouped(best[0]!.steady)} instructions to ${grouped(best.at(-1)!.arenaBytes)} and ${grouped(best.at(-1)!.steady)}`,
  );
  return {
    id: 'ram',
    title: 'RAM against instructions',
    content: `<p>Counted on the emulated ${text(board)}. ${lines.join('; ')}.</p>\n${cycleNote(core, curves, estimate)}${picture}`,
  };
}

/** Cycles as the image is, which no board has counted. */
function cycleNote(core: string, curves: readonly Curve[], estimate: NonNullable<ReportData['measured']>['estimate']) {
  if (!estimate) return '';
  const of = estimate.cycles.map((cycles, p) => `${text(curves[p]!.name)}: about ${grouped(cycles)}`).join('; ');
  const assumed = estimate.assumptions.map(text).join('; ');
  return `<p>Cycles of an inference on a ${text(core)}, estimated and not measured: ${of}. Assumed: ${assumed}.</p>\n`;
}

function layersSection({ inspection, layers, measured }: ReportData): Section {
  const tables = layers.map((program, p) => {
    const instructions = measured?.instructions[p];
    const head = ['Layer', 'Operator', 'Output', 'Weights', 'Held', 'Bytes', 'MACs'];
    const rows = program.map((layer, o): Cell[] => [
      layer.name,
      layer.kind,
      layer.output,
      layer.source ?? '',
      layer.residency ?? '',
      layer.bytes,
      layer.multiplyAccumulates,
      ...(instructions ? [Math.round(instructions[o]!)] : []),
    ]);
    const name = inspection.programs[p]!.name;
    const title = layers.length > 1 ? `<h3>${text(name)}</h3>\n` : '';
    return title + table(`Layers of ${name}`, [...head, ...(instructions ? ['Instructions'] : [])], rows);
  });
  const note = measured
    ? ` Instructions are those of an inference on ${text(measured.core)}, as the image holds its weights.`
    : '';
  return {
    id: 'layers',
    title: 'Layers',
    content: `<p class="quiet">Bytes are those of weights and tables of the layer alone.${note}</p>\n${tables.join('\n')}`,
  };
}

function boardsSection(fits: readonly Fit[]): Section {
  const left = (bytes: number): Cell => ({
    html: `<span class="${bytes < 0 ? 'no' : 'yes'}">${bytes < 0 ? 'short of ' : ''}${grouped(Math.abs(bytes))}</span>`,
    isNumber: true,
  });
  const rows = fits.map(({ board, core, flashBytes, ramBytes, flashLeft, ramLeft }): Cell[] => [
    board,
    core,
    flashLeft < 0 || ramLeft < 0 ? { html: '<span class="no">no</span>' } : { html: '<span class="yes">yes</span>' },
    flashBytes,
    left(flashLeft),
    ramBytes,
    left(ramLeft),
  ]);
  return {
    id: 'boards',
    title: 'Boards',
    content:
      '<p class="quiet">Sizes of the whole firmware with this image, in bytes, against the budget of each board.</p>\n' +
      table('Boards', ['Board', 'Core', 'Fits', 'Flash', 'Left', 'RAM', 'Left'], rows),
  };
}

function answersSection({ judged, comparison }: ReportData, confusion: string, roc: string): Section {
  const { data, notes, evaluation, roc: curves } = judged!;
  const { n, unit, group, groups, perClass } = evaluation;
  const decimals = (value: number): Cell => ({ html: Number.isNaN(value) ? '-' : value.toFixed(3), isNumber: true });
  const between = ({ low, high }: { low: number; high: number }): Cell => ({
    html: Number.isNaN(low) ? '-' : `${low.toFixed(3)} to ${high.toFixed(3)}`,
    isNumber: true,
  });
  const areas = new Map(curves?.classes.map(({ name, auc }) => [name, auc]));
  const parts = [
    `<p>${text(data)}: ${counted(n, unit)}, ${counted(groups, group)}; intervals resample ${text(group)}s.</p>`,
    ...notes.map((note) => `<p class="quiet">${text(note)}</p>`),
    table(
      'Figures',
      ['Figure', 'Value', '95 % interval'],
      summaryOf(evaluation).map(([name, interval]) => [name, decimals(interval.value), between(interval)]),
    ),
    ...(comparison ? [comparisonTable(comparison, decimals)] : []),
    confusion,
    roc,
    table(
      'Classes',
      ['Class', 'Precision', 'Recall', 'F1', `${unit}s`, 'AUC', '95 % interval of AUC'],
      perClass.map(({ name, precision, recall, f1, support }) => {
        const auc = areas.get(name);
        return [
          name,
          decimals(precision),
          decimals(recall),
          decimals(f1),
          support,
          auc ? decimals(auc.value) : '-',
          auc ? between(auc) : '-',
        ];
      }),
    ),
  ];
  return { id: 'answers', title: 'Answers', content: parts.join('\n') };
}

function comparisonTable(
  { first, second, accuracy, macroF1, agreement }: NonNullable<ReportData['comparison']>,
  decimals: (value: number) => Cell,
): string {
  const row = (name: string, { first, second, difference }: Comparison['accuracy']): Cell[] => [
    name,
    decimals(first.value),
    decimals(second.value),
    decimals(difference.value),
    { html: `${difference.low.toFixed(3)} to ${difference.high.toFixed(3)}`, isNumber: true },
  ];
  return [
    `<p>${text(second)} in place of ${text(first)}: the same answer to ${percent(agreement)} of the inputs.</p>`,
    table(
      'Two images on the same inputs',
      ['Figure', 'First', 'Second', 'Difference', '95 % interval, paired'],
      [row('macro-F1', macroF1), row('accuracy', accuracy)],
    ),
  ].join('\n');
}

/** What could be on the page, and how. */
function missing({ measured, fits, judged, front, training }: ReportData): string {
  const absent = [
    ...(measured && fits ? [] : ['instructions, RAM curve and boards (without --quick)']),
    ...(judged ? [] : ['accuracy (--data)']),
    ...(front ? [] : ['sizes that compression reaches (--front)']),
    ...(training ? [] : ['the learning curve (--training)']),
  ];
  return absent.length === 0 ? '' : `Not on this page: ${absent.join(', ')}.`;
}

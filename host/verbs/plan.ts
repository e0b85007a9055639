/** htpw plan: which weights of an image stay in RAM, by what each choice costs on a core. */

import type { Command } from 'commander';
import { type Board, emulationOf, loadBoard } from '../boards/board.ts';
import { uniformlyResident } from '../build/placedImage.ts';
import { columns } from '../drawing/columns.ts';
import { plot } from '../drawing/curvePlot.ts';
import { svg } from '../drawing/curveSvg.ts';
import { holdersOf } from '../drawing/peak.ts';
import { timelinePlot } from '../drawing/timelinePlot.ts';
import { timelineSvg } from '../drawing/timelineSvg.ts';
import { type Timeline, timelinesOf } from '../layout/timeline.ts';
import { ImageError, ImageView } from '../records/view.ts';
import { imageBudget } from '../residency/budget.ts';
import { imageCosts } from '../residency/costs.ts';
import { type Curve, type ProgramPlan, residencyCurve, withPlans } from '../residency/curve.ts';
import { Runtime } from '../runtime/node.ts';
import { named } from '../system/errors.ts';
import { type Output, planOutput } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { shownPath } from '../system/shownPath.ts';
import { RESIDENCY_OPTION, readImage } from './image.ts';
import { amount, valued } from './options.ts';
import { print, UsageError, withProgress } from './verb.ts';

const DEFAULT_BOARD = 'mps2-an500';
const TIMELINE_COLUMNS = 80;

interface PlanFlags {
  sram?: number;
  board?: string;
  lazy: boolean;
  output?: string;
  residency?: string;
  curve?: string | true;
  timeline?: string | true;
  json?: boolean;
}

export function planVerb(program: Command): void {
  program
    .command('plan <image>')
    .summary('which weights to keep in RAM, for the fewest instructions that a budget allows')
    .description(
      'Measure what each layer costs at boot, on first use and streamed, on the emulated core of a board, and choose the residency of every layer: fewest instructions per inference, then at boot, in at most the given arena. Exact, not a heuristic. Several programs are planned one by one, as one arena holds one at a time.',
    )
    .addOption(
      valued('--sram <bytes>', 'largest arena: 64k or 64KiB (65,536 bytes), 64kB (64,000), 65536', amount('RAM')),
    )
    .option(
      '--board <name>',
      `whose core counts (default ${DEFAULT_BOARD}), and without --sram whose RAM is the budget, less stack, buffers and static data`,
    )
    .option('--no-lazy', 'make no weights in the first inference: it takes as long as every other')
    .option('-o, --output <image>', 'write the image with this plan')
    .option(RESIDENCY_OPTION[0], 'boot, lazy or stream for every layer, without measuring: with --output')
    .option(
      '--curve [svg]',
      'plot RAM against instructions of the plans that are best for their RAM; with a name also as a drawing',
    )
    .option(
      '--timeline [svg]',
      'plot who holds the arena during which operator, of the image as given or as planned here; with a name also as a drawing',
    )
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw plan models/ecg-beats.htpw --sram 32k\n  htpw plan models/ecg-beats.htpw --board microbit -o build/ecg-microbit.htpw\n  htpw plan models/ecg-beats.htpw --curve build/ecg-beats.svg\n  htpw plan models/ecg-beats.htpw --timeline build/ecg-arena.svg',
    )
    .action(async (path: string, flags: PlanFlags) => {
      if (flags.residency !== undefined) return writeUniform(path, flags);
      const measures = flags.sram !== undefined || flags.board !== undefined || flags.curve !== undefined;
      if (!measures && flags.timeline === undefined)
        throw new UsageError(
          'plan: expected --sram <bytes>, --board <name>, --curve or --timeline, got none; htpw plan --help',
        );
      if (flags.output !== undefined && flags.sram === undefined && flags.board === undefined)
        throw new UsageError('plan: --output needs a budget; give --sram <bytes> or --board <name>');
      const outputs = planOutputs(path, flags);
      const image = readImage(path);
      if (measures) await planMeasured(path, image, flags, outputs);
      else printTimelines(path, image, flags, outputs);
    });
}

interface Outputs {
  image?: Output;
  curve?: Output;
  timeline?: Output;
}

/** Where the image and the drawings go that were asked for. */
function planOutputs(path: string, { output, curve, timeline }: PlanFlags): Outputs {
  const planned: Outputs = {};
  for (const [key, name] of Object.entries({ image: output, curve, timeline }))
    if (typeof name === 'string')
      planned[key as keyof Outputs] = planOutput(name, { inputs: [path], besides: Object.values(planned) });
  return planned;
}

/** One residency for all layers needs no choice, so no measuring. */
function writeUniform(path: string, { residency, output, json, ...others }: PlanFlags): void {
  const measuring = (['sram', 'board', 'curve', 'timeline'] as const).find((name) => others[name] !== undefined);
  const extra = measuring ?? (others.lazy ? undefined : 'no-lazy');
  if (output === undefined || extra !== undefined)
    throw new UsageError(
      'plan: --residency plans nothing else: expected --output <image>, ' +
        `and no ${extra ? `--${extra}` : '--sram or --board'}`,
    );
  const planned = planOutput(output, { inputs: [path] });
  const image = named(shownPath(path), () => uniformlyResident(readImage(path), residency!), ImageError);
  const arenaBytes = new Runtime(image).arenaBytes();
  planned.write(image);
  const result = { image: output, residency, arenaBytes };
  print(json, result, () => `${output}: ${residency}, arena ${grouped(arenaBytes)} bytes`, planned);
}

/** The arena of the image as given, which needs no costs and so no emulator. */
function printTimelines(path: string, image: Uint8Array, flags: PlanFlags, outputs: Outputs): void {
  const timelines = timelinesOf(image);
  outputs.timeline?.write(timelineSvg(timelines));
  print(
    flags.json,
    { image: path, timelines },
    () => [...timelines.map(timelinePlot), ...drawings(flags)].join('\n\n'),
    outputs.timeline,
  );
}

async function planMeasured(path: string, image: Uint8Array, flags: PlanFlags, outputs: Outputs): Promise<void> {
  const board = loadBoard(flags.board ?? DEFAULT_BOARD);
  const emulated = emulationOf(board);
  const view = new ImageView(image);
  const costs = await withProgress('plan', (report) => imageCosts(path, image, emulated, report));
  const curves = view.programs.map((_, p) => residencyCurve(view, p, costs, { lazy: flags.lazy }));
  const budget = flags.sram ?? (flags.board === undefined ? null : await imageBudget(board, path, image));
  const plans = budget === null ? null : curves.map((_, p) => within(curves, p, budget, path, image));
  const planned = plans ? named(shownPath(path), () => withPlans(image, plans), ImageError) : image;
  const timelines = timelinesOf(planned);
  outputs.image?.write(planned);
  outputs.curve?.write(svg(curves, subtitle(emulated)));
  outputs.timeline?.write(timelineSvg(timelines));
  const result = {
    image: path,
    board: board.name,
    emulated: emulated.name,
    budgetBytes: budget,
    plans,
    curves,
    timelines,
  };
  const text = () => render(path, emulated, budget, plans, curves, timelines, flags);
  print(flags.json, result, text, ...Object.values(outputs));
}

/** The fastest plan of program `p` that fits; an error says who holds the smallest arena at its peak. */
function within(curves: Curve[], p: number, budget: number, path: string, image: Uint8Array): ProgramPlan {
  const curve = curves[p];
  const found = curve.best.findLast(({ arenaBytes }) => arenaBytes <= budget);
  if (found) return found;
  const smallest = withPlans(
    image,
    curves.map(({ best }) => best[0]),
  );
  const timeline = timelinesOf(smallest)[p];
  const { arenaBytes, operators, peak } = timeline;
  throw new UsageError(
    `${path}: ${curve.name}: expected an arena of at least ${grouped(arenaBytes)} bytes (peak at ${operators[peak.operator]}: ${holdersOf(timeline)}), got ${grouped(budget)}; give it more RAM, or train a network with smaller tensors`,
  );
}

const subtitle = ({ name, core }: Board) => `instructions of a ${core}, counted on the emulated ${name}`;

function render(
  path: string,
  emulated: Board,
  budget: number | null,
  plans: ProgramPlan[] | null,
  curves: Curve[],
  timelines: Timeline[],
  flags: PlanFlags,
): string {
  const parts = [`${path}: ${subtitle(emulated)}`];
  for (const [p, curve] of curves.entries()) {
    if (plans && budget !== null) parts.push(table(curve.name, plans[p], budget));
    if (flags.curve) parts.push(plot(curve));
    if (flags.timeline || (plans && hasRoom())) parts.push(timelinePlot(timelines[p]));
  }
  if (flags.output) parts.push(`${flags.output}: the image with this plan`);
  return [...parts, ...drawings(flags)].join('\n\n');
}

/** Whether a line of a plot fits what is printed to; a file or a pipe has room. */
function hasRoom(): boolean {
  return (process.stdout.columns ?? TIMELINE_COLUMNS) >= TIMELINE_COLUMNS;
}

function drawings({ curve, timeline }: PlanFlags): string[] {
  return [curve, timeline].filter((path) => typeof path === 'string').map((path) => `${path}: the drawing`);
}

function table(name: string, plan: ProgramPlan, budget: number): string {
  const { layers, arenaBytes } = plan;
  const cached = layers.reduce((sum, { cacheBytes }) => sum + cacheBytes, 0);
  const weighted = layers.reduce((sum, { steady }) => sum + steady, 0);
  const layerBoot = layers.reduce((sum, { boot }) => sum + boot, 0);
  const firstUse = layers.reduce((sum, { firstUse }) => sum + firstUse, 0);
  const body = columns([
    ['layer', 'weights', 'residency', 'cache B', 'inference', 'boot', 'first use'],
    ...layers.map((l) => [l.name, l.weights, l.residency, l.cacheBytes, l.steady, l.boot, l.firstUse]),
    ['all else', '', '', 0, plan.steady - weighted, plan.boot - layerBoot, 0],
    ['total', '', '', cached, plan.steady, plan.boot, firstUse],
  ]);
  const rule = '-'.repeat(Math.max(...body.split('\n').map((line) => line.length)));
  const lines = body.split('\n');
  return [
    name,
    lines[0],
    ...lines.slice(1, -1),
    rule,
    lines[lines.length - 1],
    `arena ${grouped(arenaBytes)} of ${grouped(budget)} bytes, ${grouped(budget - arenaBytes)} left; first inference ${grouped(plan.first)} instructions`,
  ].join('\n');
}

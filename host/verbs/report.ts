/** htpw report: an image on one page for a browser, and every picture of it as a file. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { type Board, emulationOf, listBoards, loadBoard } from '../boards/board.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { SPLITS } from '../data/part.ts';
import { dataSetList, dataSetNames } from '../data/registry.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { rocOf } from '../evaluate/roc.ts';
import { regionsOf } from '../image/regions.ts';
import { inspect } from '../inspect/inspect.ts';
import { timelinesOf } from '../layout/timeline.ts';
import { estimatePrograms, hasModel, modelOf } from '../measure/cycles/measure.ts';
import type { ImageView } from '../records/view.ts';
import { RESIDENCY_NAMES } from '../records/view.ts';
import { fitsOf } from '../report/boards.ts';
import { layersOf } from '../report/layers.ts';
import type { ReportData } from '../report/page.ts';
import { readFront, readTraining } from '../report/records.ts';
import { imageCosts } from '../residency/costs.ts';
import { type Costs, residencyCurve } from '../residency/curve.ts';
import { counted } from '../system/counted.ts';
import { planOutput, titleOf } from '../system/files.ts';
import { planFolder } from '../system/folder.ts';
import { grouped } from '../system/grouped.ts';
import { PROGRAM_OPTION } from './image.ts';
import { INPUTS, withInputOptions } from './inputs.ts';
import { comparedWith, DATA, type Judged, type JudgeFlags, judged, type Subject, subjectOf } from './judged.ts';
import { LEAD_OPTION, oneOf, TASK_OPTION, valued } from './options.ts';
import { print, UsageError, withProgress } from './verb.ts';

const DEFAULT_BOARD = 'mps2-an500';

interface ReportFlags extends JudgeFlags {
  output?: string;
  svg?: string;
  compare?: string;
  program: string;
  board: string;
  quick?: true;
  front?: string;
  training?: string;
  json?: boolean;
}

export function reportVerb(program: Command): void {
  const command = program
    .command('report <image>')
    .summary('an image on one page: bytes, RAM, layers, boards, accuracy')
    .description(
      'Write one HTML page that needs nothing else, in light and dark: the bytes as areas, the arena over time, RAM against instructions, every layer with its cost, the boards that it fits on, and with --data how good it is. Instructions and boards are measured, which takes compilers and the emulator; --quick leaves them out.',
    )
    .option('-o, --output <file>', 'where the page goes, .html')
    .option('--svg <folder>', 'every picture as a file of its own')
    .option(...PROGRAM_OPTION)
    .option(...TASK_OPTION)
    .addOption(
      valued(
        '--data <name or path>',
        `to judge it by: ${dataSetList()}; or labelled inputs, a folder a class: ${INPUTS}`,
        DATA,
      ),
    )
    .option('--labels <file>', 'of inputs by path: CSV or .npy, in their order or by the names of their files')
    .option('--compare <image>', 'a second image on the same data')
    .addOption(valued('--split <name>', SPLITS.join(', '), oneOf(SPLITS), 'test'))
    .option(...LEAD_OPTION)
    .option('--board <name>', 'whose core counts the instructions', DEFAULT_BOARD)
    .option('--quick', 'without what takes compilers and an emulator: instructions, RAM curve and boards')
    .option('--front <json>', 'what htpw compress --curve --json has printed, to draw the sizes that it reaches')
    .option('--training <json>', 'what htpw train --json has printed, to draw the learning curve');
  withInputOptions(command)
    .option('--json', 'machine-readable result')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw report models/ecg-beats.htpw -o report.html\n  htpw report kws.htpw --data features.npz --compare kws-10k.htpw -o report.html\n  htpw report kws.htpw --quick --svg pictures',
    )
    .action(async (path: string, flags: ReportFlags) => {
      check(flags);
      const data = flags.data !== undefined && dataSetNames().includes(flags.data) ? undefined : flags.data;
      const inputs = [path, flags.compare, flags.labels, flags.front, flags.training, data];
      const output = flags.output === undefined ? undefined : planOutput(flags.output, { inputs });
      const folder = flags.svg === undefined ? undefined : planFolder(flags.svg, { besides: [output] });
      const [front, training] = [flags.front && readFront(flags.front), flags.training && readTraining(flags.training)];
      const subject = subjectOf(path, flags.program);
      const content: ReportData = {
        title: titleOf(path),
        ...staticOf(subject),
        ...(await measuredOf(subject, flags)),
        ...(await answersOf(subject, flags)),
        front: front || null,
        training: training || null,
      };
      const { picturesOf, reportPage } = await import('../report/page.ts'); // d3 is for those who draw
      const { standalone } = await import('../report/theme.ts');
      const pictures = picturesOf(content);
      const page = reportPage(content);
      output?.write(page);
      folder?.write(new Map(pictures.map(({ name, svg }) => [`${name}.svg`, standalone(svg)])));
      const result = {
        image: path,
        output: flags.output ?? null,
        bytes: output ? Buffer.byteLength(page) : null,
        folder: flags.svg ?? null,
        pictures: pictures.map(({ name, label }) => ({ name, label })),
      };
      print(flags.json, result, () => render(result), output);
    });
}

function check({ output, svg, data, task, labels, compare }: ReportFlags): void {
  if (output === undefined && svg === undefined)
    throw new UsageError('report: expected -o <file> or --svg <folder>, got neither; htpw report --help');
  if (data === undefined && task === undefined && (labels ?? compare) !== undefined)
    throw new UsageError('report: --labels and --compare need data to judge by; give --data, or --task');
}

function staticOf({
  path,
  view,
  image,
  runtime,
}: Subject): Pick<ReportData, 'inspection' | 'regions' | 'timelines' | 'layers'> {
  return {
    inspection: inspect(path, view, runtime),
    regions: regionsOf(view),
    timelines: timelinesOf(image),
    layers: view.programs.map((_, p) => layersOf(view, p)),
  };
}

async function measuredOf(
  { path, view, image }: Subject,
  { quick, board: name }: ReportFlags,
): Promise<Pick<ReportData, 'measured' | 'fits'>> {
  if (quick) return { measured: null, fits: null };
  const board: Board = emulationOf(loadBoard(name));
  const costs = await withProgress('instructions', (report) => imageCosts(path, image, board, report));
  const fits = await withProgress('boards', (report) => fitsOf(listBoards(), path, image, report));
  return {
    measured: {
      board: board.name,
      core: board.core,
      curves: view.programs.map((_, p) => residencyCurve(view, p, costs)),
      instructions: view.programs.map((_, p) => instructionsOf(view, p, costs)),
      estimate: hasModel(board) ? await estimateOf(board, path, image, view.programs.length) : null,
    },
    fits,
  };
}

async function estimateOf(board: Board, path: string, image: Uint8Array, programs: number) {
  const estimates = await estimatePrograms(board, placeUnderBuild(path, image), programs);
  return { cycles: estimates.map(({ cycles }) => cycles), assumptions: modelOf(board).assumptions };
}

/** Of an inference, operator by operator, as the image holds its weights; what stays in flash is the same in all. */
function instructionsOf(view: ImageView, program: number, costs: Costs): number[] {
  return view.programs[program]!.operators.map(({ residency }, o) => {
    const held = RESIDENCY_NAMES[residency];
    return costs[held === 'lazy' || held === 'stream' ? held : 'boot'][program]!.operators[o]!.steady;
  });
}

/** Nothing without data: the task of an image may need recordings that are not there. */
async function answersOf(subject: Subject, flags: ReportFlags): Promise<Pick<ReportData, 'judged' | 'comparison'>> {
  if (flags.data === undefined && flags.task === undefined) return { judged: null, comparison: null };
  const by = await judged(subject, flags);
  const { classNames } = by.scored;
  return {
    judged: { data: nameOf(by), notes: by.notes, evaluation: evaluate(by.scored), roc: rocOf(by.scored, classNames) },
    comparison:
      flags.compare === undefined
        ? null
        : {
            first: basename(subject.path),
            second: basename(flags.compare),
            ...(await comparedWith(subjectOf(flags.compare, flags.program), by)),
          },
  };
}

const nameOf = ({ data, split }: Judged): string => (split === null ? basename(data) : `${data}, ${split}`);

interface Result {
  output: string | null;
  bytes: number | null;
  folder: string | null;
  pictures: { name: string }[];
}

function render({ output, bytes, folder, pictures }: Result): string {
  return [
    ...(output === null ? [] : [`${output}: ${grouped(bytes!)} bytes, open it in a browser`]),
    ...(folder === null
      ? []
      : [`${folder}: ${counted(pictures.length, 'picture')}, ${pictures.map(({ name }) => `${name}.svg`).join(', ')}`]),
  ].join('\n');
}

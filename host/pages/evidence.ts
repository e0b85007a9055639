/** docs/evidence.md, its drawings and build/results.html: what each byte buys, from bench/evidence.json. */
import { type FrontSeries, frontSvg } from '../drawing/frontSvg.ts';
import { markdownTable } from '../drawing/markdown.ts';
import { matrixSvg } from '../drawing/matrixSvg.ts';
import { stackedChart } from '../drawing/stackedChart.ts';
import {
  BUDGETS,
  type Choice,
  type Confusion,
  type EvidenceRecord,
  FAMILIES,
  type Family,
  type Match,
  type MethodPair,
  type Paired,
  type Point,
  type Progress,
  type SplitFacts,
  type TaskEvidence,
} from '../evidence/record.ts';
import type { Category } from '../records/categories.ts';
import { counted } from '../system/counted.ts';
import { grouped } from '../system/grouped.ts';
import { differenceIn, isSure, notRecorded, verdictOf, within } from './differences.ts';
import { type Block, type Document, decimals, type Section, type Table, thousands } from './document.ts';
import { mapOf } from './evidenceMap.ts';

/** What a split asks, where it is not people that training has never met. */
const SPLIT_TITLES: Record<string, string> = {
  later: 'later data of the same people',
  test: 'new people',
  'spoken-digits test': 'other takes of known speakers',
};

const titleOf = (task: string, { split, windows, groups, group }: SplitFacts): string =>
  `${split}: ${SPLIT_TITLES[`${task} ${split}`] ?? SPLIT_TITLES[split] ?? split}, ${grouped(windows)} windows of ` +
  counted(groups, group);

const groupsOf = ({ facts }: Pick<TaskEvidence, 'facts'>, split: string): number =>
  facts.find((one) => one.split === split)?.groups ?? 0;

const kB = (bytes: number): string => `${bytes / 1000} kB`;

const progressText = ({ grid, runs, missing }: Progress): string =>
  missing === 0
    ? `All ${grouped(runs)} runs of the grid \`${grid}\` are recorded.`
    : missing === runs
      ? `None of the ${grouped(runs)} runs of the grid \`${grid}\` is recorded.`
      : `Of the ${grouped(runs)} runs of the grid \`${grid}\` ${grouped(missing)} are missing.`;

export const evidencePage = ({ evidence }: { evidence: EvidenceRecord }): Document => ({
  title: 'What each byte buys',
  lead: `Six tasks on networks of one family, whose pointwise weights are held in ten ways, each at several widths: macro-F1 of
the packed image in the integer runtime against its bytes. \`npm run results\` makes this page and its drawings, and
\`build/results.html\` with all of it in one file, from the records of [sweeps](sweeps.md) in \`bench/sweeps\`; how many
are recorded is said below.

${progressText(evidence.pareto)} ${progressText(evidence.decisive)} ${progressText(evidence.fourTasks)}

Every network is trained end to end with the rounding of its method on from the first step, as many steps as any other,
and those that are compared from labels and from an INT8 network of the same layers at whole width; nothing else differs
between them but weights of pointwise layers and width.
Which of several networks stands in a table is chosen by macro-F1 on validation windows alone; which pairs are
[trained again](#decisive-pairs-again) by the table before. Figures are the mean over
seeds; intervals are 95 % of 2,000 resamples of groups (patients, subjects, speakers), and differences are made on the
same resamples. They say how far groups differ, not how far seeds do. A difference is **bold** where its interval
excludes 0, without a correction for how many there are. Comparisons are not independent: splits share networks, several
generated networks one control, and \`ecg-beats\` and \`pvc\` are the same windows with other labels. Of few groups (four
subjects, six, two for choosing on WISDM) such intervals are known to be too narrow. 1 kB is 1,000 bytes.`,
  sections: [
    mapOf({ evidence }),
    matchesSection(evidence),
    decisiveSection(evidence),
    keptSection(evidence),
    sharedSection(evidence),
    ...evidence.pareto.tasks.map(taskSection),
    bytesSection(evidence),
    confusionSection(evidence),
  ],
});

/** Where what is generated from something that was trained stands beside the best control of no more bytes. */
function matchesSection({ pareto: { tasks } }: EvidenceRecord): Section {
  const rows = tasks.flatMap((task) =>
    task.matches.flatMap(({ variant, control, differences }) =>
      differences.map((paired): string[] => {
        const [own, other] = [pointOf(task, variant), pointOf(task, control)];
        const groups = groupsOf(task, paired.split);
        return [
          task.task,
          FAMILIES[own.family],
          `\`${variant}\``,
          `\`${control}\``,
          paired.split,
          verdictOf(paired.interval, groups),
          differenceIn(paired, groups),
          `${paired.seeds.length}`,
          grouped(own.bytes),
          grouped(other.bytes),
          thousands(own.multiplyAccumulates),
          thousands(other.multiplyAccumulates),
          thousands(own.makingMacs),
          thousands(other.makingMacs),
        ];
      }),
    ),
  );
  const headings = ['task', 'generated', 'network', 'control', 'split', 'it', 'difference', 'seeds'];
  const costs = ['bytes', 'control', 'kMAC', 'control', 'boot kMAC', 'control'];
  return {
    title: 'Where generated weights beat, tie or lose',
    blocks: [
      `Every network with generated weights (a learned basis, or tiles) less the best of all others that takes no more bytes:
stored weights, codebooks, low rank, and random matrices that take no bytes. Thousands of multiply-accumulates are of an
inference and, at boot, of making all weights once.`,
      ...(rows.length > 0 ? [summaryOf(rows)] : []),
      tableOr([...headings, ...costs], rows, 6),
    ],
  };
}

/** "In 24 comparisons they beat the control in 2, tie in 20 and lose in 2." */
function summaryOf(rows: readonly string[][]): string {
  const count = (verdict: string): number => rows.filter((row) => row[5] === verdict).length;
  return `In ${counted(rows.length, 'comparison')} they beat the control in ${count('beats')}, tie in ${count('ties')} and lose in ${count('loses')}.`;
}

/** A difference of the table of matches, and the same on more seeds where it was trained again. */
interface Decisive {
  task: TaskEvidence;
  match: Match;
  paired: Paired;
  again: Match['again'][number] | undefined;
}

/** Of pairs of which a difference excludes 0, or did when they were chosen to be trained again. */
const decisiveOf = (tasks: readonly TaskEvidence[]): Decisive[] =>
  tasks.flatMap((task) =>
    task.matches
      .filter(({ differences, again }) => again.length > 0 || differences.some((one) => isSureIn(task, one)))
      .flatMap((match) =>
        match.differences.map((paired): Decisive => {
          const again = match.again.find(({ fresh }) => fresh.split === paired.split);
          return { task, match, paired, again };
        }),
      ),
  );

const isSureIn = (task: TaskEvidence, { split, interval }: Paired): boolean => isSure(interval, groupsOf(task, split));

function decisiveSection({ pareto: { tasks }, decisive }: EvidenceRecord): Section {
  const all = decisiveOf(tasks);
  const rows = all.map(({ task, match: { variant, control }, paired, again }) => {
    const inWords = (one: Paired): string => differenceIn(one, groupsOf(task, one.split));
    return [
      task.task,
      `\`${variant}\``,
      `\`${control}\``,
      paired.split,
      inWords(paired),
      again ? inWords(again.fresh) : 'not yet',
      again ? inWords(again.all) : '',
      `${(again?.all ?? paired).seeds.length}`,
    ];
  });
  const headings = ['task', 'generated', 'control', 'split', 'first seeds', 'fresh seeds', 'all seeds', 'seeds in all'];
  return {
    title: 'Decisive pairs again',
    blocks: [
      `Among so many, some differences are bold by chance. Pairs of the table above of which one excludes 0 are trained again
with two seeds that had no part in saying so (\`models/sweeps/decisive.json\`). _Fresh_ is what these say alone, _all_ what
they say with those that chose the pair, and so the less strict. All are judged on the same people: this tells luck of
training, not luck of who is in a split.`,
      ...againInWords(all),
      rows.length > 0 ? { headings, rows, from: 4 } : 'No difference of the table excludes 0.',
      ...(decisive.missing > 0 ? [notRecorded('decisive')] : []),
    ],
  };
}

/** How many of those that excluded 0 hold. */
function againInWords(all: readonly Decisive[]): string[] {
  const sure = all.filter(({ task, paired }) => isSureIn(task, paired));
  const seen = sure.flatMap(({ task, paired, again }) => (again ? [{ task, paired, ...again }] : []));
  const alike = (one: Paired, other: Paired): boolean =>
    Math.sign(one.interval.value) === Math.sign(other.interval.value);
  const count = (is: (one: (typeof seen)[number]) => boolean): number => seen.filter(is).length;
  const fresh = count((one) => alike(one.paired, one.fresh));
  const freshSure = count((one) => alike(one.paired, one.fresh) && isSureIn(one.task, one.fresh));
  const allSure = count((one) => alike(one.paired, one.all) && isSureIn(one.task, one.all));
  if (seen.length === 0) return [];
  return [
    `Of ${counted(sure.length, 'difference')} that excluded 0, ${seen.length} were looked at again: with fresh seeds alone ${fresh} have the
same sign, and ${freshSure} exclude 0; with all seeds ${allSure} do.`,
  ];
}

const pointOf = ({ points }: TaskEvidence, variant: string): Point => points.find((one) => one.variant === variant)!;

/** Or what to type for it; `only` as the sweep takes it. */
const tableOr = (headings: string[], rows: string[][], from: number, only?: string): Block =>
  rows.length > 0 ? { headings, rows, from } : notRecorded('pareto', only);

function keptSection({ pareto: { tasks } }: EvidenceRecord): Section {
  const rows = tasks.flatMap((task) => {
    return task.kept.flatMap(({ most, variant, bytes, ratios }) =>
      ratios.map(({ split, seeds, of, interval: { value, low, high } }) => [
        task.task,
        `\`${variant}\``,
        kB(most),
        grouped(bytes),
        split,
        ...of.map(decimals),
        groupsOf(task, split) < 2
          ? `${percent(value)}, one group`
          : `${percent(value)} (${percent(low)} to ${percent(high)})`,
        `${seeds.length}`,
      ]),
    );
  });
  return {
    title: 'Small beside big',
    blocks: [
      `What the best image within 16 and 32 kB keeps of the macro-F1 of \`RegularCNN1D\` in INT8, 1.46 MB, the large network of
the paper, trained as many steps on the same windows; once where it is the same image. \`shallow\` is trained as the
large one is, from labels alone: three wide layers for all tasks, at two widths, with the stems that other networks of
the task have; pointwise weights in INT4, all others in INT8. This shape was found on WISDM, where eight were tried and
looked at on all splits.`,
      tableOr(
        ['task', 'network', 'within', 'bytes', 'split', 'its F1', 'large', 'kept', 'seeds'],
        rows,
        3,
        'yardstick',
      ),
    ],
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function sharedSection({ pareto: { tasks, shared } }: EvidenceRecord): Section {
  const headings = ['image', 'tasks', 'bytes', 'controls', 'task', 'control', 'split', 'it', 'difference', 'seeds'];
  const rows = shared.flatMap(({ method, tasks: names, bytes, controls, controlBytes, differences, makingMacs }) =>
    differences.map((paired) => {
      const task = tasks.find((one) => one.task === paired.task)!;
      const groups = groupsOf(task, paired.split);
      return [
        `\`${method}\``,
        `${names.length}`,
        grouped(bytes),
        grouped(controlBytes),
        paired.task,
        `\`${controls[paired.task]}\``,
        paired.split,
        verdictOf(paired.interval, groups),
        differenceIn(paired, groups),
        `${paired.seeds.length}`,
        thousands(makingMacs),
      ];
    }),
  );
  return {
    title: 'Several tasks in one image',
    blocks: [
      `Two tasks that are alike, two that are not, and all six on one basis, each less the best controls of its own: those
images of the tasks alone that together take no more bytes and are the best in the mean on validation windows. \`random\`
images are beside them, on random matrices. The last column is what making all weights of the image once takes.`,
      tableOr([...headings, 'boot kMAC'], rows, 8, 'six'),
      'A new task on a basis that stays as it is: [sweeps](sweeps.md#what-came-out).',
    ],
  };
}

function taskSection(task: TaskEvidence): Section {
  const { facts, points, choices } = task;
  if (points.length === 0) return { title: task.task, blocks: [notRecorded('pareto', task.task)] };
  const splits = facts.map(({ split }) => split);
  const rows = BUDGETS.flatMap((budget) =>
    choices.filter((one) => one.budget === budget).map((choice) => choiceRow(task, choice)),
  );
  const headings = ['within', 'weights', 'network', 'bytes', 'kMAC', 'boot kMAC', 'seeds'];
  const figures = splits.flatMap((split) => [`F1 ${split}`, 'less the best control']);
  return {
    title: task.task,
    blocks: [
      `${facts.map((one) => `${titleOf(task.task, one)}.`).join(' ')}`,
      { drawing: `evidence/${task.task}.svg`, svg: taskDrawing(task), says: descriptionOf(task) },
      tableOr([...headings, ...figures], rows, 3),
      'All networks, whichever is the best of its kind:',
      pointsTable(task),
    ],
  };
}

function choiceRow(task: TaskEvidence, { budget, family, variant, bytes, differences, control }: Choice): string[] {
  const { multiplyAccumulates, makingMacs, seeds, splits } = pointOf(task, variant);
  return [
    kB(budget),
    FAMILIES[family],
    `\`${variant}\``,
    grouped(bytes),
    thousands(multiplyAccumulates),
    thousands(makingMacs),
    `${seeds.length}`,
    ...task.facts.flatMap(({ split, groups }) => {
      const paired = differences.find((one) => one.split === split);
      const difference = paired ? differenceIn(paired, groups) : control === null ? 'best control' : 'no common seed';
      return [within(splits[split]!), difference];
    }),
  ];
}

function pointsTable({ facts, points }: TaskEvidence): Table {
  const sorted = points.toSorted((a, b) => a.bytes - b.bytes || (a.variant < b.variant ? -1 : 1));
  return {
    headings: [
      'network',
      'weights',
      'bytes',
      'arena',
      'F1 validation',
      ...facts.map(({ split }) => `F1 ${split}`),
      'seeds',
    ],
    rows: sorted.map(({ variant, family, role, bytes, arenaBytes, validation, splits, seeds }) => [
      `\`${variant}\``,
      role === 'student' ? FAMILIES[family] : `${FAMILIES[family]}, from labels alone`,
      grouped(bytes),
      grouped(arenaBytes),
      decimals(validation),
      ...facts.map(({ split }) => within(splits[split]!)),
      seeds.join(' '),
    ]),
    from: 2,
  };
}

const descriptionOf = ({ task }: TaskEvidence): string => `${task}: macro-F1 against bytes of the image`;

/** docs/evidence/TASK.svg */
export function taskDrawing(task: TaskEvidence): string {
  const large = task.points.find(({ role }) => role === 'yardstick');
  const panels = task.facts.map((fact) => {
    const { split } = fact;
    const series = (Object.keys(FAMILIES) as Family[]).map((family) => seriesOf(task, family, split));
    const reached = large?.splits[split];
    const line = reached
      ? { value: reached.value, meaning: `RegularCNN1D, INT8, ${grouped(large.bytes)} bytes` }
      : null;
    return { title: titleOf(task.task, fact), y: 'macro-F1', series, line };
  });
  return frontSvg({ title: descriptionOf(task), description: describedFront(task), panels });
}

function seriesOf({ points }: TaskEvidence, family: Family, split: string): FrontSeries {
  const own = points.filter((one) => one.role === 'student' && one.family === family);
  return {
    name: FAMILIES[family],
    points: own
      .toSorted((a, b) => a.bytes - b.bytes)
      .map(({ variant, bytes, splits, seeds }) => {
        const interval = splits[split as keyof typeof splits]!;
        const said = `${variant}: ${grouped(bytes)} bytes, ${within(interval)}, ${counted(seeds.length, 'seed')}`;
        return { said, bytes, ...interval };
      }),
  };
}

const describedFront = ({ points }: TaskEvidence): string =>
  points.length === 0
    ? 'Nothing is recorded yet.'
    : `${counted(points.length, 'network')} of ${grouped(Math.min(...points.map(({ bytes }) => bytes)))} to ` +
      `${grouped(Math.max(...points.map(({ bytes }) => bytes)))} bytes; the tables have their figures.`;

/** Categories of an image, as few as tell something. */
export const PARTS: [title: string, categories: Category[]][] = [
  ['pointwise weights', ['PW1', 'pointwise']],
  ['basis or codebook', ['basis/head', 'codebook']],
  ['codes, indices, generator', ['codes', 'indices', 'generator']],
  ['quantisation tables', ['quantisation tables']],
  ['depthwise', ['depthwise', 'convolution']],
  ['stem and classifier', ['stem', 'classifier']],
  ['records and metadata', ['header', 'program', 'plan', 'metadata', 'trailer']],
];

const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, one) => sum + one, 0);

const partsOf = ({ categories }: Pick<Point, 'categories'>): number[] =>
  PARTS.map(([, names]) => names.reduce((sum, name) => sum + (categories[name] ?? 0), 0));

/** The networks of whole width of a task, which differ in nothing but how weights are held. */
function wholeWidth({ points }: TaskEvidence): Point[] {
  const families = Object.keys(FAMILIES);
  return points
    .filter(({ variant, role }) => role === 'student' && variant.endsWith('-w100'))
    .toSorted((a, b) => families.indexOf(a.family) - families.indexOf(b.family) || b.bytes - a.bytes);
}

/** docs/evidence/bytes.svg: of the first task that has the most. */
export function bytesDrawing({ evidence }: { evidence: EvidenceRecord }): string {
  const [task] = evidence.pareto.tasks.toSorted((a, b) => wholeWidth(b).length - wholeWidth(a).length);
  const points = task ? wholeWidth(task) : [];
  return stackedChart({
    title: `Bytes by what they are for: ${task?.task ?? 'nothing is recorded yet'}, networks of whole width`,
    description: points.map((point) => `${point.variant} ${grouped(sumOf(partsOf(point)))}`).join(', '),
    parts: PARTS.map(([title]) => title),
    bars: points.map((point) => {
      const amounts = partsOf(point);
      return { label: point.variant, amounts, text: grouped(sumOf(amounts)) };
    }),
  });
}

function bytesSection(records: EvidenceRecord): Section {
  const { tasks } = records.pareto;
  const rows = tasks.flatMap((task) =>
    wholeWidth(task).map((point) => [
      task.task,
      `\`${point.variant}\``,
      ...partsOf(point).map((bytes) => grouped(bytes)),
      grouped(sumOf(partsOf(point))),
    ]),
  );
  const parts = PARTS.map(([title]) => title);
  const svg = bytesDrawing({ evidence: records });
  return {
    title: 'Bytes by what they are for',
    blocks: [
      'Networks of whole width, of the first seed.',
      ...(rows.length > 0
        ? [{ drawing: 'evidence/bytes.svg', svg, says: 'Bytes of networks of whole width by what they are for' }]
        : []),
      tableOr(['task', 'network', ...parts, 'sum'], rows, 2, 'w100'),
      ...fourTasksBytes(records, parts),
    ],
  };
}

/** Of four tasks, all images of a method together. */
function fourTasksBytes({ fourTasks }: EvidenceRecord, parts: string[]): Block[] {
  if (fourTasks.bytes.length === 0) return [`Four tasks: ${notRecorded('four-tasks')}`];
  const rows = fourTasks.bytes.map((one) => [
    `\`${one.method}\``,
    `${one.images}`,
    ...partsOf(one).map((bytes) => grouped(bytes)),
    grouped(one.bytes),
  ]);
  return [
    'Four tasks, all images of a method together, of the first seed that has all:',
    {
      drawing: 'evidence/four-tasks.svg',
      svg: fourTasksDrawing({ evidence: { fourTasks } }),
      says: 'Bytes of four tasks',
    },
    { headings: ['method', 'images', ...parts, 'sum'], rows, from: 1 },
  ];
}

/** docs/evidence/four-tasks.svg */
export function fourTasksDrawing({ evidence }: { evidence: Pick<EvidenceRecord, 'fourTasks'> }): string {
  const { bytes: all } = evidence.fourTasks;
  return stackedChart({
    title: 'Bytes by what they are for: four tasks',
    description: all.map(({ method, bytes }) => `${method} ${grouped(bytes)}`).join(', '),
    parts: PARTS.map(([title]) => title),
    bars: all.map((one) => ({ label: one.method, amounts: partsOf(one), text: grouped(one.bytes) })),
  });
}

/** What the best network within 16 kB answers, and the one basis for four tasks. */
function confusionSection({ pareto, fourTasks }: EvidenceRecord): Section {
  const blocksOf = (all: readonly Confusion[], title: string, missing: string): Block[] => [
    title,
    ...(all.length > 0
      ? all.map((one): Block => ({ drawing: confusionPath(one), svg: confusionDrawing(one), says: saidOf(one) }))
      : [missing]),
  ];
  return {
    title: 'What is taken for what',
    blocks: [
      'Answers to windows of the test split, all seeds together: a row for each label, in percent of it.',
      ...blocksOf(
        pareto.confusions,
        'The best network of each task within 16 kB, by validation windows:',
        notRecorded('pareto'),
      ),
      ...blocksOf(fourTasks.confusions, 'One basis for four tasks:', notRecorded('four-tasks', 'taught.learned')),
    ],
  };
}

const confusionPath = ({ task, method }: Confusion): string =>
  `evidence/confusion-${method === 'taught.learned' ? 'shared-' : ''}${task}.svg`;

const saidOf = ({ task, method, split }: Confusion): string => `${task}, ${method}: answers on ${split}`;

/** docs/evidence/confusion-*.svg */
export function confusionDrawing(confusion: Confusion): string {
  const { classes, counts, seeds, split } = confusion;
  const right = counts.map((row, i) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return `${classes[i]} ${all === 0 ? 'has none' : `${Math.round((100 * row[i]!) / all)} %`}`;
  });
  return matrixSvg({
    title: `${confusion.task}, ${confusion.method}, ${split}, ${counted(seeds.length, 'seed')}`,
    description: `Answered right: ${right.join(', ')}.`,
    classes,
    counts,
  });
}

/** Drawings of confusion by their paths in docs/, of what is recorded. */
export const confusionDrawings = ({ evidence }: { evidence: EvidenceRecord }): Map<string, string> =>
  new Map(
    [...evidence.pareto.confusions, ...evidence.fourTasks.confusions].map((one) => [
      confusionPath(one),
      confusionDrawing(one),
    ]),
  );

/** The section of docs/sweeps.md: pairs of methods of the sweep of four tasks. */
export function fourTasksSection({ evidence }: { evidence: EvidenceRecord }): string {
  const { pairs, ...progress } = evidence.fourTasks;
  const tables = pairs.map((pair) => (pair.rows.length > 0 ? pairTable(pair) : `${pairTitle(pair)}: not recorded.\n`));
  const missing = pairs.some(({ rows }) => rows.length === 0) ? `${notRecorded('four-tasks')}\n` : '';
  return `${progressText(progress)} Differences are of macro-F1, first minus second; bold where the interval excludes 0.

${[...tables, ...(missing ? [missing] : [])].join('\n')}`;
}

const pairTitle = ({ methods: [first, second] }: MethodPair): string => `\`${first}\` less \`${second}\``;

function pairTable(pair: MethodPair): string {
  const { methods, rows, bytes } = pair;
  const [first, second] = bytes!;
  const table = markdownTable(
    ['task', 'split', 'groups', ...methods, 'difference', 'seeds', 'bytes', 'bytes of the other'],
    rows.map((row) => [
      row.program,
      row.split,
      counted(row.groups, row.group),
      decimals(row.first.value),
      decimals(row.second.value),
      differenceIn({ interval: row.difference }, row.groups),
      `${row.seeds.length}`,
      grouped(Math.round(row.bytes[0])),
      grouped(Math.round(row.bytes[1])),
    ]),
    3,
  );
  return `${pairTitle(pair)}; all images or add-ons take ${grouped(first)} and ${grouped(second)} bytes, ${(first / second).toFixed(2)} x:\n\n${table}`;
}

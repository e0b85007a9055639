/** htpw card: what a packed image is, in Markdown, measured beside its controls. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { describeAccounts, type Part, type Split } from '../data/part.ts';
import { dataSetList, dataSetNames } from '../data/registry.ts';
import { countClasses } from '../data/windows.ts';
import { type Evaluation, evaluate } from '../evaluate/evaluate.ts';
import { assertTakes, scoreWindows, trainedOn, unlike } from '../evaluate/scoring.ts';
import { summaryOf } from '../evaluate/table.ts';
import { bytesByCategory, regionsOf } from '../image/regions.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { counted } from '../system/counted.ts';
import { named } from '../system/errors.ts';
import { planOutput } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { classNamesOf, openTask, type Task, type TaskData } from '../task/task.ts';
import { readConfig, type TrainConfig } from '../train/config.ts';
import { describeNetwork } from '../train/network.ts';
import { readImage } from './image.ts';
import { LEAD_OPTION, oneOf, valued } from './options.ts';
import { print, UsageError, withProgress } from './verb.ts';

/** A generated model should keep this share of what its stored twin reaches. */
const KEEP = 0.95;
/** Reported, of those that the data set has. */
const REPORTED: readonly Split[] = ['later', 'test'];

interface CardFlags {
  config: string;
  data?: string;
  lead?: string;
  output?: string;
  json?: boolean;
}

interface Named {
  path: string;
  image: Uint8Array;
}

interface Measured {
  path: string;
  /** data set that it was trained on, if the image says */
  trainedOn: string | null;
  sha256: string;
  bytes: number;
  categories: Record<string, number>;
  arenaBytes: number;
  results: Partial<Record<Split, Evaluation>>;
}

export function cardVerb(program: Command): void {
  program
    .command('card <image> [controls...]')
    .summary('model card: an image measured beside its controls')
    .description(
      'Evaluate packed images on the test split, and on later windows of the training groups where the data set has them, and write a model card in Markdown. The first control is the twin: the same network, pointwise weights stored in INT8.',
    )
    .requiredOption('--config <file>', 'configuration that the image was trained with')
    .addOption(valued('--data <name>', `${dataSetList()}; default: that of the task`, oneOf(dataSetNames())))
    .option(...LEAD_OPTION)
    .option('-o, --output <file>', 'where the card goes; default beside the image, .md')
    .option('--json', 'machine-readable account of the card')
    .addHelpText(
      'after',
      '\nExample:\n  htpw card models/ecg-beats.htpw models/controls/ecg-beats-int8.htpw models/controls/ecg-beats-int4.htpw --config models/configs/ecg-beats.json',
    )
    .action(async (path: string, controls: string[], flags: CardFlags) => {
      const output = planOutput(flags.output ?? `${path.replace(/\.htpw$/, '')}.md`, {
        inputs: [path, ...controls, flags.config],
      });
      const [own, ...others] = [path, ...controls].map((name) => ({ path: name, image: readImage(name) }));
      const config = readConfig(flags.config);
      assertTrainedWith(own, config, flags.config);
      const data = openTask(config.task, { data: flags.data, lead: flags.lead });
      const networks = [own, ...others].map((image) => openNetwork(image, config.task));
      const parts = loadParts(data);
      const measured = await withProgress('card', (report) =>
        networks.map((network, i) => {
          report(i, networks.length, network.path);
          return measure(network, parts, config.task, data);
        }),
      );
      output.write(render(measured, { config, path: flags.config, data, parts, controls }));
      const loaded = Object.values(parts).map(({ account }) => account);
      const accounts = Object.fromEntries(loaded.map((account) => [account.split, account]));
      const notes = [...new Set(measured.flatMap(({ trainedOn }) => unlike(trainedOn, data.set.name)))];
      const reported = Object.keys(measured[0].results);
      const said = () =>
        [
          `${output.name}: ${counted(measured.length, 'image')}, ${reported.join(' and ')} ${data.set.unit}s of ${data.set.name}`,
          describeAccounts(loaded),
          ...notes,
        ].join('\n');
      const result = { output: output.name, images: [path, ...controls], data: data.set.name, accounts };
      print(flags.json, result, said, output);
    });
}

/** The card says that training with the configuration makes the image: what both say of it must agree. */
function assertTrainedWith({ path, image }: Named, config: TrainConfig, file: string): void {
  const metadata = named(shownPath(path), () => new ImageView(image).metadata());
  const wrong = (['name', 'seed', 'epochs'] as const).find(
    (field) => metadata[field] !== undefined && metadata[field] !== config[field],
  );
  if (wrong)
    throw new UsageError(
      `${shownPath(path)}: ${wrong} in its metadata: expected ${JSON.stringify(config[wrong])}, as in ` +
        `${shownPath(file)}, got ${JSON.stringify(metadata[wrong])}; give the configuration that it was trained with`,
    );
}

type Parts = Partial<Record<Split, Part>>;

const loadParts = ({ set, load }: TaskData): Parts =>
  Object.fromEntries(set.splits.map((split) => [split, load(split)]));

interface Network extends Named {
  view: ImageView;
  runtime: Runtime;
}

/** Throws UsageError for an image that is made for something else. */
function openNetwork({ path, image }: Named, task: Task): Network {
  const [view, runtime] = [new ImageView(image), new Runtime(image, FASTEST).load()];
  assertTakes(
    path,
    task,
    runtime,
    named(shownPath(path), () => view.metadata()),
  );
  return { path, image, view, runtime };
}

function measure({ path, view, runtime }: Network, parts: Parts, task: Task, { set }: TaskData): Measured {
  const validation = scoreWindows(runtime, parts.validation!);
  const results: Measured['results'] = {};
  for (const split of REPORTED) {
    const part = parts[split];
    if (!part) continue;
    results[split] = evaluate({
      ...scoreWindows(runtime, part),
      classNames: part.classNames,
      validation,
      metrics: task.metrics,
      task: task.name,
      split,
      unit: set.unit,
      group: set.group,
    });
  }
  return {
    path,
    trainedOn: trainedOn(view.metadata()),
    sha256: createHash('sha256').update(view.bytes).digest('hex'),
    bytes: view.bytes.length,
    categories: bytesByCategory(regionsOf(view)),
    arenaBytes: runtime.arenaBytes(),
    results,
  };
}

interface Shown {
  config: TrainConfig;
  path: string;
  data: TaskData;
  parts: Parts;
  controls: string[];
}

function render(measured: Measured[], { config, path, data, parts, controls }: Shown): string {
  const [own, twin] = measured;
  const { task } = config;
  const { unit, group, name: dataName } = data.set;
  const name = basename(own.path, '.htpw');
  const elsewhere = dataName === task.data.set ? '' : ` --data ${dataName}`;
  const test = own.results.test!;
  const reported = REPORTED.filter((split) => own.results[split]);
  return `# ${name}

${wrapped(task.about)}
${wrapped(describeNetwork(config.network))}

SHA-256 of the image: \`${own.sha256}\`

    npx htpw train --data ${own.trainedOn ?? dataName} --config ${path} -o ${own.path}
    npx htpw card ${[own.path, ...controls].join(' ')} --config ${path}${elsewhere}

The first command makes the image again, byte for byte, on the same version of Node (this one: ${process.version}); the
second wrote this page. All figures are of packed images in the integer runtime.

## Data

${data.set.about}

${columnsOf(['split', 'records', ...classNamesOf(task)], countsOf(parts))}
## Bytes

${columnsOf(
  ['category', ...measured.map(({ path }) => basename(path, '.htpw'))],
  [
    ...Object.keys(Object.assign({}, ...measured.map(({ categories }) => categories))).map((category) => [
      category,
      ...measured.map(({ categories }) => (categories[category] ?? 0).toLocaleString('en-US')),
    ]),
    ['**image**', ...measured.map(({ bytes }) => `**${bytes.toLocaleString('en-US')}**`)],
    ['arena (RAM)', ...measured.map(({ arenaBytes }) => arenaBytes.toLocaleString('en-US'))],
  ],
)}
## Accuracy

Value, and 95 % interval from resampling ${group}s.${
    own.results.later
      ? ` *Later* is time of the training ${group}s behind what was trained on: how much\nfunction the bytes hold.`
      : ''
  } *Test* is what nothing was learned from or chosen by.

${reported.map((split) => splitSection(measured, split)).join('\n')}
${twin ? verdict(own, twin) : ''}
### Per class, ${name}

${columnsOf(
  ['class', 'split', 'precision', 'recall', 'F1', `${unit}s`],
  reported.flatMap((split) =>
    own.results[split]!.perClass.map((c) => [
      c.name,
      split,
      fixed(c.precision),
      fixed(c.recall),
      fixed(c.f1),
      String(c.support),
    ]),
  ),
)}
Confusion on the test split, rows are labels:

${columnsOf(
  ['', ...test.perClass.map((c) => c.name)],
  test.confusion.map((row, i) => [test.perClass[i].name, ...row.map(String)]),
)}
## What to know

${[...(config.notes ?? []), ...task.caveats, ...caveats(own, parts)].map((caveat) => wrapped(`* ${caveat}`, '  ')).join('\n')}
`;
}

/** Records and windows of each class, split by split. */
const countsOf = (parts: Parts): string[][] =>
  Object.entries(parts).map(([split, part]) => [
    split,
    String(new Set(part.records).size),
    ...countClasses(part).map((n) => n.toLocaleString('en-US')),
  ]);

function splitSection(measured: Measured[], split: Split): string {
  const { n, groups, unit, group } = measured[0].results[split]!;
  const title = split === 'later' ? `Later ${unit}s of the training ${group}s` : 'Test';
  const rows = summaryOf(measured[0].results[split]!).map(([label], i) => [
    label,
    ...measured.map(({ results }) => interval(summaryOf(results[split]!)[i]?.[1])),
  ]);
  return `### ${title} (${counted(n, unit)}, ${counted(groups, group)})

${columnsOf(['', ...measured.map(({ path }) => basename(path, '.htpw'))], rows)}`;
}

/** What the figures themselves call for. */
function caveats({ results }: Measured, { train, validation, test }: Parts): string[] {
  const { versusRest, unit, group } = results.test!;
  const known = new Set([train, validation].flatMap((part) => part?.groups ?? []));
  const shared = [...new Set(test!.groups)].filter((name) => known.has(name));
  return [
    ...(versusRest
      ? [
          `t* for ${versusRest.class} against the rest (${fixed(versusRest.threshold)}) was chosen on the validation ` +
            `${unit}s and is brittle; so was everything else that was chosen.`,
        ]
      : []),
    shared.length === 0
      ? `No ${group} of the test split was trained or validated on.`
      : `Each ${group} of these in the test split was trained or validated on: ${shared.join(', ')}.`,
  ];
}

function verdict(own: Measured, twin: Measured): string {
  const lines = Object.entries(own.results).flatMap(([split, mine]) => {
    const its = twin.results[split as Split]!;
    const shares: [string, number][] = [['macro-F1', mine.macroF1.value / its.macroF1.value]];
    if (mine.among && its.among)
      shares.push([`macro-F1 of ${mine.among.classes.join(', ')}`, mine.among.macroF1.value / its.among.macroF1.value]);
    return shares.map(([metric, share]) => {
      const kept = share >= KEEP ? 'kept' : `**below** the ${100 * KEEP} % aimed at`;
      return `* ${metric} on ${split} ${mine.unit}s: ${(100 * share).toFixed(1)} % of the twin's; ${kept}.`;
    });
  });
  const share = ((100 * own.bytes) / twin.bytes).toFixed(0);
  return `Against the same network with pointwise weights stored in INT8 (${basename(twin.path)}), at ${share} % of its bytes:

${lines.join('\n')}
`;
}

/** Lines of at most 120 characters; all but the first begin with `indent`. */
function wrapped(text: string, indent = ''): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= 120) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : indent + word);
  }
  return lines.join('\n');
}

function interval(i: { value: number; low: number; high: number } | undefined): string {
  return i ? `${fixed(i.value)} (${fixed(i.low)} to ${fixed(i.high)})` : '';
}

/** Three decimals; what is undefined is a dash. */
function fixed(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(3);
}

function columnsOf(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n').concat('\n');
}

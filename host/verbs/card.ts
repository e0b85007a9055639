/** htpw card: what a packed image is, in Markdown, measured beside its controls. */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { countClasses } from '../data/beats.ts';
import { DATASET_LIST, DATASET_NAMES, type Dataset, openDataset } from '../data/dataset.ts';
import { SAME_PERSON_AS_TEST, TRAINING, VALIDATION } from '../data/mitbih.ts';
import { describeAccounts, type Part, SPLITS, type Split } from '../data/part.ts';
import { assertTakesBeats, scoreBeats, trainedOn, unlike } from '../evaluate/beats.ts';
import { type Evaluation, evaluate } from '../evaluate/evaluate.ts';
import { bytesByCategory, regionsOf } from '../image/regions.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { counted } from '../system/counted.ts';
import { named } from '../system/errors.ts';
import { planOutput } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { readConfig } from '../train/config.ts';
import { readImage } from './image.ts';
import { LEAD_OPTION, oneOf, valued } from './options.ts';
import { print, UsageError, withProgress } from './verb.ts';

/** A generated model should keep this share of what its stored twin reaches. */
const KEEP = 0.95;
const REPORTED = ['later', 'test'] as const;

interface CardFlags {
  config: string;
  data: string;
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
  results: Record<(typeof REPORTED)[number], Evaluation>;
}

export function cardVerb(program: Command): void {
  program
    .command('card <image> [controls...]')
    .summary('model card: an image measured beside its controls')
    .description(
      'Evaluate packed images on later beats of the training patients and on the test patients, and write a model card in Markdown. The first control is the twin: the same network, pointwise weights stored in INT8.',
    )
    .requiredOption('--config <file>', 'configuration that the image was trained with')
    .addOption(valued('--data <name>', DATASET_LIST, oneOf(DATASET_NAMES), 'mitbih'))
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
      assertTrainedWith(own, flags.config);
      const dataset = openDataset(flags.data, { lead: flags.lead });
      const networks = [own, ...others].map(openNetwork);
      const parts = loadParts(dataset);
      const measured = await withProgress('card', (report) =>
        networks.map((network, i) => {
          report(i, networks.length, network.path);
          return measure(network, parts);
        }),
      );
      output.write(render(measured, flags.config, dataset, parts, controls));
      const accounts = Object.fromEntries(SPLITS.map((split) => [split, parts[split].account]));
      const notes = [...new Set(measured.flatMap(({ trainedOn }) => unlike(trainedOn, dataset.name)))];
      const said = () =>
        [
          `${output.name}: ${counted(measured.length, 'image')}, ${REPORTED.join(' and ')} beats of ${dataset.name}`,
          describeAccounts(SPLITS.map((split) => parts[split].account)),
          ...notes,
        ].join('\n');
      const result = { output: output.name, images: [path, ...controls], data: dataset.name, accounts };
      print(flags.json, result, said, output);
    });
}

/** The card says that training with the configuration makes the image: what both say of it must agree. */
function assertTrainedWith({ path, image }: Named, file: string): void {
  const config = readConfig(file);
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

type Parts = Record<Split, Part>;

const loadParts = (dataset: Dataset): Parts =>
  Object.fromEntries(SPLITS.map((split) => [split, dataset.load(split)])) as Parts;

interface Network extends Named {
  view: ImageView;
  runtime: Runtime;
}

/** Throws UsageError for an image that is made for something else. */
function openNetwork({ path, image }: Named): Network {
  const [view, runtime] = [new ImageView(image), new Runtime(image, FASTEST).load()];
  assertTakesBeats(
    path,
    runtime,
    named(shownPath(path), () => view.metadata()),
  );
  return { path, image, view, runtime };
}

function measure({ path, view, runtime }: Network, parts: Parts): Measured {
  const score = (split: Split) => scoreBeats(runtime, parts[split], () => {});
  const validation = score('validation');
  const results = {} as Measured['results'];
  for (const split of REPORTED) {
    const { classNames } = parts[split];
    results[split] = evaluate({ ...score(split), classNames, validation, task: 'ecg-beats', split });
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

function render(
  measured: Measured[],
  config: string,
  { name: data }: Dataset,
  parts: Parts,
  controls: string[],
): string {
  const [own, twin] = measured;
  const name = basename(own.path, '.htpw');
  const { later, test } = own.results;
  return `# ${name}

Beat classes N, S, V, F (AAMI) from one ECG lead: 320 raw samples at 120 Hz, the beat in the middle. The device makes the z-score itself.
Five depthwise-separable blocks; PW1 is stored, the pointwise weights behind it are generated from one shared basis.
For research and demonstration; not a medical device.

SHA-256 of the image: \`${own.sha256}\`

    npx htpw train --data ${own.trainedOn ?? data} --config ${config} -o ${own.path}
    npx htpw card ${[own.path, ...controls].join(' ')} --config ${config}${data === 'mitbih' ? '' : ` --data ${data}`}

The first command makes the image again, byte for byte, on the same version of Node (this one: ${process.version}); the second wrote this page.
All figures are of packed images in the integer runtime.

## Data

${dataSection(data, parts)}
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

Value, and 95 % interval from resampling patients. *Later* is the last quarter of each training record: how much function the bytes
hold. *Test* is other people.

${REPORTED.map(
  (
    split,
  ) => `### ${split === 'later' ? 'Later beats of the training patients' : 'Test patients'} (${own.results[split].n.toLocaleString('en-US')} beats, ${own.results[split].patients} patients)

${metricsTable(measured, split)}`,
).join('\n')}
${twin ? verdict(own, twin) : ''}
### Per class, ${name}

${columnsOf(
  ['class', 'split', 'precision', 'recall', 'F1', 'beats'],
  REPORTED.flatMap((split) =>
    own.results[split].perClass.map((c) => [
      c.name,
      split,
      fixed(c.precision),
      fixed(c.recall),
      fixed(c.f1),
      String(c.support),
    ]),
  ),
)}
Confusion on the test patients, rows are labels:

${columnsOf(
  ['', ...test.perClass.map((c) => c.name)],
  test.confusion.map((row, i) => [test.perClass[i].name, ...row.map(String)]),
)}
## What to know

* S beats come from few patients, and most of the test set's from one: S and F figures on new people say little about any model.
  The interval is the message, not the value.
* t* for V against the rest (${fixed(test.vVersusRest?.threshold ?? Number.NaN)}) was chosen on the validation patients and is brittle; so was everything else that was chosen.
* ${later.sharedPatients.length + test.sharedPatients.length === 0 ? 'No patient of the test split was trained or validated on.' : `Patients shared with validation: ${[...later.sharedPatients, ...test.sharedPatients].join(', ')}.`}
`;
}

function dataSection(data: Dataset['name'], parts: Parts): string {
  const counts = (['train', ...REPORTED, 'validation'] as Split[]).map((split) => {
    const set = parts[split];
    return [split, String(new Set(set.records).size), ...countClasses(set).map((n) => n.toLocaleString('en-US'))];
  });
  const source =
    data !== 'mitbih'
      ? 'Synthetic ECG of a dynamical model (McSharry, Clifford, Tarassenko & Smith 2003): no figure here is about people.'
      : `MIT-BIH Arrhythmia Database, inter-patient: DS1 without ${SAME_PERSON_AS_TEST.join(', ')} (a person of the test set) for training (${TRAINING.join(' ')};
the first three quarters of each record), whole records ${VALIDATION.join(' ')} of DS1 for validation, DS2 for the test as far as its records are at hand.`;
  return `${source}\n\n${columnsOf(['split', 'records', 'N', 'S', 'V', 'F'], counts)}`;
}

function metricsTable(measured: Measured[], split: (typeof REPORTED)[number]): string {
  const rows: [string, (e: Evaluation) => { value: number; low: number; high: number } | undefined][] = [
    ['macro-F1', (e) => e.macroF1],
    ['macro-F1 of N, S, V', (e) => e.macroF1NSV ?? undefined],
    ['macro-F1 of V against the rest at t*', (e) => e.vVersusRest?.macroF1],
    ['balanced accuracy', (e) => e.balancedAccuracy],
    ['AUC, one against the rest', (e) => e.auc],
    ['accuracy', (e) => e.accuracy],
  ];
  return columnsOf(
    ['', ...measured.map(({ path }) => basename(path, '.htpw'))],
    rows.map(([label, of]) => [label, ...measured.map(({ results }) => interval(of(results[split])))]),
  );
}

function verdict(own: Measured, twin: Measured): string {
  const shares = [
    ['macro-F1 on later beats', own.results.later.macroF1.value / twin.results.later.macroF1.value],
    [
      'macro-F1 of N, S, V on test patients',
      (own.results.test.macroF1NSV?.value ?? 0) / (twin.results.test.macroF1NSV?.value ?? 1),
    ],
  ] as const;
  const lines = shares.map(
    ([what, share]) =>
      `* ${what}: ${(100 * share).toFixed(1)} % of the twin's; ${share >= KEEP ? 'kept' : `**below** the ${100 * KEEP} % aimed at`}.`,
  );
  return `Generated against the same network with pointwise weights stored in INT8 (${basename(twin.path)}), at ${((100 * own.bytes) / twin.bytes).toFixed(0)} % of its bytes:

${lines.join('\n')}
`;
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

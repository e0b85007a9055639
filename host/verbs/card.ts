/** htpw card: what a packed image is, in Markdown, measured beside its controls. */
import { type Command, Option } from 'commander';
import { judge, type MadeProgram, madeCard } from '../card/made.ts';
import { loadParts, measure, type Named, openNetwork, saidOf } from '../card/measure.ts';
import { reportedOf } from '../card/sections.ts';
import { trainedCard } from '../card/trained.ts';
import { type Account, describeAccounts } from '../data/part.ts';
import { dataSetList, dataSetNames } from '../data/registry.ts';
import { taskOfImage, unlike } from '../evaluate/scoring.ts';
import { programName } from '../records/names.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { counted } from '../system/counted.ts';
import { isRegularFile, type Output, planOutput } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { openTask, type Task } from '../task/task.ts';
import { readConfig, type TrainConfig } from '../train/config.ts';
import { readImage } from './image.ts';
import { commandOf, LEAD_OPTION, oneOf, valued } from './options.ts';
import { print, UsageError, withProgress } from './verb.ts';

interface CardFlags {
  config?: string;
  made?: string;
  data?: string;
  lead?: string;
  output?: string;
  json?: boolean;
}

export function cardVerb(program: Command): void {
  program
    .command('card <image> [controls...]')
    .summary('model card: an image measured beside its controls')
    .description(
      'Evaluate packed images on the test split, and on later windows of the training groups where the data set has them, and write a model card in Markdown. Of an image that was trained (--config) the first control is the twin: the same network, pointwise weights stored in INT8. Of one that a command made of others (--made) each program is measured on the task that its metadata name, beside the controls for that task: the originals.',
    )
    .option('--config <file>', 'configuration that the image was trained with')
    .addOption(
      new Option('--made <command>', 'the command that made the image of others, for the card').conflicts([
        'config',
        'data',
        'lead',
      ]),
    )
    .addOption(valued('--data <name>', `${dataSetList()}; default: that of the task`, oneOf(dataSetNames())))
    .option(...LEAD_OPTION)
    .option('-o, --output <file>', 'where the card goes; default beside the image, .md')
    .option('--json', 'machine-readable account of the card')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw card models/ecg-beats.htpw models/controls/ecg-beats-int8.htpw models/controls/ecg-beats-int4.htpw --config models/configs/ecg-beats.json\n  htpw card build/all.htpw ecg.htpw motion.htpw --made "htpw join ecg.htpw motion.htpw -o build/all.htpw"',
    )
    .action(async (path: string, controls: string[], flags: CardFlags) => {
      if ((flags.config ?? flags.made) === undefined)
        throw new UsageError(
          'card: expected --config <file> of an image that was trained, or --made <command> that made it of others, got neither',
        );
      if (flags.output === undefined && !isRegularFile(path))
        throw new UsageError(
          `${shownPath(path)}: expected a file, beside which the card goes; say where with -o <file>`,
        );
      const output = planOutput(flags.output ?? `${path.replace(/\.htpw$/, '')}.md`, {
        inputs: [path, ...controls, flags.config],
      });
      const [own, ...others] = [path, ...controls].map((name) => ({ path: name, image: readImage(name) })) as [
        Named,
        ...Named[],
      ];
      const written =
        flags.config === undefined
          ? await cardOfMade(own, others, flags.made!, output)
          : await cardOfTrained(own, others, flags.config, flags, output);
      const { said, ...result } = written;
      print(flags.json, { output: output.name, images: [path, ...controls], ...result }, () => said, output);
    });
}

/** What is said of a card that is written. */
interface Written {
  /** data sets of its figures */
  data: string | string[];
  /** of the windows that were used: by split, and where there are several programs by program in front */
  accounts: Record<string, Account>;
  said: string;
}

async function cardOfTrained(
  own: Named,
  others: readonly Named[],
  file: string,
  { data: from, lead }: CardFlags,
  output: Output,
): Promise<Written> {
  const config = readConfig(file);
  assertTrainedWith(own, config, file);
  const data = openTask(config.task, { data: from, lead });
  const networks = [own, ...others].map((image) => openNetwork(image, config.task));
  const parts = loadParts(data);
  const measured = await withProgress('card', (report) =>
    networks.map((network, i) => {
      report(i, networks.length, network.path);
      return measure(network, parts, config.task, data);
    }),
  );
  const controls = others.map(({ path }) => path);
  output.write(trainedCard(measured, { config, path: file, data, parts, controls }));
  const loaded = Object.values(parts).map(({ account }) => account);
  const notes = [...new Set(measured.flatMap(({ trainedOn }) => unlike(trainedOn, data.set.name)))];
  const reported = reportedOf(measured[0]!).join(' and ');
  return {
    data: data.set.name,
    accounts: Object.fromEntries(loaded.map((account) => [account.split, account])),
    said: [
      `${output.name}: ${counted(measured.length, 'image')}, ${reported} ${data.set.unit}s of ${data.set.name}`,
      describeAccounts(loaded),
      ...notes,
    ].join('\n'),
  };
}

async function cardOfMade(own: Named, others: readonly Named[], made: string, output: Output): Promise<Written> {
  const programs = madePrograms(own, others);
  const judged = await withProgress('card', (report) =>
    programs.map((program, i) => {
      report(i, programs.length, program.task.name);
      return judge(program);
    }),
  );
  const words = ['card', ...[own, ...others].map(({ path }) => path), '--made', made];
  output.write(madeCard(judged, [npx(made), npx(commandOf('htpw', ...words))]));
  const accounts = judged.flatMap(({ name, parts }) =>
    Object.entries(parts).map(([split, { account }]) => [`${name} ${split}`, account] as const),
  );
  return {
    data: [...new Set(judged.map(({ data }) => data.set.name))],
    accounts: Object.fromEntries(accounts),
    said: [
      `${output.name}: ${counted(judged.length, 'program')} beside ${counted(others.length, 'control')}`,
      describeAccounts(accounts.map(([, account]) => account)),
    ].join('\n'),
  };
}

const npx = (command: string): string => (command.startsWith('npx ') ? command : `npx ${command}`);

/** Every program of an image with its task, and of the controls those for the same task. */
function madePrograms(own: Named, others: readonly Named[]): MadeProgram[] {
  const candidates = others.flatMap((other) => programsOf(other).map((one) => ({ ...one, other })));
  const programs = programsOf(own).map(({ index, task }) => ({
    task,
    data: openTask(task),
    own: openNetwork(own, task, index),
    controls: candidates
      .filter((candidate) => candidate.task.name === task.name)
      .map((candidate) => openNetwork(candidate.other, task, candidate.index)),
  }));
  const used = new Set(programs.flatMap(({ controls }) => controls.map(({ path }) => path)));
  const idle = others.find(({ path }) => !used.has(path));
  if (idle)
    throw new UsageError(
      `${shownPath(idle.path)}: expected a control for a task of ${programs.map(({ task }) => task.name).join(', ')}, ` +
        'got one for another; leave it out',
    );
  return programs;
}

function programsOf({ path, image }: Named): { index: number; task: Task }[] {
  const view = new ImageView(image);
  return view.programs.map((_, index) => {
    const runtime = new Runtime(image, FASTEST).load(index);
    const where = view.programs.length > 1 ? `${path} ${programName(view, index)}` : path;
    return { index, task: taskOfImage(where, runtime, saidOf({ path, view, program: index })) };
  });
}

/** The card says that training with the configuration makes the image: what both say of it must agree. */
function assertTrainedWith({ path, image }: Named, config: TrainConfig, file: string): void {
  const metadata = saidOf({ path, view: new ImageView(image), program: 0 });
  const wrong = (['name', 'seed', 'epochs'] as const).find(
    (field) => metadata[field] !== undefined && metadata[field] !== config[field],
  );
  if (wrong)
    throw new UsageError(
      `${shownPath(path)}: ${wrong} in its metadata: expected ${JSON.stringify(config[wrong])}, as in ` +
        `${shownPath(file)}, got ${JSON.stringify(metadata[wrong])}; give the configuration that it was trained with`,
    );
}

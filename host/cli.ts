/** htpw: one program, one verb per stage of the pipeline, each usable alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { DATA_SETS, dataRoot } from './data/registry.ts';
import { serve, serves } from './system/child.ts';
import { errnoOf, fileError } from './system/errno.ts';
import { printable } from './system/printable.ts';
import { projectRoot } from './system/root.ts';
import { addVerb } from './verbs/add.ts';
import { benchVerb } from './verbs/bench.ts';
import { boardsVerb } from './verbs/boards.ts';
import { buildVerb } from './verbs/build.ts';
import { cardVerb } from './verbs/card.ts';
import { clibVerb } from './verbs/clib.ts';
import { errorMark } from './verbs/color.ts';
import { compareVerb } from './verbs/compare.ts';
import { completionVerb } from './verbs/completion.ts';
import { compressVerb } from './verbs/compress.ts';
import { dataVerb } from './verbs/data.ts';
import { evalVerb } from './verbs/eval.ts';
import { goldenVerb } from './verbs/golden.ts';
import { importVerb } from './verbs/import.ts';
import { inspectVerb } from './verbs/inspect.ts';
import { joinVerb } from './verbs/join.ts';
import { newVerb } from './verbs/new.ts';
import { packVerb } from './verbs/pack.ts';
import { pagesVerb } from './verbs/pages.ts';
import { planVerb } from './verbs/plan.ts';
import { pruneVerb } from './verbs/prune.ts';
import { reportVerb } from './verbs/report.ts';
import { resultsVerb } from './verbs/results.ts';
import { runVerb } from './verbs/run.ts';
import { searchVerb } from './verbs/search.ts';
import { sliceVerb } from './verbs/slice.ts';
import { sweepVerb } from './verbs/sweep.ts';
import { trainVerb } from './verbs/train.ts';
import { CheckFailed, harmless, UsageError } from './verbs/verb.ts';
import { verifyVerb } from './verbs/verify.ts';
import { workerVerb } from './verbs/worker.ts';
import { zooVerb } from './verbs/zoo.ts';

const VERBS = [
  newVerb,
  trainVerb,
  sweepVerb,
  searchVerb,
  workerVerb,
  compareVerb,
  addVerb,
  packVerb,
  importVerb,
  goldenVerb,
  compressVerb,
  pruneVerb,
  joinVerb,
  inspectVerb,
  planVerb,
  sliceVerb,
  runVerb,
  evalVerb,
  reportVerb,
  cardVerb,
  boardsVerb,
  buildVerb,
  clibVerb,
  verifyVerb,
  benchVerb,
  resultsVerb,
  zooVerb,
  pagesVerb,
  completionVerb,
  // a folder of one's own is nothing to get
  dataVerb(
    DATA_SETS.filter(({ labels }) => labels !== null),
    dataRoot,
  ),
];

/** Runs one command line (without node and script) and returns the exit code: 0 good, 1 check failed, 2 wrong use. */
export async function main(words: string[]): Promise<number> {
  const program = new Command('htpw')
    .description('Compression as generation for microcontrollers: train, pack, inspect, run, build and verify images.')
    .version(JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')).version)
    .exitOverride();
  for (const verb of VERBS) verb(program);
  for (const verb of program.commands) verb.exitOverride().copyInheritedSettings(program);
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ outputError: (text) => console.error(usageLine(command, text)) });
    refuseTwice(command);
  }
  if (words.length === 0) {
    program.outputHelp();
    return 0;
  }
  const [first, named] = words;
  const isUnknown = named !== undefined && !program.commands.some((command) => command.name() === named);
  try {
    // help of what is no verb is refused as the verb itself is
    await program.parseAsync(first === 'help' && isUnknown ? [named] : words, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has said why
    return failed(error);
  }
}

/** Says what was thrown, and returns the exit code for it. */
function failed(error: unknown): number {
  console.error(`${errorMark()} ${explain(error)}`);
  if (process.env.HTPW_DEBUG) console.error(error);
  return error instanceof CheckFailed ? 1 : 2;
}

/** As `main`, for a whole process: errors outside of any promise are one line, too. */
export async function runProcess(words: string[]): Promise<void> {
  const fail = (error: unknown) => process.exit(failed(error));
  process.on('uncaughtException', fail).on('unhandledRejection', fail);
  // who reads the output may stop: htpw --help | head
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit();
      fail(fileError(stream === process.stdout ? 'standard output' : 'standard error', 'written', error));
    });
  if (serves(words)) serve(main);
  else process.exitCode = await main(words);
}

/** What commander says of a command line, in one line and our form. */
function usageLine(command: Command, text: string): string {
  const [what, ...more] = text
    .trim()
    .replace(/^error: /, '')
    .split(/\s*\n\s*/);
  const help = command.parent ? `htpw ${command.name()} --help` : 'htpw --help';
  return `htpw: ${printable([what, ...more].join(' '))}; ${help} has examples`;
}

/**
 * An option that takes one value is given once, and its value is not the next option. Those whose reader takes what
 * came before may be repeated.
 */
function refuseTwice(command: Command): void {
  const flags = [...command.options.flatMap(({ short, long }) => [short, long]), '-h', '--help'];
  for (const option of command.options.filter(({ required, optional }) => required || optional)) {
    const name = option.long ?? option.flags;
    let before: string | undefined;
    command.on(`option:${option.name()}`, (value: string | null) => {
      if (value !== null && flags.includes(value))
        throw new UsageError(`${name} expects a value, got the option ${value}; for a file of that name: ./${value}`);
      const repeatable = option.variadic || (option.parseArg?.length ?? 0) > 1;
      if (before !== undefined && !repeatable)
        throw new UsageError(`${name} is given twice, ${before} and ${value ?? 'without a value'}; keep one`);
      before = value ?? 'without a value';
    });
  }
}

/** One line for whatever was thrown, but for a check that failed, which may have a list. */
function explain(error: unknown): string {
  if (error instanceof CheckFailed) return harmless(error.message);
  const found = error instanceof Error ? error : new Error(String(error));
  const { path = 'file', syscall = '' } = found as NodeJS.ErrnoException;
  const what = /^(open|read|stat|lstat|access|scandir|readlink)/.test(syscall) ? 'read' : 'written';
  const known = errnoOf(found) === null ? found : (fileError(path, what, found) as Error);
  const line = printable(known.message.split(/\s*\n\s*/).join('; '), MOST_SAID);
  if (known instanceof UsageError || !isDefect(known)) return line;
  if (/^(Compile|Link)Error$/.test(known.name))
    return `the runtime in dist/runtime cannot be loaded (${line}); npm run build, or install the package again`;
  return `unexpected ${known.name}: ${line}; this is a fault of htpw, please report it: HTPW_DEBUG=1 shows where`;
}

/** Characters of an error; models can have very long names. */
const MOST_SAID = 980;

/** What only the language and its libraries throw: nobody has foreseen it. */
const isDefect = (error: Error & { code?: unknown }): boolean =>
  /^(Type|Range|Reference|Syntax|Eval|URI|Assertion|Aggregate|Compile|Link|Runtime)Error$/.test(error.name) ||
  String(error.code).startsWith('ERR_');

/** htpw: one program, one verb per stage of the pipeline, each usable alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, CommanderError } from 'commander';
import { projectRoot } from './board/root.ts';
import { benchVerb } from './verbs/bench.ts';
import { boardsVerb } from './verbs/boards.ts';
import { buildVerb } from './verbs/build.ts';
import { cardVerb } from './verbs/card.ts';
import { clibVerb } from './verbs/clib.ts';
import { compressVerb } from './verbs/compress.ts';
import { deployVerb } from './verbs/deploy.ts';
import { evalVerb } from './verbs/eval.ts';
import { goldenVerb } from './verbs/golden.ts';
import { importVerb } from './verbs/import.ts';
import { inspectVerb } from './verbs/inspect.ts';
import { packVerb } from './verbs/pack.ts';
import { planVerb } from './verbs/plan.ts';
import { runVerb } from './verbs/run.ts';
import { trainVerb } from './verbs/train.ts';
import { CheckFailed } from './verbs/verb.ts';
import { verifyVerb } from './verbs/verify.ts';

const VERBS = [
  trainVerb,
  packVerb,
  importVerb,
  goldenVerb,
  compressVerb,
  inspectVerb,
  planVerb,
  runVerb,
  evalVerb,
  cardVerb,
  boardsVerb,
  buildVerb,
  clibVerb,
  verifyVerb,
  benchVerb,
  deployVerb,
];

/** Runs one command line (without node and script) and returns the exit code: 0 good, 1 check failed, 2 wrong use. */
export async function main(words: string[]): Promise<number> {
  const program = new Command('htpw')
    .description('Compression as generation for microcontrollers: train, pack, inspect, run, build and verify images.')
    .version(JSON.parse(readFileSync(join(projectRoot(), 'package.json'), 'utf8')).version)
    .showHelpAfterError('(htpw --help, or htpw <verb> --help, has examples)')
    .exitOverride();
  for (const verb of VERBS) verb(program);
  for (const verb of program.commands) verb.exitOverride().copyInheritedSettings(program);
  try {
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has said why
    console.error(`htpw: ${(error as Error).message}`);
    if (process.env.HTPW_DEBUG) console.error(error);
    return error instanceof CheckFailed ? 1 : 2;
  }
}

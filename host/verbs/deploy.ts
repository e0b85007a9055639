/** htpw deploy: the pages of what every committed image takes on every board, written or checked. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { measureDeployments } from '../measure/deployments.ts';
import { deployPage } from '../pages/deployments.ts';
import { withTranscripts } from '../pages/transcript.ts';
import { planOutput } from '../system/files.ts';
import { projectRoot } from '../system/root.ts';
import { CheckFailed, print, withProgress } from './verb.ts';

const TABLES = 'docs/deploy.md';
const EXAMPLES = 'docs/residency.md';

export function deployVerb(program: Command): void {
  program
    .command('deploy')
    .summary('what every committed image takes on every board')
    .description(
      `Build each image of models/ for each board, count its instructions on the emulated core, and write ${TABLES}: what fits, sizes, instructions, and estimates of time and energy. Also runs the examples in ${EXAMPLES} again. Takes some minutes.`,
    )
    .option('--check', 'write nothing; fail when a committed page is out of date')
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nExamples:\n  htpw deploy\n  htpw deploy --check')
    .action(async (flags: { check?: boolean; json?: boolean }) => {
      const outputs = flags.check ? [] : [TABLES, EXAMPLES].map((path) => planOutput(join(projectRoot(), path)));
      const tables = deployPage(await withProgress('deploy', measureDeployments));
      const examples = await withTranscripts(committed(EXAMPLES));
      for (const [i, [path, text]] of [
        [TABLES, tables],
        [EXAMPLES, examples],
      ].entries()) {
        if (flags.check) assertCurrent(path, text);
        else outputs[i].write(text);
      }
      const state = flags.check ? 'up to date' : 'written';
      print(flags.json, { pages: [TABLES, EXAMPLES], state }, () =>
        [TABLES, EXAMPLES].map((path) => `${path}: ${state}`).join('\n'),
      );
    });
}

/** A page as it is in the project; empty when it is not there. */
function committed(path: string): string {
  const place = join(projectRoot(), path);
  return existsSync(place) ? readFileSync(place, 'utf8') : '';
}

function assertCurrent(path: string, text: string): void {
  const before = committed(path);
  if (text === before) return;
  const [now, then] = [text.split('\n'), before.split('\n')];
  const line = now.findIndex((words, i) => words !== then[i]);
  throw new CheckFailed(
    `${path}:${(line < 0 ? now.length : line) + 1}: differs from what is measured now; run htpw deploy and look at the difference`,
  );
}

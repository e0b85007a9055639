/** htpw results: figures of the committed records of sweeps, and the pages and drawings that are made of them. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { measureEvidence } from '../evidence/measure.ts';
import type { EvidenceRecord } from '../evidence/record.ts';
import { keepsRecords, recordPath } from '../measure/records.ts';
import { resultsHtml } from '../pages/book.ts';
import { PAGES } from '../pages/pages.ts';
import { readRecords } from '../pages/records.ts';
import { renewed } from '../pages/renew.ts';
import { readGrid } from '../sweep/grid.ts';
import { formatted } from '../sweep/record.ts';
import { planOutput, writeWhole } from '../system/files.ts';
import { buildFolder, projectRoot } from '../system/root.ts';
import { shownPath } from '../system/shownPath.ts';
import { print, UsageError } from './verb.ts';

export function resultsVerb(program: Command): void {
  program
    .command('results')
    .summary('pages and drawings of what each byte buys, from the records of sweeps')
    .description(
      'From the records of the grids pareto, decisive and four-tasks in bench/sweeps: bench/evidence.json with means over seeds, intervals and paired differences; all pages and drawings of them, as htpw pages does; and build/results.html, one file with everything. Runs that have no record are counted on the pages.',
    )
    .option('--html <file>', 'where the one file goes; default build/results.html')
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nExamples:\n  htpw results\n  htpw results --html results.html --json')
    .action(async ({ html, json }: { html?: string; json?: boolean }) => {
      if (!keepsRecords()) throw new UsageError('results: expected records in bench/, as a clone has, got none');
      const output = planOutput(html ?? join(buildFolder(), 'results.html'));
      const grid = (name: string) => readGrid(join(projectRoot(), 'models', 'sweeps', `${name}.json`));
      const evidence = measureEvidence({
        pareto: grid('pareto'),
        decisive: grid('decisive'),
        fourTasks: grid('four-tasks'),
      });
      writeWhole(recordPath('evidence'), `${formatted(evidence)}\n`);
      const records = readRecords();
      const written = (await renewed(PAGES, records)).filter(({ differsAt }) => differsAt !== null);
      for (const { path, text } of written) writeWhole(join(projectRoot(), path), text);
      output.write(resultsHtml(records));
      const pages = written.map(({ path }) => path);
      print(json, resultOf(evidence, pages, output.name), () =>
        [
          ...[evidence.pareto, evidence.decisive, evidence.fourTasks].map(
            ({ grid, runs, missing }) => `${grid}: ${runs - missing} of ${runs} runs recorded`,
          ),
          ...pages.map((path) => `${path}: written`),
          `${shownPath(output.name)}: written`,
        ].join('\n'),
      );
    });
}

/** What --json prints: the files that are written, and runs without a record by grid. */
export const resultOf = ({ pareto, decisive, fourTasks }: EvidenceRecord, pages: readonly string[], html: string) => ({
  record: recordPath('evidence'),
  pages,
  html,
  missing: Object.fromEntries([pareto, decisive, fourTasks].map(({ grid, missing }) => [grid, missing])),
});

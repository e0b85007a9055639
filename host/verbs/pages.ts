/** htpw pages: the pages, and parts of pages, that come from what was measured, written or checked. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { PAGES, type Page } from '../pages/pages.ts';
import { renewed } from '../pages/renew.ts';
import { planOutput } from '../system/files.ts';
import { projectRoot } from '../system/root.ts';
import { CheckFailed, print, UsageError } from './verb.ts';

export function pagesVerb(program: Command): void {
  program
    .command('pages [page...]')
    .summary('renew the tables and pages that come from bench/ and boards/')
    .description(
      `Write the generated pages, and the generated parts of others, from the records in bench/ and the boards in boards/. Measures nothing: htpw bench does. The pages: ${PAGES.map(({ path }) => path).join(', ')}. Default: all.`,
    )
    .option('--check', 'write nothing; fail when a committed page is out of date')
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nExamples:\n  htpw pages\n  htpw pages README.md docs/results.md\n  htpw pages --check')
    .action(async (names: string[], { check, json }: { check?: boolean; json?: boolean }) => {
      const pages = await renewed(chosen(names));
      const stale = pages.filter(({ differsAt }) => differsAt !== null);
      if (!check) {
        const outputs = stale.map(({ path }) => planOutput(join(projectRoot(), path)));
        for (const [i, { text }] of stale.entries()) outputs[i].write(text);
      }
      const state = (differsAt: number | null) =>
        differsAt === null ? 'up to date' : check ? `line ${differsAt} is out of date` : 'written';
      const result = pages.map(({ path, differsAt }) => ({ page: path, state: state(differsAt) }));
      print(json, result, () => result.map(({ page, state }) => `${page}: ${state}`).join('\n'));
      if (check && stale.length > 0)
        throw new CheckFailed(`out of date: ${stale.map(({ path }) => path).join(', ')}; run htpw pages`);
    });
}

function chosen(names: readonly string[]): Page[] {
  const known = PAGES.map(({ path }) => path);
  const wrong = names.find((name) => !known.includes(name));
  if (wrong !== undefined) {
    const pages = known.filter((path) => path.endsWith('.md')).join(', ');
    throw new UsageError(`pages: expected some of ${pages}, or of their drawings, got "${wrong}"`);
  }
  return PAGES.filter(({ path }) => names.length === 0 || names.includes(path));
}

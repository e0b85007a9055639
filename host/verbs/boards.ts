/** htpw boards: what boards there are, as tables for people and for the pages that have them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { listBoards } from '../boards/board.ts';
import { boardsText, withBoards } from '../pages/boards.ts';
import { writeWhole } from '../system/files.ts';
import { projectRoot } from '../system/root.ts';
import { print } from './verb.ts';

/** Pages with tables of boards. */
const PAGES = ['README.md', 'docs/protocol.md'];

export function boardsVerb(program: Command): void {
  program
    .command('boards')
    .summary('what boards there are, and what their ticks are')
    .description('List the boards of boards/: core, variant of the runtime, memory, counter, and how each is verified.')
    .option('--write', `renew the tables in ${PAGES.join(' and ')}`)
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nExamples:\n  htpw boards\n  htpw boards --write')
    .action(({ write, json }: { write?: boolean; json?: boolean }) => {
      const boards = listBoards();
      for (const page of write ? PAGES : []) {
        const path = join(projectRoot(), page);
        writeWhole(path, withBoards(readFileSync(path, 'utf8'), boards));
      }
      print(json, boards, () => boardsText(boards));
    });
}

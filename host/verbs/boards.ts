/** htpw boards: what boards there are. */
import type { Command } from 'commander';
import { listBoards } from '../boards/board.ts';
import { boardsText } from '../pages/boards.ts';
import { heading } from './color.ts';
import { print } from './verb.ts';

export function boardsVerb(program: Command): void {
  program
    .command('boards')
    .summary('the boards, and what their ticks count')
    .description('List the boards of boards/: core, variant of the runtime, memory, counter, and how each is verified.')
    .option('--json', 'machine-readable result')
    .addHelpText('after', '\nExamples:\n  htpw boards\n  htpw boards --json')
    .action(({ json }: { json?: boolean }) => {
      const boards = listBoards();
      // the first line of each table has the names of its columns
      print(json, boards, () => boardsText(boards).split('\n\n').map(heading).join('\n\n'));
    });
}

/** Blocks of a page that show a command and its output: made anew, so that a page cannot show what is no longer so. */
import { join } from 'node:path';
import { runNode } from '../system/process.ts';
import { projectRoot } from '../system/root.ts';

const BLOCK = /^```\n\$ npx htpw (plan .*)\n[^`]*```$/gm;

/** The page with every block that begins "$ npx htpw plan ..." holding what that prints now; throws when there is none. */
export async function withTranscripts(page: string): Promise<string> {
  const root = projectRoot();
  const outputs = new Map<string, string>();
  for (const [, command] of page.matchAll(BLOCK))
    outputs.set(command, await runNode(join(root, 'scripts', 'htpw.js'), command.split(' '), root));
  if (outputs.size === 0) throw new Error('examples: expected a block that begins "$ npx htpw plan", got none');
  return page.replace(BLOCK, (_, command) => `\`\`\`\n$ npx htpw ${command}\n${outputs.get(command)}\`\`\``);
}

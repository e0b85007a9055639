/** docs/zephyr.md: its blocks, and the application that they make, where the page says. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { emptyFolder, root } from '../paths.ts';

export const page = readFileSync(join(root, 'docs', 'zephyr.md'), 'utf8');
export const blocks = [...page.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language, file, text]) => ({
  language,
  file,
  text,
}));

/** The commands of the page that begin with a word. */
export const commands = (program: string) =>
  blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.trim().split('\n'))
    .filter((line) => line.startsWith(`${program} `));

/**
 * Writes the page's files to `mine`, beside the module as `hypertinypw`, as a reader would; returns the path of `mine`.
 */
export function writeApplication(module: string): string {
  const place = emptyFolder('zephyr-guide');
  const mine = join(place, 'mine');
  mkdirSync(mine);
  symlinkSync(module, join(place, 'hypertinypw'));
  for (const { language, file, text } of blocks) {
    if (!file || language === 'dts') continue;
    mkdirSync(dirname(join(mine, file)), { recursive: true });
    writeFileSync(join(mine, file), text);
  }
  for (const line of commands('cp')) execFileSync('sh', ['-c', line], { cwd: place });
  return mine;
}

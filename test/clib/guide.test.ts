/** docs/c.md: what it shows is what a reader gets, block by block. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type LibraryRecord, withSizes } from '../../host/board/librarySize.ts';
import { main } from '../../host/cli.ts';
import { emptyFolder, onPath, output, root } from './workshop.ts';

const page = readFileSync(join(root, 'docs', 'c.md'), 'utf8');

interface Block {
  language: string;
  /** where the reader is told to write it, if anywhere */
  file?: string;
  text: string;
}
const blocks: Block[] = [...page.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
  ([, language, file, text]) => ({ language, file, text }),
);
const only = (language: string): string => {
  const found = blocks.filter((block) => block.language === language);
  expect(found.length).toBe(1);
  return found[0].text;
};

describe('docs/c.md', () => {
  let mine: string;
  beforeAll(async () => {
    mine = join(emptyFolder('guide'), 'mine');
    mkdirSync(mine);
    for (const { file, text } of blocks) if (file) writeFileSync(join(mine, file), text);
    const [npx, htpw, ...words] = only('sh').trim().split(' ');
    expect([npx, htpw]).toEqual(['npx', 'htpw']);
    expect(await main(words.map((word) => word.replace(/^mine/, mine)))).toBe(0);
  }, 300_000);

  const canRun = ['arm-none-eabi-gcc', 'make', 'qemu-system-arm'].every(onPath);
  it.skipIf(!canRun)('prints, when its program is built and run, what it shows', { timeout: 120_000 }, () => {
    const lines = only('console').trim().split('\n');
    const commands = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
    const printed = commands.map((command) => output('sh', ['-c', command], { cwd: mine })).join('');
    expect(printed.trim().split('\n')).toEqual(lines.filter((line) => !line.startsWith('$ ')));
  });

  const canConfigure = ['arm-none-eabi-gcc', 'cmake', 'ninja'].every(onPath);
  it.skipIf(!canConfigure)('builds with the CMakeLists.txt that it shows', { timeout: 120_000 }, () => {
    const toolchain = join(root, 'examples', 'hello', 'mps2-an500.cmake');
    const hosted = '-DCMAKE_C_FLAGS=-mcpu=cortex-m7 -mthumb';
    output('cmake', ['-G', 'Ninja', '-B', 'build', `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`, hosted], { cwd: mine });
    output('cmake', ['--build', 'build'], { cwd: mine });
  });

  it('has the table of sizes that bench/clib.json records', () => {
    const record: LibraryRecord = JSON.parse(readFileSync(join(root, 'bench', 'clib.json'), 'utf8'));
    expect(withSizes(page, record)).toBe(page);
  });
});

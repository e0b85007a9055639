/** docs/c.md: what it shows is what a reader gets, block by block. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../host/cli.ts';
import { ECG, emptyFolder, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';

const page = readFileSync(join(root, 'docs', 'c.md'), 'utf8');

interface Block {
  language: string;
  /** where the reader is told to write it, if anywhere */
  file?: string;
  text: string;
}
const blocks: Block[] = [...page.matchAll(/^( *)```(\w+)(?: (\S+))?\n([\s\S]*?)^ *```$/gm)].map(
  ([, indent, language, file, text]) => ({ language, file, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') }),
);
const textsOf = (language: string): string[] =>
  blocks.filter((block) => block.language === language).map(({ text }) => text);

describe('docs/c.md', () => {
  let mine: string;
  beforeAll(async () => {
    mine = join(emptyFolder('guide'), 'mine');
    mkdirSync(mine);
    for (const { file, text } of blocks) if (file) writeFileSync(join(mine, file), text);
    expect(textsOf('sh').length).toBe(2);
    for (const command of textsOf('sh')) {
      const [npx, htpw, ...words] = command.trim().split(' ');
      expect([npx, htpw]).toEqual(['npx', 'htpw']);
      expect(await main(words.map((word) => word.replace(/^mine/, mine)))).toBe(0);
    }
  }, 300_000);

  const canRun = ['arm-none-eabi-gcc', 'make', 'qemu-system-arm'].every(onPath);
  it.skipIf(!canRun).each([
    ['one network', 0],
    ['two networks', 1],
  ])('prints, when its program of %s is built and run, what it shows', { timeout: 120_000 }, (_, which) => {
    const lines = textsOf('console')[which].trim().split('\n');
    const commands = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
    const printed = commands.map((command) => output('sh', ['-c', command], { cwd: mine })).join('');
    expect(printed.trim().split('\n')).toEqual(lines.filter((line) => !line.startsWith('$ ')));
  });

  it.skipIf(!onPath('arm-none-eabi-gcc'))('has no other C that does not compile, and aligns an image', () => {
    const bytes = Array.from(readFileSync(ECG), (byte) => `${byte},`);
    writeFileSync(join(mine, 'ecg.inc'), bytes.join('\n'));
    const flags = ['-mcpu=cortex-m7', '-mthumb', '-ffreestanding', '-Wall', '-Wextra', '-Werror', '-Iecg/include'];
    for (const name of ['units', 'aligned', 'watched'])
      output('arm-none-eabi-gcc', [...flags, '-c', `${name}.c`, '-o', `${name}.o`], { cwd: mine });
    const sections = output('arm-none-eabi-objdump', ['-h', 'aligned.o'], { cwd: mine });
    expect(sections).toMatch(/\.rodata +[0-9a-f]+ .* 2\*\*4\n/);
  });

  it('bounds inferences with at least the instructions of a unit that were measured', () => {
    const { worst } = JSON.parse(readFileSync(join(root, 'bench', 'reliability.json'), 'utf8'));
    const m7 = worst.find(({ board }: { board: string }) => board === 'mps2-an500');
    const perUnit = m7.programs.map(
      (program: { units: number; load: number; invoke: number }) =>
        Math.max(program.load, program.invoke) / program.units,
    );
    const [, shown] = /INSTRUCTIONS_PER_UNIT (\d+)/.exec(page)!;
    expect(Number(shown)).toBe(Math.ceil(Math.max(...perUnit)));
  });

  const canConfigure = ['arm-none-eabi-gcc', 'cmake', 'ninja'].every(onPath);
  it.skipIf(!canConfigure)('builds with the CMakeLists.txt that it shows', { timeout: 120_000 }, () => {
    const toolchain = join(root, 'examples', 'hello', 'mps2-an500.cmake');
    const hosted = '-DCMAKE_C_FLAGS=-mcpu=cortex-m7 -mthumb';
    output('cmake', ['-G', 'Ninja', '-B', 'build', `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`, hosted], { cwd: mine });
    output('cmake', ['--build', 'build'], { cwd: mine });
  });
});

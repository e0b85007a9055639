/** README.md: short before its limits, and both of its programs work. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../host/cli.ts';
import { run } from '../../host/system/process.ts';
import { ECG, emptyFolder, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const block = (language: string) => new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readme)![1];

/** Without blank lines, #include and import. */
const statements = (program: string) => program.split('\n').filter((line) => !/^(#include .*|import .*|)$/.test(line));

describe('README.md', () => {
  it('has at most 75 lines before its limits', () => {
    expect(readme.split('\n## Limits\n')[0].split('\n').length).toBeLessThanOrEqual(75);
  });

  it.each(['c', 'js'])('shows %s in at most six lines', (language) => {
    expect(statements(block(language)).length).toBeLessThanOrEqual(6);
  });

  it.skipIf(!onPath('arm-none-eabi-gcc'))('has C that compiles with the library that it names', async () => {
    const folder = emptyFolder('readme');
    expect(await main(['clib', '--tailor', ECG, '-o', join(folder, 'c')])).toBe(0);
    writeFileSync(join(folder, 'program.c'), block('c'));
    const flags = ['-mcpu=cortex-m7', '-mthumb', '-ffreestanding', '-Wall', '-Wextra', '-Werror', '-Ic/include'];
    output('arm-none-eabi-gcc', [...flags, '-c', 'program.c', '-o', 'program.o'], { cwd: folder });
  });

  it('has JavaScript that classifies a window', async () => {
    const parent = join(root, 'build', 'test'); // within the package, which so finds itself by its name
    mkdirSync(parent, { recursive: true });
    const program = join(mkdtempSync(join(parent, 'readme-')), 'program.mjs');
    writeFileSync(program, block('js'));
    expect(await run(process.execPath, [program], { cwd: root })).toMatch(/^[NSVF] -?\d+\.\d\d\n$/);
  });
});

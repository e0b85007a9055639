/** docs/zephyr.md: its blocks are compiled, run, or those of files that are. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../host/cli.ts';
import { emptyFolder, library, onPath, output } from '../clib/workshop.ts';
import { configure } from './stubbed.ts';
import { ECG, MODULE, root } from './workshop.ts';
import { parseYaml } from './yaml.ts';

const page = readFileSync(join(root, 'docs', 'zephyr.md'), 'utf8');
const blocks = [...page.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(([, language, file, text]) => ({
  language,
  file,
  text,
}));
const textOf = (file: string) => blocks.find((block) => block.file === file)!.text;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('docs/zephyr.md', () => {
  let module: string;
  let mine: string;
  beforeAll(async () => {
    module = await library();
    mine = emptyFolder('zephyr-guide');
    for (const { language, file, text } of blocks) {
      if (!file || language === 'dts') continue;
      mkdirSync(dirname(join(mine, file)), { recursive: true });
      writeFileSync(join(mine, file), text);
    }
    writeFileSync(join(mine, 'ecg-beats.htpw'), readFileSync(ECG));
  }, 300_000);
  afterAll(() => {
    for (const folder of [module, mine]) rmSync(folder, { recursive: true, force: true });
  });

  it('has no block that no test looks at', () => {
    const seen = blocks.map(({ language, file }) => `${language} ${file ?? ''}`.trim());
    const files = [
      'cmake CMakeLists.txt',
      'ini prj.conf',
      'c src/main.c',
      'dts boards/mps2_an385.overlay',
      'c partition.c',
    ];
    expect(seen).toEqual(['sh', 'yaml', ...files, 'sh']);
  });

  const canBuild = ['arm-none-eabi-gcc', 'cmake', 'ninja'].every(onPath);
  it.skipIf(!canBuild)('has a program that compiles, alone and with its partition', { timeout: 120_000 }, () => {
    const core = { name: 'arm-none-eabi-gcc', flags: '-mcpu=cortex-m7 -mthumb', variant: 'DSP' } as const;
    output('cmake', ['--build', configure(module, mine, core).build, '--target', 'app']);
    const lists = join(mine, 'CMakeLists.txt');
    writeFileSync(lists, readFileSync(lists, 'utf8').replace('src/main.c', 'src/main.c partition.c'));
    output('cmake', ['--build', configure(module, mine, core).build, '--target', 'app']);
  });

  it('has the overlay that tests/partition is built with', () => {
    expect(readFileSync(join(MODULE, 'tests', 'partition', 'boards', 'mps2_an385.overlay'), 'utf8')).toContain(
      textOf('boards/mps2_an385.overlay').replace(/\n\t\};\n\};\n?$/, ''), // there is one more partition, before this end
    );
  });

  it('configures a sample that is in the folder that it names', () => {
    const [, sample] = /-S hypertinypw\/(\S+)/.exec(page)!;
    expect(existsSync(join(module, sample, 'CMakeLists.txt'))).toBe(true);
    expect(existsSync(join(module, 'zephyr', 'module.yml'))).toBe(true);
  });

  it('has a manifest of this version', () => {
    const { text } = blocks.find(({ language }) => language === 'yaml')!;
    const project = {
      name: 'hypertinypw',
      url: '<this repository>',
      revision: `v${version}`,
      path: 'modules/lib/hypertinypw',
    };
    expect(parseYaml(text, 'manifest')).toEqual({ manifest: { projects: [project] } });
  });

  it('has a command that writes the image of another residency', async () => {
    const { text } = blocks.filter(({ language }) => language === 'sh')[1];
    const [npx, htpw, ...words] = text.trim().split(' ');
    expect([npx, htpw]).toEqual(['npx', 'htpw']);
    const written = join(mine, 'written.htpw');
    expect(await main(words.map((word, i) => (words[i - 1] === '-o' ? written : word)))).toBe(0);
    expect(readFileSync(written)).toEqual(readFileSync(join(module, 'models', 'ecg-beats-stream.htpw')));
  });
});

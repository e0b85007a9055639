/** docs/zephyr.md: its blocks are compiled, run, or those of files that are. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../host/cli.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { library } from '../clib/write.ts';
import { ECG, MODULE, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';
import { blocks, commands, page, writeApplication } from './guide.ts';
import { BUILDERS, CORTEX_M7, configure } from './stubbed.ts';
import { parseYaml } from './yaml.ts';

const textOf = (file: string) => blocks.find((block) => block.file === file)!.text;
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

describe('docs/zephyr.md', () => {
  let module: string;
  let mine: string;
  beforeAll(async () => {
    module = await library();
    mine = writeApplication(module);
  }, 300_000);
  afterAll(() => {
    for (const folder of [module, dirname(mine)]) rmSync(folder, { recursive: true, force: true });
  });

  it('has no block that no test looks at', () => {
    const seen = blocks.map(({ language, file }) => `${language} ${file ?? ''}`.trim());
    const program = ['cmake CMakeLists.txt', 'ini prj.conf', 'c src/main.c'];
    const partition = ['dts boards/mps2_an385.overlay', 'c partition.c'];
    expect(seen).toEqual(['sh', 'yaml', 'sh', ...program, 'sh', 'c both.c', ...partition, 'sh']);
  });

  const canBuild = BUILDERS && onPath('arm-none-eabi-gcc');
  it.skipIf(!canBuild)('has a program that compiles, alone and with its partition', { timeout: 120_000 }, () => {
    output('cmake', ['--build', configure(module, mine, CORTEX_M7).build, '--target', 'app']);
    const lists = join(mine, 'CMakeLists.txt');
    writeFileSync(lists, readFileSync(lists, 'utf8').replace('src/main.c', 'src/main.c partition.c'));
    output('cmake', ['--build', configure(module, mine, CORTEX_M7).build, '--target', 'app']);
  });

  it.skipIf(!canBuild)(
    'has a program of two models that compiles, over a library cut to both',
    { timeout: 120_000 },
    async () => {
      const [, command] = /`npx htpw (clib --tailor[^`]+)`/.exec(page)!;
      const both = join(mine, 'both');
      const images = ['models/ecg-beats.htpw', 'models/controls/ecg-beats-int4.htpw'].map((path) => join(root, path));
      const words = command.split(/\s+/).map((word) => images.find((path) => basename(path) === word) ?? word);
      expect(await main(words.map((word) => (word === 'both' ? both : word)))).toBe(0);
      const lists = join(mine, 'CMakeLists.txt');
      const before = readFileSync(lists, 'utf8');
      writeFileSync(lists, before.replace('src/main.c', 'src/main.c both.c'));
      const { build, commands } = configure(module, mine, CORTEX_M7, '-DCONFIG_HTPW_LIBRARY=both');
      output('cmake', ['--build', build]);
      expect(
        commands.filter(({ file }) => file.startsWith(join(both, 'src'))).map(({ file }) => basename(file)),
      ).toEqual(['htpw_dsp.c', 'htpw_model.c']);
      // and without such a library, each embedded by itself
      writeFileSync(lists, `${before}htpw_add_model(app ${images[1]})\n`);
      output('cmake', ['--build', configure(module, mine, CORTEX_M7).build]);
      writeFileSync(lists, before);
    },
  );

  it('has the overlay that tests/partition is built with', () => {
    expect(readFileSync(join(MODULE, 'tests', 'partition', 'boards', 'mps2_an385.overlay'), 'utf8')).toContain(
      textOf('boards/mps2_an385.overlay').replace(/\n\t\};\n\};\n?$/, ''), // there is one more partition, before this end
    );
  });

  it('configures what is in the folders that it names', () => {
    const sources = commands('cmake').map((line) => /-S (\S+)/.exec(line)![1]);
    expect(sources).toEqual(['hypertinypw/zephyr/samples/ecg_beats', 'mine']);
    const missing = [...sources, 'hypertinypw'].filter(
      (path) => !existsSync(join(dirname(mine), path, 'CMakeLists.txt')),
    );
    expect(missing).toEqual([]);
    expect(existsSync(join(module, 'zephyr', 'module.yml'))).toBe(true);
  });

  it('says what its program logs', () => {
    const runtime = new Runtime(new Uint8Array(readFileSync(ECG)));
    runtime.load(0);
    const counts = `${runtime.operators} operators, arena ${runtime.arenaBytes()} bytes`;
    expect(page).toContain(`\`ecg_beats: program 0 of ${runtime.programs}: ${counts}\``);
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
    const [line, ...others] = commands('npx');
    expect(others).toEqual([]);
    const [, htpw, ...words] = line.split(' ');
    expect(htpw).toBe('htpw');
    const written = join(mine, 'written.htpw');
    expect(await main(words.map((word, i) => (words[i - 1] === '-o' ? written : word)))).toBe(0);
    expect(readFileSync(written)).toEqual(readFileSync(join(module, 'models', 'ecg-beats-stream.htpw')));
  });
});

/**
 * The Zephyr module without Zephyr: its YAML against the schemas, its paths, and all of its C against stubs of Zephyr's
 * headers.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KERNEL_FLAGS } from '../../host/build/firmware.ts';
import { SMALL } from '../../host/build/library.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { library } from '../clib/write.ts';
import { ECG, emptyFolder, MODULE, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';
import { BUILDERS, CORTEX_M7, CORTEX_M55, configure as configureApp, STUBS, type Target } from './stubbed.ts';
import { parseYaml, type Yaml } from './yaml.ts';

/** Folders of samples and tests, relative to the module. */
const APPS = ['samples', 'tests'].flatMap((kind) => readdirSync(join(MODULE, kind)).map((name) => `${kind}/${name}`));

const yaml = (path: string) => parseYaml(readFileSync(join(MODULE, path), 'utf8'), path) as Record<string, Yaml>;

type Check = (value: Yaml) => boolean;
const text: Check = (value) => typeof value === 'string';
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const count: Check = (value) => typeof value === 'number';
const flag: Check = (value) => typeof value === 'boolean';

/** What every twister from Zephyr 3.3 to 4.4 accepts of one scenario; `common` may not have all of it. */
const SCENARIO: Record<string, Check> = {
  arch_allow: text,
  build_only: flag,
  extra_configs: texts,
  filter: text,
  harness: text,
  harness_config: (value) => typeof value === 'object',
  integration_platforms: texts,
  min_flash: count,
  min_ram: count,
  modules: texts,
  platform_allow: text,
  tags: text,
};
const { extra_configs: _, ...COMMON } = SCENARIO;
const HARNESS: Record<string, Check> = { type: text, ordered: flag, regex: texts };

function expectFields(fields: Yaml, allowed: Record<string, Check>): void {
  const wrong = Object.entries(fields).filter(([key, value]) => !allowed[key]?.(value));
  expect(wrong).toEqual([]);
}

describe('zephyr/module.yml', () => {
  const module = yaml('module.yml');
  it('has only keys of the schema, and a name in lower case', () => {
    expectFields(module, { name: text, build: (value) => typeof value === 'object', samples: texts, tests: texts });
    expectFields(module.build, { cmake: text, kconfig: text });
    expect(module.name).toMatch(/^[a-z][a-z0-9-]*$/);
  });

  it('names files and folders that are there', () => {
    const { cmake, kconfig } = module.build as Record<string, string>;
    const paths = [
      join(cmake, 'CMakeLists.txt'),
      kconfig,
      ...(module.samples as string[]),
      ...(module.tests as string[]),
    ];
    expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe.each(APPS)('zephyr/%s', (app) => {
  // the names that all versions read; tests.yaml is read from the version behind 4.4 on only
  const file = `${app}/${app.startsWith('samples') ? 'sample' : 'testcase'}.yaml`;
  const { sample, common = {}, tests, ...others } = yaml(file);
  const scenarios = Object.entries(tests as Record<string, Record<string, Yaml>>);

  it('has scenarios of the schema, and no board names that only some versions know', () => {
    expect(others).toEqual({});
    if (app.startsWith('samples')) expectFields(sample, { name: text, description: text });
    else expect(sample).toBe(undefined);
    expectFields(common, COMMON);
    for (const [name, scenario] of scenarios) {
      expect(name).toMatch(/^(sample\.)?htpw\.[a-z0-9_.]+$/);
      expectFields(scenario, SCENARIO);
      // twister stops at a board that it does not know, and most were renamed for 3.7
      const boards = [scenario.platform_allow ?? [], scenario.integration_platforms ?? []].flat();
      expect(boards.filter((board) => board !== 'native_sim' && board !== 'qemu_cortex_m3')).toEqual([]);
    }
    const harness = (common as Record<string, Yaml>).harness_config;
    if (harness) expectFields(harness, HARNESS);
  });

  it('has all files that it needs, a README where it is a sample, and names only files that are there', () => {
    const needed = ['CMakeLists.txt', 'prj.conf', 'src/main.c', ...(app.startsWith('samples') ? ['README.rst'] : [])];
    const sources = readFileSync(join(MODULE, app, 'CMakeLists.txt'), 'utf8').matchAll(/\b(src\/\w+\.c)/g);
    const missing = [...needed, ...[...sources].map(([, path]) => path)].filter(
      (path) => !existsSync(join(MODULE, app, path)) && !app.endsWith('partition'),
    );
    expect(missing).toEqual([]);
  });
});

describe('the sources', () => {
  const all = readdirSync(MODULE, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.[a-z]+$|Kconfig/.test(path),
  );
  it('each name their licence', () => {
    const without = all.filter((path) => !readFileSync(join(MODULE, path), 'utf8').includes('SPDX-License-Identifier'));
    expect(without.filter((path) => !path.endsWith('prj.conf') && !path.endsWith('.conf'))).toEqual([]);
  });

  it('include no header of Zephyr that has no stub', () => {
    const included = all
      .filter((path) => /\.[ch]$/.test(path))
      .flatMap((path) => [...readFileSync(join(MODULE, path), 'utf8').matchAll(/#include <(zephyr\/[^>]+)>/g)])
      .map(([, header]) => header);
    expect(included.filter((header) => !existsSync(join(STUBS, header)))).toEqual([]);
  });
});

const COMPILERS: Target[] = [
  { name: 'gcc', flags: '-m32 -ffreestanding -fno-pic', variant: 'SCALAR' },
  CORTEX_M7,
  CORTEX_M55,
];

describe('against stubs of the headers', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await library();
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const configure = (app: string, target: Target, ...options: string[]) =>
    configureApp(folder, join(folder, 'zephyr', app), target, ...options);

  for (const compiler of COMPILERS) {
    const title = `with ${compiler.name} ${compiler.flags}`;
    const [options, flashMap] = [['-DCONFIG_HTPW_TRACE=y'], ['-DCONFIG_FLASH_MAP=y', '-DCONFIG_HTPW_SMALL=y']];
    const cases = [...APPS.map((app) => ({ app, options })), { app: 'tests/partition', options: flashMap }];
    it.skipIf(!BUILDERS || !onPath(compiler.name))(
      `everything compiles without a warning, ${title}`,
      { timeout: 300_000 },
      () => {
        for (const { app, options } of cases) {
          const { build } = configure(app, compiler, ...options);
          output('cmake', ['--build', build]);
          rmSync(build, { recursive: true });
        }
      },
    );
  }

  const [scalar, dsp, mve] = COMPILERS;
  const canArm = BUILDERS && onPath('arm-none-eabi-gcc');
  const kernelsOf = (commands: { file: string; command: string }[]) =>
    commands.find(({ file }) => /htpw_(scalar|dsp|mve)\.c$/.test(file))!;

  it.skipIf(!canArm)('kernels are compiled with the flags that they are written for, after those of Zephyr', () => {
    const flagsOf = (...options: string[]) => {
      const { command } = kernelsOf(configure('samples/ecg_beats', dsp, ...options).commands);
      return command.split(' ').filter((word) => /^(-O|-f|--param|-DHTPW_KERNEL_FLAGS)/.test(word));
    };
    const first = ['-Os', '-O2'];
    expect(flagsOf()).toEqual([...first, ...KERNEL_FLAGS]);
    expect(flagsOf('-DCONFIG_HTPW_SMALL=y')).toEqual([...first, ...KERNEL_FLAGS, ...SMALL]);
  });

  it.skipIf(!canArm)('the variant decides which runtime is compiled, HTPW_LIBRARY where it is from', async () => {
    expect(kernelsOf(configure('samples/shell', scalar).commands).file).toBe(join(folder, 'src', 'htpw_scalar.c'));
    expect(kernelsOf(configure('samples/shell', dsp).commands).file).toBe(join(folder, 'src', 'htpw_dsp.c'));
    expect(kernelsOf(configure('samples/shell', mve).commands).file).toBe(join(folder, 'src', 'htpw_mve.c'));
    const tailored = await library(ECG);
    const options = [`-DCONFIG_HTPW_LIBRARY=${tailored}`, '-DCONFIG_HTPW_PROVE_AGAIN=y'];
    const { commands } = configure('samples/shell', dsp, ...options);
    expect(kernelsOf(commands).file).toBe(join(tailored, 'src', 'htpw_dsp.c'));
    expect(kernelsOf(commands).command).toContain('-DHTPW_PROVE_AGAIN');
    expect(commands.some(({ file }) => file === join(tailored, 'src', 'htpw_model.c'))).toBe(true);
    rmSync(tailored, { recursive: true });
  });

  it.skipIf(!canArm)('a library that is not there stops CMake with what to run', () => {
    const bare = emptyFolder('bare');
    mkdirSync(join(bare, 'zephyr'), { recursive: true });
    writeFileSync(join(bare, 'zephyr', 'CMakeLists.txt'), readFileSync(join(MODULE, 'CMakeLists.txt')));
    expect(() => configure('samples/shell', scalar, `-DSTUB_MODULE=${bare}`)).toThrow(/npm run build:c/);
  });
});

describe('the sample ecg_beats', () => {
  const sample = join(MODULE, 'samples', 'ecg_beats');

  it.skipIf(!onPath('gcc'))('expects of the board the classes that the WebAssembly finds at the same beats', () => {
    const folder = emptyFolder('beats');
    const main = join(folder, 'main.c');
    writeFileSync(
      main,
      `#include <stdio.h>
#include "beats.h"
#include "strip.h"
int main(void) {
  static struct beats beats;
  int16_t window[BEATS_WINDOW];
  uint32_t at;
  beats_init(&beats);
  for (int i = 0; i < STRIP_SAMPLES; i++)
    if (beats_push(&beats, strip[i], window, &at)) {
      printf("%u", at);
      for (int k = 0; k < BEATS_WINDOW; k++) printf(" %d", window[k]);
      printf("\\n");
    }
  return 0;
}
`,
    );
    const strict = '-std=c99 -O1 -Wall -Wextra -Wconversion -Werror -fsanitize=address,undefined'.split(' ');
    const sources = [main, ...['beats.c', 'strip.c'].map((name) => join(sample, 'src', name))];
    output('gcc', [...strict, `-I${join(sample, 'src')}`, ...sources, '-o', join(folder, 'beats')]);
    const lines = output(join(folder, 'beats'), []).trim().split('\n');
    const runtime = new Runtime(new Uint8Array(readFileSync(ECG)));
    runtime.load(0);
    const classes = lines.map((line) => {
      const window = Int16Array.from(line.split(' ').slice(1), Number);
      const scores = new Int8Array(runtime.run(new Uint8Array(window.buffer)).slice().buffer);
      return 'NSVF'[scores.indexOf(Math.max(...scores))];
    });
    const { harness_config } = yaml('samples/ecg_beats/sample.yaml').common as Record<string, Record<string, Yaml>>;
    const [, , last] = harness_config.regex as string[];
    expect(last).toBe(`3600 samples, 0 lost, ${lines.length} beats: ${classes.join('')}`);
    const readme = readFileSync(join(sample, 'README.rst'), 'utf8');
    expect(readme).toContain(last);
  });
});

/** The Zephyr module without Zephyr: its YAML against the schemas, its paths, and all of its C against stubs of Zephyr's headers. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KERNELS } from '../../host/board/firmware.ts';
import { SMALL } from '../../host/board/library.ts';
import { crc32 } from '../../host/image/crc32.ts';
import { withResidency } from '../../host/image/seal.ts';
import { Runtime } from '../../host/runtime/runtime.ts';
import { tinyImage } from '../board/tinyImage.ts';
import { emptyFolder, library, onPath, output } from '../clib/workshop.ts';
import { packTogether, shapeRows } from '../shapes.ts';
import { configure as configureApp, STUBS, type Target } from './stubbed.ts';
import { ECG, MODULE, root } from './workshop.ts';
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
  { name: 'arm-none-eabi-gcc', flags: '-mcpu=cortex-m7 -mthumb', variant: 'DSP' },
];
const BUILDERS = ['cmake', 'ninja', 'python3'].every(onPath);

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

  const [scalar, dsp] = COMPILERS;
  const canArm = BUILDERS && onPath('arm-none-eabi-gcc');
  const kernelsOf = (commands: { file: string; command: string }[]) =>
    commands.find(({ file }) => /htpw_(scalar|dsp)\.c$/.test(file))!;

  it.skipIf(!canArm)('kernels are compiled with the flags that they are written for, after those of Zephyr', () => {
    const flagsOf = (...options: string[]) => {
      const { command } = kernelsOf(configure('samples/ecg_beats', dsp, ...options).commands);
      return command.split(' ').filter((word) => /^(-O|-f|--param)/.test(word));
    };
    const first = ['-Os', '-O2'];
    expect(flagsOf()).toEqual([...first, ...KERNELS]);
    expect(flagsOf('-DCONFIG_HTPW_SMALL=y')).toEqual([...first, ...KERNELS, ...SMALL]);
  });

  it.skipIf(!canArm)('the variant decides which runtime is compiled, HTPW_LIBRARY where it is from', async () => {
    expect(kernelsOf(configure('samples/shell', scalar).commands).file).toBe(join(folder, 'src', 'htpw_scalar.c'));
    expect(kernelsOf(configure('samples/shell', dsp).commands).file).toBe(join(folder, 'src', 'htpw_dsp.c'));
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

  const readImage = (...words: string[]) => output('python3', [join(MODULE, 'cmake', 'htpw_image.py'), ...words]);

  it.skipIf(!onPath('python3'))('htpw_add_model reads the sizes of any image as the runtime does', () => {
    const models = join(root, 'models');
    const images = [ECG, ...readdirSync(join(models, 'controls')).map((name) => join(models, 'controls', name))].filter(
      (path) => path.endsWith('.htpw'),
    );
    const several = join(emptyFolder('programs'), 'several.htpw');
    writeFileSync(several, packTogether(shapeRows(1).slice(0, 20)));
    expect(images.length).toBeGreaterThan(2);
    for (const path of [...images, several]) {
      const image = new Uint8Array(readFileSync(path));
      const runtime = new Runtime(image);
      const most = (size: (program: number) => number) =>
        Math.max(...Array.from({ length: runtime.programs }, (_, program) => size(program)));
      const sizes = [
        most((program) => runtime.arenaBytes(program)),
        most((program) => runtime.inputBytes(program)),
        most((program) => runtime.outputBytes(program)),
      ];
      expect(readImage(path)).toBe([image.length, ...sizes].join(';'));
    }
  });

  it.skipIf(!onPath('python3'))(
    'htpw_add_model refuses what is no image, what is damaged and what is another, by name',
    () => {
      const folder = emptyFolder('refused');
      const image = readFileSync(ECG);
      const file = join(folder, 'image.htpw');
      const reading = (content: Uint8Array | null, ...words: string[]) => {
        rmSync(file, { force: true });
        if (content) writeFileSync(file, content);
        return () => readImage(file, ...words);
      };
      const changed = (at: number, value: number) => {
        const copy = Uint8Array.from(image);
        copy[at] = value;
        return copy;
      };
      const sealed = (bytes: Uint8Array) => {
        new DataView(bytes.buffer).setUint32(12, crc32(bytes.subarray(32)), true);
        return bytes;
      };
      expect(reading(null)).toThrow(/image\.htpw: not found/);
      expect(() => readImage(folder)).toThrow(/expected an image, got: Is a directory/);
      expect(reading(new Uint8Array(0))).toThrow(/expected an image, got 0 bytes/);
      expect(reading(new Uint8Array(100))).toThrow(/which begins with 48545057, got 00000000/);
      expect(reading(changed(4, 1))).toThrow(/expected format 2, got 1/);
      expect(reading(image.subarray(0, 100))).toThrow(/expected 16340 bytes, as its header says, got 100/);
      expect(reading(changed(5000, 1))).toThrow(/expected CRC-32 [0-9a-f]{8}, as its header says, got/);
      expect(reading(sealed(changed(18, 0)))).toThrow(/records that lead nowhere \(no program\)/);
      expect(reading(sealed(changed(39, 0x7f)))).toThrow(/records that lead nowhere/);
      // the same network of another residency, and another network
      const stream = withResidency(image, 'stream');
      const siblingOf = (path: string) => ['--residency', 'stream', '--of', path];
      expect(reading(stream, ...siblingOf(ECG))()).toBe('16340;9840;640;4');
      expect(reading(null, ...siblingOf(ECG))).toThrow(
        /image\.htpw: not found; make it: npx htpw plan \S+ecg-beats\.htpw/,
      );
      expect(reading(withResidency(tinyImage(), 'stream'), ...siblingOf(ECG))).toThrow(
        /expected the weights of \S+, got others/,
      );
      const several = packTogether(shapeRows(1).slice(0, 20));
      writeFileSync(join(folder, 'several.htpw'), several);
      expect(reading(withResidency(several, 'lazy'), ...siblingOf(join(folder, 'several.htpw')))).not.toThrow();
    },
  );

  /** What CMake says to an app of these lines, settings and -D...; in each of its files it finds the ECG image. */
  const refusal = (lines: string[], files: string[], ...options: string[]) => {
    const app = emptyFolder('refusal');
    mkdirSync(join(app, 'src'));
    writeFileSync(join(app, 'src', 'main.c'), 'int main(void) { return 0; }\n');
    const [settings, definitions] = [false, true].map((is) =>
      options.filter((option) => option.startsWith('-D') === is),
    );
    writeFileSync(join(app, 'prj.conf'), ['CONFIG_HTPW=y', ...settings, ''].join('\n'));
    const before = ['cmake_minimum_required(VERSION 3.20.0)', 'find_package(Zephyr REQUIRED)', 'project(refusal C)'];
    const list = [...before, 'target_sources(app PRIVATE src/main.c)', ...lines, ''];
    writeFileSync(join(app, 'CMakeLists.txt'), list.join('\n'));
    for (const file of files) writeFileSync(join(app, file), readFileSync(ECG));
    try {
      configureApp(folder, app, dsp, ...definitions);
    } catch (error) {
      return String(error).replaceAll(/\s+/g, ' '); // CMake breaks lines
    }
    return 'configured';
  };

  it.skipIf(!canArm)(
    'htpw_add_model takes an image for several targets and under several names',
    { timeout: 60_000 },
    () => {
      const lines = [
        'add_library(second STATIC src/main.c)',
        'htpw_add_model(app a.htpw)',
        'htpw_add_model(second a.htpw)',
      ];
      expect(refusal([...lines, 'htpw_add_model(app a.htpw NAME again)'], ['a.htpw'])).toBe('configured');
    },
  );

  it.skipIf(!canArm)(
    'htpw_add_model says what it expected, what it got and what to do',
    { timeout: 120_000 },
    async () => {
      const other = emptyFolder('other');
      writeFileSync(join(other, 'tiny.htpw'), tinyImage());
      const cut = await library(join(other, 'tiny.htpw'));
      const stream = '-DCONFIG_HTPW_RESIDENCY_STREAM=y';
      const rows: [line: string, files: string[], says: string, ...options: string[]][] = [
        ['htpw_add_model(app)', [], 'expected <target> <image> [NAME <name>] [RESIDENCY <residency>], got: app'],
        ['htpw_add_model(app a.htpw NAME)', ['a.htpw'], '[RESIDENCY <residency>], got: app a.htpw NAME'],
        ['htpw_add_model(ap a.htpw)', ['a.htpw'], 'a.htpw: expected a target, usually app, got ap'],
        [
          'htpw_add_model(app a.htpw RESIDENCY ram)',
          ['a.htpw'],
          'expected one of as-packed, boot, lazy, stream, got ram',
        ],
        [
          'htpw_add_model(app int.htpw)',
          ['int.htpw'],
          'expected the name of a variable in C, got int; add NAME <name>',
        ],
        ['htpw_add_model(app 9lives.htpw)', ['9lives.htpw'], 'expected the name of a variable in C, got 9lives'],
        ['htpw_add_model(app a.htpw NAME x-y)', ['a.htpw'], 'expected the name of a variable in C, got x-y'],
        [
          'htpw_add_model(app a-b.htpw)\nhtpw_add_model(app a_b.htpw)',
          ['a-b.htpw', 'a_b.htpw'],
          'a-b.htpw is named a_b, too',
        ],
        ['htpw_add_model(app a.bin)', ['a.bin'], 'a.bin: expected a name that ends in .htpw', stream],
        ['htpw_add_model(app a.htpw)', ['a.htpw'], 'a-stream.htpw: not found; make it: npx htpw plan', stream],
        ['htpw_add_model(app a.htpw)', ['a.htpw'], 'was cut to another image; cut it', `-DCONFIG_HTPW_LIBRARY=${cut}`],
        ['htpw_add_model(app a.htpw)', ['a.htpw'], 'htpw_add_model: expected CONFIG_HTPW=y, got n', 'CONFIG_HTPW=n'],
        ['htpw_models_folder(m)', [], 'htpw_models_folder: expected CONFIG_HTPW=y, got n', 'CONFIG_HTPW=n'],
        ['htpw_add_model(app a.htpw RESIDENCY as-packed)', ['a.htpw'], 'configured', stream],
      ];
      for (const [line, files, says, ...options] of rows) expect(refusal([line], files, ...options)).toContain(says);
      for (const made of [other, cut]) rmSync(made, { recursive: true });
    },
  );

  it.skipIf(!onPath('gcc'))('a partition that is not memory, or not there, stops the compiler with what to do', () => {
    const place = emptyFolder('partition');
    const source = join(place, 'partition.c');
    writeFileSync(source, '#include <htpw/model.h>\nHTPW_DEFINE_IN_PARTITION(model, DT_CHOSEN(htpw_model));\n');
    const includes = [STUBS, join(folder, 'include'), join(MODULE, 'include')].map((path) => `-I${path}`);
    const compile = (...flags: string[]) =>
      output('gcc', [
        '-m32',
        '-ffreestanding',
        '-fsyntax-only',
        '-DCONFIG_HTPW_ARENA_BYTES=16',
        ...includes,
        ...flags,
        source,
      ]);
    expect(compile()).toBe('');
    const notMemory = /not in flash inside the chip.*htpw_read_partition\(\), or give HTPW_DEFINE_OVER\(\)/;
    const rows: [flag: string, says: RegExp][] = [
      ['-DDT_NODE_EXISTS(node)=0', /no such partition: expected a node label, or a chosen/],
      ['-DSTUB_COMPATIBLE_soc_nv_flash=0', notMemory],
      ['-DSTUB_COMPATIBLE_zephyr_sim_flash=1', notMemory],
      ['-DCONFIG_SOC_FAMILY_ESP32=1', notMemory],
      ['-DCONFIG_SOC_FAMILY_ESPRESSIF_ESP32=1', notMemory],
      ['-DSTUB_ADDRESS=0x10004', /an image must be 16-byte aligned/],
    ];
    for (const [flag, says] of rows) expect(() => compile(flag)).toThrow(says);
  });

  it.skipIf(!canArm)('HTPW_RESIDENCY takes the image of that name, and says how to make one that is not there', () => {
    const { build } = configure('samples/ecg_beats', dsp, '-DCONFIG_HTPW_RESIDENCY_STREAM=y');
    const header = readFileSync(join(build, 'htpw_models', 'htpw', 'models', 'ecg_beats.h'), 'utf8');
    expect(header).toContain('#define htpw_ecg_beats_arena_bytes 9840');
    rmSync(join(folder, 'models', 'ecg-beats-stream.htpw'));
    const again = () => configure('samples/ecg_beats', dsp, '-DCONFIG_HTPW_RESIDENCY_STREAM=y');
    expect(again).toThrow(/npx\s+htpw\s+plan\s+\S+ecg-beats\.htpw\s+--residency\s+stream/);
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

/**
 * Images in a Zephyr application: what htpw_add_model() takes, reads and refuses, and partitions that are memory or
 * not.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withResidency } from '../../host/image/seal.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { portsOf } from '../../host/runtime/ports.ts';
import { tinyImage } from '../boards/tinyImage.ts';
import { PORT_IMAGES, portLines, portProgram } from '../clib/ports.ts';
import { library } from '../clib/write.ts';
import { ECG, emptyFolder, MODULE, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';
import { packTogether, shapeRows } from '../shapes.ts';
import { BUILDERS, CORTEX_M7, configure, STUBS } from './stubbed.ts';

describe('htpw_add_model', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await library();
  }, 300_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const canArm = BUILDERS && onPath('arm-none-eabi-gcc');
  const readImage = (...words: string[]) => output('python3', [join(MODULE, 'cmake', 'htpw_image.py'), ...words]);

  it.skipIf(!onPath('python3'))('reads the sizes of any image as the runtime does', () => {
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

  it.skipIf(!onPath('python3'))('refuses what is no image, what is damaged and what is another, by name', () => {
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
    const config = join(folder, 'htpw_config.h');
    writeFileSync(config, '#define HTPW_PROVED_BYTES 1u\n');
    expect(() => readImage(ECG, '--library', config)).toThrow(/htpw_config\.h: expected HTPW_PROVED_IMAGES with/);
    const proof = (bytes: Uint8Array) => `{${bytes.length}u, 0x${crc32(bytes).toString(16).padStart(8, '0')}u}`;
    writeFileSync(config, `#define HTPW_PROVED_IMAGES ${proof(tinyImage())}, ${proof(image)}\n`);
    expect(readImage(ECG, '--library', config)).toBe('16340;41328;640;4');
    writeFileSync(config, `#define HTPW_PROVED_IMAGES ${proof(tinyImage())}, {1u, 0x00000000u}\n`);
    expect(() => readImage(ECG, '--library', config)).toThrow(/was cut to 2 other images; cut it to this one, too/);
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
  });

  it.skipIf(!onPath('python3') || !onPath('gcc')).each(PORT_IMAGES)(
    'says to a C compiler what the image does of inputs, outputs and labels, to the bit: %s',
    { timeout: 60_000 },
    (_, image) => {
      const folder = emptyFolder('ports');
      mkdirSync(join(folder, 'htpw', 'models'), { recursive: true });
      const file = (...path: string[]) => join(folder, ...path);
      const header = file('htpw', 'models', 'it.h');
      writeFileSync(file('it.htpw'), image);
      writeFileSync(file('it.inc'), [...image].join());
      readImage(file('it.htpw'), '--name', 'it', '--header', header, '--source', file('it.c'));
      const name = (program: number, kind: string, port: number, field: string) =>
        `htpw_it_${program ? `program${program}_` : ''}${kind}${port || ''}_${field}`;
      const isLabelled = portsOf(new ImageView(image)).some(({ outputs }) => outputs.some(({ labels }) => labels));
      const count = isLabelled ? 'htpw_it_label_count' : '0';
      expect(readFileSync(header, 'utf8').includes('label')).toBe(isLabelled);
      writeFileSync(file('main.c'), portProgram(image, 'htpw/models/it.h', name, count));
      const flags = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-trigraphs', `-I${folder}`];
      output('gcc', [...flags, file('main.c'), file('it.c'), '-o', file('main')]);
      expect(output(file('main'), [])).toBe(portLines(image));
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
      configure(folder, app, CORTEX_M7, ...definitions);
    } catch (error) {
      return String(error).replaceAll(/\s+/g, ' '); // CMake breaks lines
    }
    return 'configured';
  };

  it.skipIf(!canArm)('takes an image for several targets and under several names', { timeout: 60_000 }, () => {
    const lines = [
      'add_library(second STATIC src/main.c)',
      'htpw_add_model(app a.htpw)',
      'htpw_add_model(second a.htpw)',
    ];
    expect(refusal([...lines, 'htpw_add_model(app a.htpw NAME again)'], ['a.htpw'])).toBe('configured');
  });

  it.skipIf(!canArm)('says what it expected, what it got and what to do', { timeout: 120_000 }, async () => {
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
      ['htpw_add_model(app int.htpw)', ['int.htpw'], 'expected the name of a variable in C, got int; add NAME <name>'],
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
  });

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
    const sample = join(folder, 'zephyr', 'samples', 'ecg_beats');
    const { build } = configure(folder, sample, CORTEX_M7, '-DCONFIG_HTPW_RESIDENCY_STREAM=y');
    const header = readFileSync(join(build, 'htpw_models', 'htpw', 'models', 'ecg_beats.h'), 'utf8');
    expect(header).toContain('#define htpw_ecg_beats_arena_bytes 9840');
    rmSync(join(folder, 'models', 'ecg-beats-stream.htpw'));
    const again = () => configure(folder, sample, CORTEX_M7, '-DCONFIG_HTPW_RESIDENCY_STREAM=y');
    expect(again).toThrow(/npx\s+htpw\s+plan\s+\S+ecg-beats\.htpw\s+--residency\s+stream/);
  });
});

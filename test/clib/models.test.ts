/** Libraries cut to images: one library for several, and what the header says of each. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Tailoring, tailoring, together, writeLibrary } from '../../host/build/library.ts';
import { modelHeader, modelSource } from '../../host/build/modelHeader.ts';
import { requirementsOf } from '../../host/build/requirements.ts';
import { main } from '../../host/cli.ts';
import { pack } from '../../host/image/pack.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { portsOf } from '../../host/runtime/ports.ts';
import { ECG, emptyFolder, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';
import { ModelBuilder } from '../zoo.ts';
import { labelled, PORT_IMAGES, portLines, portProgram } from './ports.ts';

/** The ECG network, and one of operators that it does not have. */
const FIRST = new Uint8Array(readFileSync(ECG));
const SECOND = (() => {
  const b = new ModelBuilder(1, [6, 6, 3]);
  b.convolution(4, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] });
  const model = b
    .pool('maxPool', { kernel: [2, 2], stride: [2, 2], pad: [0, 0] })
    .fullyConnected(3)
    .softmax()
    .build();
  model.metadata = { name: 'second', labels: ['second 0', 'second 1', 'second 2'] };
  return pack(model);
})();

const both = () => together([tailoring('first-net.htpw', FIRST), tailoring('2nd.htpw', SECOND)]);

async function written(tailored: Tailoring): Promise<string> {
  const folder = emptyFolder('models');
  await writeLibrary(folder, tailored);
  return folder;
}

describe('one library for two images', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await written(both());
  }, 300_000);

  it('keeps the operators of either, and brings the largest buffers', () => {
    const [first, second, all] = [requirementsOf(FIRST), requirementsOf(SECOND), both().needs];
    expect(all.features).toBe(first.features | second.features);
    expect([first.features, second.features]).not.toContain(all.features);
    expect(all.arenaBytes).toBe(Math.max(first.arenaBytes, second.arenaBytes));
    const header = readFileSync(join(folder, 'include', 'htpw_model.h'), 'utf8');
    for (const size of ['arena', 'input', 'output'] as const)
      expect(header).toContain(`#define HTPW_MODELS_${size.toUpperCase()}_BYTES ${all[`${size}Bytes`]}u\n`);
  });

  it.skipIf(!onPath('gcc'))(
    'opens both and no third, and runs each as the WebAssembly does',
    { timeout: 120_000 },
    () => {
      const program = join(folder, 'models');
      const sources = ['src/htpw_scalar.c', 'src/htpw_model.c'].map((name) => join(folder, name));
      const test = join(root, 'test', 'clib', 'models.c');
      output('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', `-I${folder}/include`, test, ...sources, '-o', program]);
      const third = join(folder, 'third.htpw');
      writeFileSync(third, labelled(3, ['x']));
      const answers = 'whole OK, in more memory OK, damaged BAD_CRC, of another length BAD_CRC, cut ';
      const outputs = [FIRST, SECOND].map((image) => {
        const runtime = new Runtime(image).load();
        const input = Uint8Array.from({ length: runtime.inputBytes() }, (_, i) => (i * 37) & 127);
        return Buffer.from(runtime.run(input)).toString('hex');
      });
      const shorter = (image: Uint8Array, other: Uint8Array) => (image.length < other.length ? 'TRUNCATED' : 'BAD_CRC');
      expect(output(program, [third]).trim().split('\n')).toEqual([
        `first: ${answers}${shorter(FIRST, SECOND)}, misaligned BAD_ALIGNMENT`,
        `second: ${answers}${shorter(SECOND, FIRST)}, misaligned BAD_ALIGNMENT`,
        expect.stringMatching(/^other: (TRUNCATED|BAD_CRC)$/),
        expect.stringMatching(/^S of 4, second 0 of \d+$/),
        ...outputs,
      ]);
    },
  );

  const canMake = onPath('arm-none-eabi-gcc') && onPath('make');
  it.skipIf(!canMake)('is what htpw.mk compiles, strictly', { timeout: 120_000 }, () => {
    const lines = [
      'CC := arm-none-eabi-gcc',
      'CFLAGS := -mcpu=cortex-m0 -mthumb -std=c99 -Wall -Wextra -Werror',
      `include ${folder}/htpw.mk`,
      'all:',
      '\tfor source in $(HTPW_SOURCES); do $(CC) $(CFLAGS) $(HTPW_INCLUDES) $(HTPW_CFLAGS) -c $$source || exit 1; done',
    ];
    writeFileSync(join(folder, 'Makefile'), `${lines.join('\n')}\n`);
    expect(output('make', ['-s', '-C', folder])).toBe('');
    expect(output('arm-none-eabi-nm', [join(folder, 'htpw_model.o')])).toMatch(
      /htpw_model_2nd\n.*htpw_model_2nd_labels\n/,
    );
  });

  const canCmake = ['arm-none-eabi-gcc', 'cmake', 'ninja'].every(onPath);
  it.skipIf(!canCmake)(
    'is what CMake builds; two libraries in one program are refused by name',
    { timeout: 120_000 },
    async () => {
      const app = emptyFolder('two');
      const toolchain = join(root, 'examples', 'hello', 'mps2-an500.cmake');
      const configure = (...folders: string[]) => {
        const lines = folders.map((each, i) => `add_subdirectory(${each} ${i})`);
        const list = ['cmake_minimum_required(VERSION 3.13)', 'project(two C)', ...lines, ''];
        writeFileSync(join(app, 'CMakeLists.txt'), list.join('\n'));
        return output('cmake', [
          '-G',
          'Ninja',
          '-S',
          app,
          '-B',
          join(app, 'build'),
          `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`,
        ]);
      };
      configure(folder);
      output('cmake', ['--build', join(app, 'build')]);
      const other = await written(tailoring('third.htpw', labelled(3, ['x'])));
      expect(() => configure(folder, other)).toThrow(
        /expected one\s+library in a program, got[\s\S]*htpw\s+clib\s+--tailor\s+A\.htpw\s+--tailor\s+B\.htpw/,
      );
    },
  );
});

describe('images that cannot be told apart in C', () => {
  const other = labelled(4, ['x', 'y', 'z', 'u', 'v']);
  it.each([
    ['the same bytes', 'b.htpw', FIRST, 'b.htpw: expected another image than a.htpw, got the same; name it once'],
    ['one name', 'a.htpw', other, 'a.htpw: would define htpw_model_a in C, as a.htpw does; rename one'],
    ['names that differ in case', 'A.htpw', other, 'A.htpw: would define HTPW_MODEL_A_BYTES in C, as a.htpw does'],
    ['names that join to one', 'a-arena.htpw', other, 'would define HTPW_MODEL_A_ARENA_BYTES in C, as a.htpw does'],
    ['the name of labels', 'a_labels.htpw', other, 'would define htpw_model_a_labels in C, as a.htpw does'],
    ["the Zephyr module's name", 'run.htpw', other, 'would define htpw_model_run in C, as the Zephyr module does'],
  ])('for %s are refused', (_, name, image, says) => {
    expect(() => together([tailoring('a.htpw', FIRST), tailoring(name, image)])).toThrow(says);
  });

  it('are refused on the command line with exit code 2, before anything is written', async () => {
    const folder = emptyFolder('refused');
    const said: string[] = [];
    const log = console.error;
    console.error = (line) => said.push(line);
    try {
      expect(await main(['clib', '--tailor', ECG, '--tailor', ECG, '-o', join(folder, 'out')])).toBe(2);
      const input = ['--input', join(folder, 'in.bin')];
      expect(await main(['clib', '--tailor', ECG, '--tailor', ECG, ...input, '-o', join(folder, 'out')])).toBe(2);
      expect(await main(['build', '--tailor', ECG, '--tailor', ECG])).toBe(2);
    } finally {
      console.error = log;
    }
    expect(said).toEqual([
      expect.stringMatching(/expected another image than ecg-beats\.htpw, got the same/),
      expect.stringMatching(/--input is for one image, --tailor names 2/),
      expect.stringMatching(/--tailor names 2 images: say with -o/),
    ]);
    expect(() => readFileSync(join(folder, 'out', 'htpw.mk'))).toThrow();
  });
});

describe('the model header', () => {
  it('of one image has names without its file’s, as it always had', () => {
    const { models } = tailoring('any name.htpw', FIRST);
    const header = modelHeader(models);
    for (const name of ['BYTES', 'ARENA_BYTES', 'INPUT_BYTES', 'OUTPUT_BYTES'])
      expect(header).toMatch(new RegExp(`^#define HTPW_MODEL_${name} \\d+u$`, 'm'));
    expect(header).toContain('extern const uint8_t htpw_model[HTPW_MODEL_BYTES];');
    expect(modelSource(models)).toContain(
      'const uint8_t htpw_model[HTPW_MODEL_BYTES] __attribute__((aligned(16))) = {',
    );
  });

  it.skipIf(!onPath('gcc')).each(PORT_IMAGES)(
    'says to a C compiler what the image does of inputs, outputs and labels, to the bit: %s',
    { timeout: 60_000 },
    (_, image) => {
      const folder = emptyFolder('header');
      const file = (name: string, content: string) => {
        writeFileSync(join(folder, name), content);
        return join(folder, name);
      };
      const { models } = tailoring('evil*/name.htpw', image);
      const name = (program: number, kind: string, port: number, field: string) =>
        `HTPW_MODEL_${program ? `PROGRAM${program}_` : ''}${kind}${port || ''}_${field}`.toUpperCase();
      const header = modelHeader(models);
      file('htpw_model.h', header);
      expect(/_LABELS|_labels/.test(header)).toBe(
        portsOf(new ImageView(image)).some(({ outputs }) => outputs.some(({ labels }) => labels)),
      );
      const files = [
        file('htpw_model.c', modelSource(models)),
        file('main.c', portProgram(image, 'htpw_model.h', name, 'HTPW_MODEL_LABELS')),
      ];
      output('gcc', ['-std=c99', '-Wall', '-Wextra', '-Werror', '-trigraphs', ...files, '-o', join(folder, 'main')]);
      expect(output(join(folder, 'main'), [])).toBe(portLines(image));
    },
  );

  it('leaves a scale out that is none', () => {
    const image = labelled(2, []);
    new DataView(image.buffer).setFloat32(new ImageView(image).programs[0].inputs[0].at + 4, Number.NaN, true);
    const needs = requirementsOf(FIRST);
    const header = modelHeader([{ name: 'nan.htpw', image, needs }]);
    expect(header).toContain('/* HTPW_MODEL_INPUT has no scale: NaN */');
    expect(header).not.toContain('HTPW_MODEL_INPUT_SCALE');
  });
});

/** Libraries cut to images: one library for several, and what the header says of each. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Tailoring, tailoring, together, writeLibrary } from '../../host/board/library.ts';
import { measureImage } from '../../host/board/measure.ts';
import { modelHeader, modelSource } from '../../host/board/modelHeader.ts';
import { main } from '../../host/cli.ts';
import { pack } from '../../host/image/pack.ts';
import { ImageView } from '../../host/image/view.ts';
import { portsOf } from '../../host/runtime/ports.ts';
import { Runtime } from '../../host/runtime/runtime.ts';
import { packTogether, shapeRows } from '../shapes.ts';
import { ModelBuilder } from '../zoo.ts';
import { ECG, emptyFolder, onPath, output, root } from './workshop.ts';

const HOSTILE_LABELS = ['a "quoted" \\ one', 'what??=', '*/ int evil;\n#error no', 'Füße', '\u001b[31m'];

function labelled(seed: number, labels: unknown, classes = 5): Uint8Array {
  const model = new ModelBuilder(seed, [1, 4, 3]).fullyConnected(classes).build();
  model.metadata = { name: 'labelled', labels: labels as string[] };
  return pack(model);
}

const FIRST = new Uint8Array(readFileSync(ECG));
/** Operators that the ECG network does not have; it has others that this one lacks. */
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
    const [first, second, all] = [measureImage(FIRST), measureImage(SECOND), both().needs];
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
    ['one name', 'a.htpw', other, 'a.htpw: would be htpw_model_a in C, which is a name of a.htpw, too; rename one'],
    [
      'names that differ in case',
      'A.htpw',
      other,
      'A.htpw: would be HTPW_MODEL_A_BYTES in C, which is a name of a.htpw',
    ],
    [
      'names that join to one',
      'a-arena.htpw',
      other,
      'would be HTPW_MODEL_A_ARENA_BYTES in C, which is a name of a.htpw',
    ],
    ['the name of labels', 'a_labels.htpw', other, 'would be htpw_model_a_labels in C, which is a name of a.htpw'],
    [
      "the Zephyr module's name",
      'run.htpw',
      other,
      'would be htpw_model_run in C, which is a name of the Zephyr module',
    ],
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

  /** What a C compiler makes of every port of every program. */
  const programOf = (image: Uint8Array): string => {
    const lines = portsOf(new ImageView(image)).flatMap(({ inputs, outputs }, p) => {
      const start = `HTPW_MODEL_${p === 0 ? '' : `PROGRAM${p}_`}`;
      const line = (kind: string, i: number) => {
        const name = `${start}${kind}${i || ''}`;
        return `  { float scale = ${name}_SCALE; unsigned bits; memcpy(&bits, &scale, 4);
    printf("%d %d %d %d %08x %d\\n", (int)sizeof(${name}_TYPE), ${name}_HEIGHT, ${name}_WIDTH, ${name}_CHANNELS, bits, ${name}_ZERO_POINT); }`;
      };
      return [...inputs.map((_, i) => line('INPUT', i)), ...outputs.map((_, i) => line('OUTPUT', i))];
    });
    return `#include <stdio.h>\n#include <string.h>\n#include "htpw_model.h"\nint main(void) {\n${lines.join('\n')}\n  return 0;\n}\n`;
  };
  const built = (image: Uint8Array, text: string) => {
    const folder = emptyFolder('header');
    const file = (name: string, content: string) => {
      writeFileSync(join(folder, name), content);
      return join(folder, name);
    };
    const { models } = tailoring('evil*/name.htpw', image);
    file('htpw_model.h', modelHeader(models));
    const files = [file('htpw_model.c', modelSource(models)), file('main.c', text)];
    output('gcc', ['-std=c99', '-Wall', '-Wextra', '-Werror', '-trigraphs', ...files, '-o', join(folder, 'main')]);
    return output(join(folder, 'main'), []);
  };

  const scaled = (scale: number) => {
    const model = new ModelBuilder(1, [2, 1, 3]).fullyConnected(2).build();
    model.programs[0].tensors[0].scale = scale;
    return pack(model);
  };
  it.skipIf(!onPath('gcc')).each([
    ['ten programs', packTogether(shapeRows(1).slice(0, 10))],
    ['raw samples', FIRST],
    ['a scale of many digits', scaled(Math.fround(1 / 3))],
    ['a scale that is whole', scaled(2)],
    ['a tiny scale', scaled(2 ** -149)],
    ['a large scale', scaled(Math.fround(1e38))],
  ])('says to a C compiler what the image does, to the bit: %s', { timeout: 60_000 }, (_, image) => {
    const expected = portsOf(new ImageView(image)).flatMap(({ inputs, outputs }) =>
      [...inputs, ...outputs].map(({ type, shape, scale, zeroPoint }) => {
        const [bits] = new Uint32Array(Float32Array.of(scale).buffer);
        return [type === 'int8' ? 1 : 2, ...shape, bits.toString(16).padStart(8, '0'), zeroPoint].join(' ');
      }),
    );
    expect(built(image, programOf(image)).trim().split('\n')).toEqual(expected);
  });

  it('leaves a scale out that is none', () => {
    const image = scaled(0.5);
    new DataView(image.buffer).setFloat32(new ImageView(image).programs[0].inputs[0].at + 4, Number.NaN, true);
    const needs = measureImage(FIRST);
    const header = modelHeader([{ name: 'nan.htpw', image, needs }]);
    expect(header).toContain('/* HTPW_MODEL_INPUT has no scale: NaN */');
    expect(header).not.toContain('HTPW_MODEL_INPUT_SCALE');
  });

  it.skipIf(!onPath('gcc'))('has labels as they are, whatever is in them', () => {
    const text = `#include <stdio.h>\n#include "htpw_model.h"\nint main(void) {
  for (int i = 0; i < HTPW_MODEL_LABELS; i++) printf("%s%c", HTPW_MODEL_OUTPUT_LABELS[i], 0);
  return 0;\n}\n`;
    expect(built(labelled(2, HOSTILE_LABELS), text).split('\0').slice(0, -1)).toEqual(HOSTILE_LABELS);
  });

  it('has no labels where the image has none that fit', () => {
    for (const labels of [undefined, ['one'], [1, 2, 3, 4, 5]])
      expect(modelHeader(tailoring('a.htpw', labelled(2, labels)).models)).not.toMatch(/_LABELS|_labels/);
  });
});

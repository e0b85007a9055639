/** The C library: which compilers take it, what it asks of them, and that its instances know nothing of each other. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crc32 } from '../../host/records/crc32.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { DEVICE_VARIANT_NAMES, PORTABLE } from '../../host/runtime/variants.ts';
import { ECG, emptyFolder, root } from '../paths.ts';
import { onPath, output } from '../programs.ts';
import { library } from './write.ts';

const STRICT = '-std=c99 -O2 -Wall -Wextra -Wconversion -Wvla -Wstrict-prototypes -Werror'.split(' ');

interface Target {
  name: string;
  compiler: string;
  flags: string[];
  binutils: string;
  bits: 32 | 64;
}

const arm = (core: string): Target => ({
  name: `arm-none-eabi-gcc ${core}`,
  compiler: 'arm-none-eabi-gcc',
  flags: [`-mcpu=${core}`, '-mthumb'],
  binutils: 'arm-none-eabi-',
  bits: 32,
});
const x86 = (compiler: string, bits: 32 | 64): Target => ({
  name: `${compiler} x86, ${bits} bits`,
  compiler,
  flags: bits === 32 ? ['-m32', '-ffreestanding', '-fno-pic'] : [],
  binutils: '',
  bits,
});
const TARGETS: Target[] = [
  ...['cortex-m7', 'cortex-m4', 'cortex-m3', 'cortex-m0'].map(arm),
  ...(['gcc', 'clang'] as const).flatMap((compiler) => [x86(compiler, 64), x86(compiler, 32)]),
  {
    name: 'riscv64-unknown-elf-gcc rv32imac',
    compiler: 'riscv64-unknown-elf-gcc',
    flags: ['-march=rv32imac', '-mabi=ilp32', '-ffreestanding'],
    binutils: 'riscv64-unknown-elf-',
    bits: 32,
  },
];

/** What the C standard lets a compiler call on its own, and the arithmetic of its own library that a core may lack. */
const MAY_CALL = /^(memcpy|memmove|memset|__aeabi_\w+|__\w+[sd]i[234]|_GLOBAL_OFFSET_TABLE_)$/;

let whole: string;
let tailored: string;
beforeAll(async () => {
  whole = await library();
  tailored = await library(ECG);
}, 600_000);
afterAll(() => {
  for (const folder of [whole, tailored]) rmSync(folder, { recursive: true, force: true });
});

for (const target of TARGETS) {
  describe.skipIf(!onPath(target.compiler))(`with ${target.name}`, () => {
    const compiled = (folder: string, variant: string) => {
      const object = join(folder, `${target.name.replaceAll(/\W+/g, '-')}-${variant}.o`);
      const source = join(folder, 'src', `htpw_${variant}.c`);
      output(target.compiler, [...target.flags, ...STRICT, `-I${folder}/include`, '-c', source, '-o', object]);
      return object;
    };
    const symbols = (object: string, ...flags: string[]) =>
      output(`${target.binutils}nm`, ['-P', ...flags, object])
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(' ')[0]);
    const objects: string[] = [];
    beforeAll(() => {
      objects.push(...DEVICE_VARIANT_NAMES.map((variant) => compiled(whole, variant)), compiled(tailored, PORTABLE));
    }, 300_000);

    it('it is strict C99 without a warning, in every variant, whole and tailored', () => {
      expect(objects.length).toBe(DEVICE_VARIANT_NAMES.length + 1);
    });

    it('it exports the API of the header and nothing else, and has no name of the translator', () => {
      const header = readFileSync(join(whole, 'include', 'htpw.h'), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '');
      const declared = [...header.matchAll(/\b(htpw_\w+)\([^)]/g)]
        .map(([, name]) => name)
        .filter((name) => target.bits === 64 || name !== 'htpw_host_memory');
      for (const object of objects) {
        expect(symbols(object, '-g', '--defined-only').sort()).toEqual(declared.sort());
        expect(symbols(object).filter((name) => /w2c|wasm/.test(name))).toEqual([]);
      }
    });

    it('it calls nothing but memcpy, memmove, memset and arithmetic of the compiler', () => {
      for (const object of objects) expect(symbols(object, '-u').filter((name) => !MAY_CALL.test(name))).toEqual([]);
    });

    if (target.bits === 64) return; // there the block for image and buffers is the library's
    it('it has no writable data', () => {
      for (const object of objects) {
        const [, data, bss] = output(`${target.binutils}size`, [object]).trim().split('\n')[1].trim().split(/\s+/);
        expect([data, bss]).toEqual(['0', '0']);
      }
    });
  });
}

describe.skipIf(!onPath('arm-none-eabi-gcc'))('for a big-endian core', () => {
  it('the library stops the compiler with what it expected', () => {
    const source = join(whole, 'src', 'htpw_scalar.c');
    const flags = ['-mcpu=cortex-m3', '-mthumb', '-ffreestanding', '-fsyntax-only', `-I${join(whole, 'include')}`];
    expect(output('arm-none-eabi-gcc', [...flags, source])).toBe('');
    expect(() => output('arm-none-eabi-gcc', [...flags, '-mbig-endian', source])).toThrow(
      /expected a little-endian target, got a big-endian one/,
    );
  });
});

describe.skipIf(!onPath('gcc'))('on a 64-bit host', () => {
  it.each(['whole', 'tailored'])('the %s library feeds a watchdog and finds a flipped bit anywhere', (kind) => {
    const folder = kind === 'whole' ? whole : tailored;
    const program = join(folder, 'checks');
    const source = join(root, 'test', 'clib', 'checks.c');
    output('gcc', [...STRICT, `-I${folder}/include`, source, join(folder, 'src', 'htpw_scalar.c'), '-o', program]);
    const bytes = readFileSync(ECG);
    const runtime = new Runtime(new Uint8Array(bytes));
    for (const at of [8, 18, 24, 40, 200, 9000, bytes.length - 1]) {
      const lines = output(program, [ECG, String(at)])
        .trim()
        .split('\n');
      const fed = lines[0].split(' ').slice(2).map(Number);
      expect(lines[0], `${at}`).toBe(`open OK ${fed.join(' ')}`);
      expect(fed[0]).toBeGreaterThanOrEqual(Math.floor(bytes.length / 4096) - 1);
      expect(fed[2]).toBe(bytes.length);
      expect(lines[1]).toBe('offset 0');
      expect(lines[2]).toBe(`check OK ${fed.join(' ')}`);
      expect(lines[3]).toBe(`work ${runtime.work(0)} 0`);
      expect(lines[4]).toMatch(/^damaged BAD_|^damaged TRUNCATED/);
      expect(lines[5]).toBe(`plain ${lines[4].split(' ')[1]}`);
    }
  });
});

describe('the header', () => {
  it('names nothing of the translator', () => {
    expect(readFileSync(join(whole, 'include', 'htpw.h'), 'utf8')).not.toMatch(/w2c|wasm/i);
  });

  it.skipIf(!onPath('g++'))('is C++17, and the example in its comment is C', () => {
    const folder = emptyFolder('header');
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const includes = [`-I${tailored}/include`, '-fsyntax-only', '-Wall', '-Wextra', '-Werror'];
    const both = '#include "htpw.h"\n#include "htpw_model.h"\n';
    output('g++', [
      '-std=c++17',
      '-pedantic',
      ...includes,
      file('a.cpp', `${both}int main() { return htpw_version(); }`),
    ]);
    const header = readFileSync(join(tailored, 'include', 'htpw.h'), 'utf8');
    const comment = header.slice(0, header.indexOf('*/'));
    const example = [...comment.matchAll(/^ \* {3}((?:#include|static|int|\s|}).*)?$/gm)].map(([, line]) => line ?? '');
    const declarations = 'void sample_into(uint8_t *); void act_upon(const uint8_t *);';
    const program = example.join('\n').replace('#include "htpw_model.h"', `#include "htpw_model.h"\n${declarations}`);
    expect(program).toMatch(/int main\(void\)[\s\S]*htpw_invoke/);
    output('gcc', ['-std=c99', ...includes, file('b.c', program)]);
  });
});

describe.skipIf(!onPath('gcc'))('on a 64-bit computer', () => {
  const build = (folder: string, ...flags: string[]) => buildOf('instances', folder, ...flags);
  const buildOf = (name: string, folder: string, ...flags: string[]) => {
    const program = join(folder, name);
    const files = [join(root, 'test', 'clib', `${name}.c`), join(folder, 'src', 'htpw_scalar.c')];
    output('gcc', ['-O2', '-Wall', '-Wextra', '-Werror', ...flags, `-I${folder}/include`, ...files, '-o', program]);
    return program;
  };

  let built: string | undefined;
  const threads = () => (built ??= buildOf('threads', whole, '-pthread'));

  it('two instances of one image, used in turns, compute what each computes alone', { timeout: 120_000 }, () => {
    const runtime = new Runtime(new Uint8Array(readFileSync(ECG)));
    runtime.load(0);
    const expected = [0, 1].map((seed) => {
      const input = Uint8Array.from({ length: runtime.inputBytes(0) }, (_, i) => (i * (37 + seed)) & 127);
      return Buffer.from(runtime.run(input)).toString('hex');
    });
    expect(expected[0]).not.toBe(expected[1]);
    expect(output(build(whole), [ECG]).trim().split('\n')).toEqual([...expected, ...expected]);
  });

  it('threads that open images at the same time each learn what was refused of their own', { timeout: 120_000 }, () => {
    expect(output(threads(), [ECG])).toBe('0 0\n');
  });

  it('a pointer that the runtime cannot reach is refused by name, and what was loaded runs on', {
    timeout: 120_000,
  }, () => {
    const lines = output(buildOf('outside', whole), [ECG]).trim().split('\n');
    const outside = 'OUTSIDE_HOST_MEMORY';
    const twice = `${outside} ${outside}`;
    const places = ['NULL', 'an array', '4 GiB on', '4 GiB before', 'before the block', "the runtime's own", 'the end'];
    const calls = `open ${outside}, load ${twice}, invoke ${twice}, output ${outside}`;
    const sizes = `programs ${outside}, sizes ${twice} ${outside}, operators ${outside}, weights ${outside}`;
    expect(lines.slice(0, 8)).toEqual(
      [...places, 'across the end'].map((where) => `${where}: ${calls}, ${sizes}; still OK`),
    );
    const aligned = 'BAD_ALIGNMENT';
    expect(lines[8]).toBe(`misaligned: open ${aligned}, load ${aligned}, invoke ${aligned} ${aligned}, still OK`);
    const crc = crc32(readFileSync(ECG)).toString(16).padStart(8, '0');
    expect(lines[9]).toBe(`${crc} ${crc}`); // a checksum is of any memory
  });

  it('the block for image and buffers is as long as HTPW_HOST_BYTES says', { timeout: 120_000 }, () => {
    const [, , bss] = (() => {
      const program = build(whole, '-DHTPW_HOST_BYTES=200000u');
      return output('size', [program]).trim().split('\n')[1].trim().split(/\s+/);
    })();
    expect(Number(bss)).toBeGreaterThanOrEqual(200_000);
    expect(Number(bss)).toBeLessThan(201_000);
  });
});

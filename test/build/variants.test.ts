/** The list of variants against what has to follow it and cannot import it: sources, C, build files, the package. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listBoards } from '../../host/boards/board.ts';
import { DEVICE_VARIANT_NAMES, FASTEST, VARIANT_NAMES, VARIANTS } from '../../host/runtime/variants.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name);
const sources = readdirSync('assembly', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  .map((name) => join('assembly', name));
const intrinsics = [...new Set(VARIANTS.flatMap((variant) => variant.intrinsics))];

describe('the sources of the runtime', () => {
  it('ask which variant is compiled in two files only, and for every name that a variant defines', () => {
    const asked = sources
      .map((path) => ({ path, names: matches(read(path), /isDefined\((\w+)\)/g) }))
      .filter(({ names }) => names.length > 0);
    expect(asked.map(({ path }) => path).sort()).toEqual([
      'assembly/intrinsics/instructions.ts',
      'assembly/operators/variant.ts',
    ]);
    const defined = VARIANTS.flatMap((variant) => variant.defines).sort();
    expect([...new Set(asked.flatMap(({ names }) => names))].sort()).toEqual(defined);
    expect(matches(read('assembly/flags.d.ts'), /declare const (\w+)/g).sort()).toEqual(defined);
  });

  it('choose among the kernels of variants in operators/variant.ts only', () => {
    const kernels = new RegExp(`from '.*/(?:product|depthwise)\\.(?:${VARIANT_NAMES.join('|')})\\.ts'`);
    const importers = sources.filter((path) => kernels.test(read(path)));
    expect(importers).toEqual(['assembly/operators/variant.ts']);
  });
});

describe('the intrinsics', () => {
  it('have two files for each module that a variant imports, and no others', () => {
    const files = intrinsics.flatMap((module) => [`${module}.ts`, `${module}.polyfill.ts`]);
    expect(readdirSync('assembly/intrinsics').sort()).toEqual([...files, 'instructions.ts'].sort());
  });

  it.each(intrinsics)(
    'of %s are the same functions as imports, in the polyfill, in C and in the test on boards',
    (module) => {
      const declared = matches(read(`assembly/intrinsics/${module}.ts`), /^export declare function (\w+)/gm).sort();
      const inC = (path: string) => new Set(matches(read(path), new RegExp(`w2c_${module}_(\\w+)\\(`, 'g')));
      expect(declared.length).toBeGreaterThan(0);
      expect(matches(read(`assembly/intrinsics/${module}.polyfill.ts`), /^export function (\w+)/gm).sort()).toEqual(
        declared,
      );
      const headers = ['intrinsics.h', 'helium.h'].flatMap((name) => [...inC(`boards/common/${name}`)]);
      expect(headers.sort()).toEqual(declared);
      const hints = ['rarely', 'uses']; // nothing that a core could compute otherwise
      expect([...inC('test/cores/intrinsics.c')].sort()).toEqual(declared.filter((name) => !hints.includes(name)));
    },
  );
});

describe('every variant', () => {
  it('is in the package, and the fastest is what load fetches without being told', () => {
    const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };
    const modules = Object.entries(exports).filter(([entry]) => entry.endsWith('.wasm'));
    expect(Object.fromEntries(modules)).toEqual(
      Object.fromEntries(
        VARIANT_NAMES.map((name) => [`./runtime/${name}.wasm`, `./dist/runtime/htpw.${name}.node.wasm`]),
      ),
    );
    expect(matches(read('host/runtime/load.ts'), /htpw\.(\w+)\.node\.wasm/g)).toEqual([FASTEST]);
  });

  it.each(DEVICE_VARIANT_NAMES)('for devices is what some board runs: %s', (name) => {
    expect(listBoards().map(({ variant }) => variant)).toContain(name);
  });

  it.each([
    ['boards/library/CMakeLists.txt', /PROPERTY STRINGS auto ([\w ]+)\)/g, ' '],
    ['boards/library/CMakeLists.txt', /MATCHES "\^\(([\w|]+)\)\$"/g, '|'],
    ['boards/library/htpw.mk', /filter ([\w ]+),\$\(HTPW_CHOSEN/g, ' '],
  ])('for devices is what %s takes, by %s', (path, pattern, separator) => {
    const lists = matches(read(path), pattern).map((list) => list.split(separator).sort());
    expect(lists).toEqual([[...DEVICE_VARIANT_NAMES].sort()]);
  });

  it('for devices has its kernels in the Zephyr module', () => {
    const names = [...DEVICE_VARIANT_NAMES].sort();
    const upper = names.map((name) => name.toUpperCase());
    expect(matches(read('zephyr/Kconfig'), /^config HTPW_VARIANT_(\w+)/gm).sort()).toEqual(upper);
    expect(matches(read('zephyr/CMakeLists.txt'), /set\(htpw_variant (\w+)\)/g).sort()).toEqual(names);
  });

  it.each(VARIANT_NAMES)('is explained in docs/design.md and docs/javascript.md: %s', (name) => {
    for (const page of ['docs/design.md', 'docs/javascript.md']) expect(read(page)).toContain(`\`${name}\``);
  });
});

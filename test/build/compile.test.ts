/** Builds of the runtime: up to date or made anew, free of imports in Node, and C that stands alone. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildRuntime, type RuntimeFiles } from '../../host/build/compile.ts';
import { translate } from '../../host/build/translate.ts';
import { VARIANTS } from '../../host/runtime/variants.ts';

describe('the build of the runtime', () => {
  let built: RuntimeFiles[];
  beforeAll(async () => {
    built = [];
    for (const { name } of VARIANTS) built.push(await buildRuntime(name));
  }, 300_000);

  it('does nothing the second time', async () => {
    expect((await buildRuntime('scalar')).rebuilt).toBe(false);
  });

  it('makes modules for Node that import nothing and export the same functions', async () => {
    const exportsOf = async (path: string) =>
      WebAssembly.Module.exports(await WebAssembly.compile(readFileSync(path))).map(({ name }) => name);
    const scalar = await exportsOf(built[0].nodeWasm);
    for (const { nodeWasm } of built) {
      expect(WebAssembly.Module.imports(await WebAssembly.compile(readFileSync(nodeWasm)))).toEqual([]);
      expect(await exportsOf(nodeWasm)).toEqual(expect.arrayContaining(scalar));
    }
  });

  it('makes C that says which tools made it and needs no instance, memory or library', () => {
    for (const { c, variant } of built) {
      if (!c) continue;
      // the vectors of mve come from a header beside it
      const text = readFileSync(c, 'utf8').replace(variant === 'mve' ? '#include "helium.h"\n' : '', '');
      expect(text).toMatch(new RegExp(`The ${variant} runtime.*assemblyscript \\d.*binaryen \\d.*wabt \\d`, 's'));
      expect(text).not.toMatch(/instance|wasm_rt_|memcpy|w2c_htpw\*|#include/);
    }
  });
});

describe('the translation', () => {
  const origin = { variant: 'scalar', tools: [] };

  it('stops at output of a wasm2c that it does not know', () => {
    expect(() => translate('int main(void) {}', origin)).toThrow(/^wasm2c output: expected function prototypes/);
  });

  it('stops at code that needs the instance', () => {
    const text = [
      'static u32 w2c_htpw_f_0(w2c_htpw*);',
      'wasm_rt_func_type_t wasm2c_htpw_get_func_type(uint32_t n, ...) {',
      '}',
      'u32 w2c_htpw_f_0(w2c_htpw* instance) {',
      '  return instance->w2c_g0;',
      '}',
    ].join('\n');
    expect(() => translate(text, origin)).toThrow('"return instance->w2c_g0;" needs more than the prelude has');
  });
});

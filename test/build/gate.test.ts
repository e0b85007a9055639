/** What the gate lets pass of a module before it becomes C: integers only, without tables, and known imports. */
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { assertFit, gateFaults } from '../../host/build/gate.ts';
import { findVariant, type VariantName } from '../../host/runtime/variants.ts';

const { parseWat } = await wabt();
const features = { simd: true, bulk_memory: true };

function assemble(text: string): Uint8Array {
  const module = parseWat('test.wat', text, features);
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

const faults = (text: string, variant: VariantName = 'scalar') => gateFaults(assemble(text), findVariant(variant));

describe('the build gate', () => {
  it.each([
    ['a data segment', '(module (memory 1) (data (i32.const 0) "text"))', /data segment/],
    ['a function table', '(module (table 1 funcref))', /function table/],
    ['an element segment', '(module (table 1 funcref) (func $f) (elem (i32.const 0) $f))', /element segment/],
    ['a start function', '(module (func $f) (start $f))', /start function/],
    ['a mutable global', '(module (global (mut i32) (i32.const 11)))', /mutable global/],
    ['memory.grow', '(module (memory 1) (func (drop (memory.grow (i32.const 1)))))', /function 0 uses memory\.grow/],
    [
      'memory.fill',
      '(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 4))))',
      /bulk memory/,
    ],
    ['a float constant', '(module (func (drop (f32.const 1))))', /float/],
    ['float arithmetic', '(module (func (param f64) (result f64) local.get 0 local.get 0 f64.add))', /float/],
    ['a float conversion', '(module (func (param i32) (drop (f32.convert_i32_s (local.get 0)))))', /float/],
    ['a float vector', '(module (func (param v128) (drop (f32x4.abs (local.get 0)))))', /float/],
    [
      'a foreign import',
      '(module (import "env" "abort" (func)))',
      /imports env\.abort; allowed: only functions of core$/,
    ],
    ['an imported memory', '(module (import "env" "memory" (memory 1)))', /imports env\.memory/],
  ])('refuses %s', (_, text, message) => {
    expect(faults(text).join()).toMatch(message);
  });

  it('finds what stands behind instructions with operands of any length', () => {
    const text = `(module (memory 1) (func (param i32) (result i32) (local i64 i32)
      (block (block (br_table 0 1 0 (local.get 0))) (i64.store offset=200 (i32.const 0x40) (i64.const -0x4043)))
      (drop (v128.load (i32.const 0))) (drop (v128.const i32x4 0x40404040 1 2 3)) (memory.grow (i32.const 1))))`;
    expect(faults(text)).toEqual(['function 0 uses memory.grow']);
  });

  it('lets a variant import the intrinsics that it has, functions and nothing else', () => {
    const smlad = '(module (import "dsp" "smlad" (func (param i32 i32 i32) (result i32))))';
    expect(faults(smlad, 'dsp')).toEqual([]);
    expect(faults(smlad, 'scalar')).toEqual(['imports dsp.smlad; allowed: only functions of core']);
    expect(faults('(module (import "mve" "mladava" (func)))', 'mve')).toEqual([]);
    expect(faults('(module (import "mve" "mladava" (func)))', 'dsp')).toEqual([
      'imports mve.mladava; allowed: only functions of core, dsp',
    ]);
    expect(faults('(module (import "dsp" "state" (global i32)))', 'dsp')).toEqual([
      'imports dsp.state; allowed: only functions of core, dsp',
    ]);
  });

  it('lets a plain integer module pass', () => {
    expect(
      faults('(module (memory 1) (global i32 (i32.const 11)) (func (result i32) (i32.load (i32.const 8))))'),
    ).toEqual([]);
  });

  it('names the file and every fault, and refuses what is cut short', () => {
    const bytes = assemble('(module (table 1 funcref) (func (drop (memory.grow (i32.const 1)))) (memory 1))');
    const scalar = findVariant('scalar');
    expect(() => assertFit('bad.wasm', bytes, scalar)).toThrow(/^bad\.wasm: not fit.*function table.*memory\.grow/s);
    expect(gateFaults(bytes.subarray(0, bytes.length - 3), scalar).join()).toMatch(/past the end/);
    expect(gateFaults(Uint8Array.of(1, 2, 3), scalar)).toEqual(['is not WebAssembly']);
  });
});

/** What is read from lines of GNU's disassembler. */
import { describe, expect, it } from 'vitest';
import { decode, type Instruction } from '../../../host/measure/cycles/instruction.ts';

const of = (line: string): Instruction => {
  const [name, ...operands] = line.split(' ');
  return decode(0, 4, name!, operands.join(' '));
};

const LINES: [line: string, expected: Partial<Instruction>][] = [
  ['ldr.w r3, [pc, #200] @ (6dc8 <htpw_invoke+0xe0>)', { unit: 'load', reads: [15], writes: [3], words: 1 }],
  ['ldrd r0, r1, [sl], #8', { unit: 'load', reads: [10], writes: [0, 1, 10], words: 2, multiple: true }],
  ['ldrsb.w r2, [r4, r5]', { unit: 'load', reads: [4, 5], writes: [2], addresses: [4, 5], multiple: false }],
  ['strb.w r2, [r4, #1]!', { unit: 'store', reads: [2, 4], writes: [4] }],
  ['stmdb sp!, {r4-r9, lr}', { unit: 'store', words: 7, writes: [13], branches: false }],
  ['pop {r4, pc}', { unit: 'load', words: 2, writes: [4, 15, 13], branches: true }],
  ['vpush {d8-d10}', { unit: 'store', words: 6, reads: [13], writes: [13] }],
  ['smlad r0, r1, r2, r3', { unit: 'multiply', reads: [1, 2, 3], writes: [0], accumulator: 3 }],
  ['smlal r0, r1, r2, r3', { unit: 'multiply', reads: [0, 1, 2, 3], writes: [0, 1], accumulator: null }],
  ['smull r0, r1, r2, r3', { unit: 'multiply', reads: [2, 3], writes: [0, 1] }],
  ['smmlar r0, r1, r2, r3', { unit: 'multiply', accumulator: 3 }],
  ['sxtb16 r0, r1, ror #8', { unit: 'simd', reads: [1], writes: [0] }],
  ['ssat r0, #8, r1, asr #3', { unit: 'simd', reads: [1], writes: [0] }],
  ['add.w r0, r1, r2, lsl #2', { unit: 'shift', reads: [1, 2], writes: [0] }],
  ['sxtb r0, r1', { unit: 'shift', reads: [1], writes: [0] }],
  ['adds r3, #1', { unit: 'alu', reads: [3], writes: [3] }],
  ['mov r3, r4', { unit: 'alu', reads: [4], writes: [3] }],
  ['movt r3, #4', { unit: 'alu', reads: [3], writes: [3] }],
  ['cmp r3, r4', { unit: 'alu', reads: [3, 4], writes: [] }],
  ['bl 100 <f>', { unit: 'branch', writes: [14], branches: true }],
  ['ble.n 100 <f>', { unit: 'branch', reads: [], writes: [], branches: true }],
  ['bls.n 100 <f>', { unit: 'branch', writes: [], branches: true }],
  ['cbz r0, 100 <f>', { unit: 'branch', reads: [0], branches: true }],
  ['bic.w r0, r1, #3', { unit: 'alu', branches: false }],
  ['itte eq', { unit: 'hint', reads: [], writes: [] }],
  ['udiv r0, r1, r2', { unit: 'divide', reads: [1, 2], writes: [0] }],
];

describe('a line of a disassembly', () => {
  it.each(LINES)('%s is read for what it moves and needs', (line, expected) => {
    expect(of(line)).toMatchObject(expected);
  });
});

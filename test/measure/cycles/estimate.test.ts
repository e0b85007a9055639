/** Cycles of short sequences, by hand from the table of the Cortex-M4 and from the stated model of the Cortex-M7. */
import { describe, expect, it } from 'vitest';
import { CORTEX_M4 } from '../../../host/measure/cycles/cortexM4.ts';
import { CORTEX_M7 } from '../../../host/measure/cycles/cortexM7.ts';
import { parseDisassembly } from '../../../host/measure/cycles/disassembly.ts';
import { estimate } from '../../../host/measure/cycles/estimate.ts';
import type { CycleModel } from '../../../host/measure/cycles/pipeline.ts';
import { TraceReader } from '../../../host/measure/cycles/trace.ts';

/** A listing of a function `f` at 0x100, two bytes an instruction. */
function listing(lines: readonly string[]): string {
  const code = lines.map((line, i) => ` ${(0x100 + 2 * i).toString(16)}:\t${line.replace(' ', '\t')}`);
  return ['00000100 <f>:', ...code, ' 200:\tnop'].join('\n');
}

/** Of the lines in one block, once. */
function cyclesOf(model: CycleModel, lines: readonly string[]): number {
  const { instructions } = parseDisassembly(listing(lines));
  const pipeline = model.empty();
  lines.forEach((_, i) => {
    pipeline.step(instructions.get(0x100 + 2 * i)!);
  });
  return pipeline.cycles;
}

const macs = (count: number) => Array.from({ length: count }, (_, i) => `smlad r${i}, r8, r9, r${i}`);

const SEQUENCES: [what: string, lines: string[], m4: number, m7: number][] = [
  ['one load', ['ldr r0, [r1, #4]'], 2, 1],
  [
    'four loads: a cycle each but the first; two a cycle',
    ['ldr r0, [r4, #0]', 'ldr r1, [r4, #4]', 'ldr.w r2, [r4, #8]', 'ldr.w r3, [r4, #12]'],
    5,
    2,
  ],
  ['a load whose address the one before it makes', ['ldr r0, [r1, #0]', 'ldr r2, [r0, #0]'], 4, 3],
  ['LDRD beside a load, with which it never goes', ['ldrd r0, r1, [r4], #8', 'ldr r2, [r5, #0]'], 5, 2],
  ['two LDRD', ['ldrd r0, r1, [r4, #0]', 'ldrd r2, r3, [r4, #8]'], 6, 2],
  ['a sum of what was just loaded', ['ldr r0, [r1, #0]', 'add r2, r0'], 3, 3],
  ['a shifted operand that was just loaded', ['ldr r0, [r1, #0]', 'add.w r2, r3, r0, lsl #2'], 3, 4],
  ['two sums of different registers', ['adds r0, r0, #1', 'adds r1, r1, #1'], 2, 1],
  ['a sum of the one before', ['adds r0, r1, #1', 'adds r2, r0, #1'], 2, 2],
  ['two shifts', ['lsls r0, r1, #2', 'lsls r2, r3, #2'], 2, 2],
  ['four products, one a cycle', macs(4), 4, 4],
  ['a product onto the one before: its sum is passed on early', ['smlad r0, r1, r2, r0', 'smlad r0, r3, r4, r0'], 2, 2],
  ['a sum of a product', ['smlad r0, r1, r2, r0', 'adds r0, r0, #1'], 2, 3],
  ['a product with a load behind it', ['smlad r0, r1, r2, r0', 'ldr r3, [r4, #0]'], 3, 1],
  ['a load with a product behind it, which goes first or alone', ['ldr r3, [r4, #0]', 'smlad r0, r1, r2, r0'], 3, 2],
  ['unpacking bytes beside a sum', ['sxtb16 r0, r1', 'adds r2, r2, #1'], 2, 1],
  ['two stores', ['str r0, [r2, #0]', 'str r1, [r2, #4]'], 2, 2],
  [
    'a store with a register as offset, alone and behind a load',
    ['str r0, [r2, r3]', 'ldr r5, [r6, #0]', 'str r7, [r2, r3]'],
    5,
    2,
  ],
  ['a list of five registers', ['push {r4, r5, r6, r7, lr}'], 6, 3],
  ['MLA', ['mla r0, r1, r2, r3'], 2, 1],
  ['IT', ['it eq', 'moveq r0, r1'], 1, 1],
];

describe('the model', () => {
  it.each(SEQUENCES)('prices %s', (_, lines, m4, m7) => {
    expect({ m4: cyclesOf(CORTEX_M4, lines), m7: cyclesOf(CORTEX_M7, lines) }).toEqual({ m4, m7 });
  });

  it.each([CORTEX_M4, CORTEX_M7])('of $core says what it takes for granted', ({ assumptions }) => {
    expect(assumptions.length).toBeGreaterThanOrEqual(5);
  });
});

/** main calls f, which goes round a loop of two instructions and returns. */
const PROGRAM = `
00000010 <main>:
  10:\tmovs\tr0, #3
  12:\tbl\t100 <f>
  16:\tnop
  18:\tb.n\t18 <main+0x8>

00000100 <f>:
 100:\tmovs\tr1, #0
 102:\tadds\tr1, #1
 104:\tsubs\tr0, #1
 106:\tbne.n\t102 <f+0x2>
 108:\tbx\tlr
`;

const listed = (name: string, ...addresses: number[]) => [
  `IN: ${name}`,
  ...addresses.map((address) => `0x${address.toString(16).padStart(8, '0')}:  1c40  adds r0, #1`),
];
const ran = (address: number) =>
  `Trace 0: 0x7f00 [00800408/${address.toString(16).padStart(8, '0')}/00000110/ff000200] f`;

const LOG = [
  ...listed('main', 0x10, 0x12),
  ran(0x10),
  ...listed('f', 0x100, 0x102, 0x104, 0x106),
  ran(0x100),
  ...listed('f', 0x102, 0x104, 0x106),
  ran(0x102),
  'Stopped execution of TB chain before 0x7f00 [00000102] f',
  ran(0x102),
  ran(0x102),
  ...listed('f', 0x108),
  ran(0x108),
  ...listed('main', 0x16, 0x18),
  ran(0x16),
  ran(0x16),
];

describe('a trace', () => {
  const code = parseDisassembly(PROGRAM);
  const reader = new TraceReader(code, 'f');
  for (const line of LOG) reader.line(line);

  it('has the blocks of a call alone, and not those that were stopped before they ran', () => {
    expect(reader.calls).toHaveLength(1);
    expect([...reader.calls[0]!.edges()]).toEqual([
      { from: -1, to: 0x100, count: 1 },
      { from: 0x100, to: 0x102, count: 1 },
      { from: 0x102, to: 0x102, count: 1 },
      { from: 0x102, to: 0x108, count: 1 },
    ]);
  });

  it('is priced as its sequence is: a branch that is taken costs a Cortex-M4 two cycles more', () => {
    const of = (model: CycleModel) => estimate(reader.calls[0]!, reader.blocks, code, model);
    // 4 + 3 + 3 + 1 instructions, two branches taken
    expect(of(CORTEX_M4)).toEqual({ instructions: 11, cycles: 15 });
    // the first alone, the two sums together and the branch behind them, each time; the return beside the last branch
    expect(of(CORTEX_M7)).toEqual({ instructions: 11, cycles: 8 });
  });

  it('of a function that is not there is refused by name', () => {
    expect(() => new TraceReader(code, 'g')).toThrow('trace: expected a function g in the code, got none');
  });
});

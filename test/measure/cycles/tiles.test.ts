/** Inner loops of a pointwise product, as a compiler could write them: what docs/design.md says of tiles for cycles. */
import { describe, expect, it } from 'vitest';
import { CORTEX_M4 } from '../../../host/measure/cycles/cortexM4.ts';
import { CORTEX_M7 } from '../../../host/measure/cycles/cortexM7.ts';
import { decode } from '../../../host/measure/cycles/instruction.ts';
import type { CycleModel } from '../../../host/measure/cycles/pipeline.ts';

/** Four values of a channel along depth, split; r1 or r3 goes through the weights. */
const weights = (at: string, [even, odd]: [string, string]) => [
  `ldr.w r0, [${at}, #0]`,
  `sxtb16 ${even}, r0`,
  `sxtb16 ${odd}, r0, ror #8`,
];
const mac = (acc: number, x: string, w: string) => `smlad r${acc}, ${x}, ${w}, r${acc}`;
const round = (...pointers: string[]) => [
  ...pointers.map((pointer) => `adds ${pointer}, #16`),
  'cmp r1, r4',
  'bne.n 100 <f>',
];

const ONE = ['sl', 'fp'] as [string, string];
const FOUR = [4, 5, 6, 7];

/** Four positions of one channel: both words of a position, then their products. */
const oneByFour = (load: readonly string[]) => [
  ...weights('r1', ['r8', 'r9']),
  ...FOUR.flatMap((acc) => [...load, mac(acc, ONE[0], 'r8'), mac(acc, ONE[1], 'r9')]),
];

/** The same, with each load behind a product of the position before. */
function interleaved(): string[] {
  const words = [ONE, ['ip', 'lr']] as const;
  const next = (i: number, word: 0 | 1) => (i < 3 ? [`ldr.w ${words[(i + 1) % 2]![word]}, [r2, #8]`] : []);
  const first = ['ldr.w r0, [r1, #0]', 'ldr.w sl, [r2, #0]', 'sxtb16 r8, r0', 'ldr.w fp, [r2, #4]'];
  return [
    ...first,
    'sxtb16 r9, r0, ror #8',
    ...FOUR.flatMap((acc, i) => {
      const [even, odd] = words[i % 2]!;
      return [mac(acc, even, 'r8'), ...next(i, 0), mac(acc, odd, 'r9'), ...next(i, 1)];
    }),
  ];
}

/** Three positions of two channels, whose weights and sums leave one register for the inputs. */
const twoByThree = [
  ...weights('r1', ['sl', 'fp']),
  ...weights('r3', ['ip', 'lr']),
  ...[4, 5, 6].flatMap((acc) =>
    ONE.flatMap((w, i) => ['ldr.w r0, [r2, #0]', mac(acc, 'r0', w), mac(acc + 3, 'r0', ['ip', 'lr'][i]!)]),
  ),
];

interface Tile {
  tile: string;
  step: string[];
  macs: number;
  end: string[];
  instructions: number;
  m4: number;
  m7: number;
}

const FOUR_STEPS = 4;
const pair = ['ldr.w sl, [r2, #0]', 'ldr.w fp, [r2, #4]'];
const double = ['ldrd sl, fp, [r2, #0]'];
const end = round('r1', 'r2');

/** Per 64 multiply-accumulates. */
const TILES: Tile[] = [
  { tile: '1 x 4, LDRD', step: oneByFour(double), macs: 16, end, instructions: 64, m4: 102, m7: 79 },
  { tile: '1 x 4, two LDR', step: oneByFour(pair), macs: 16, end, instructions: 80, m4: 102, m7: 63 },
  { tile: '1 x 4, LDR interleaved', step: interleaved(), macs: 16, end, instructions: 80, m4: 114, m7: 47 },
  { tile: '2 x 3, LDR', step: twoByThree, macs: 24, end: round('r1', 'r3', 'r2'), instructions: 67, m4: 90, m7: 66 },
];

/** Of one more round of four steps. */
function cyclesOf(model: CycleModel, lines: readonly string[]): number {
  const loop = lines.map((line, i) => {
    const [name, ...operands] = line.split(' ');
    return decode(4 * i, 4 * i + 4, name!, operands.join(' '));
  });
  const pipeline = model.empty();
  const rounds = [0, 1].map(() => {
    for (const instruction of loop) pipeline.step(instruction);
    pipeline.taken();
    return pipeline.cycles;
  });
  return rounds[1]! - rounds[0]!;
}

describe('the inner loop', () => {
  it.each(TILES)('of $tile takes $instructions instructions, and by the models $m4 and $m7 cycles', (tile) => {
    const lines = [...Array.from({ length: FOUR_STEPS }, () => tile.step).flat(), ...tile.end];
    const per64 = (count: number) => Math.round((64 * count) / (FOUR_STEPS * tile.macs));
    expect([lines.length, cyclesOf(CORTEX_M4, lines), cyclesOf(CORTEX_M7, lines)].map(per64)).toEqual([
      tile.instructions,
      tile.m4,
      tile.m7,
    ]);
  });
});

/** The instructions of a call, counted, and its cycles by a model. */
import type { Code } from './disassembly.ts';
import type { Instruction } from './instruction.ts';
import type { CycleModel } from './pipeline.ts';
import { type Block, NOTHING, type Profile } from './trace.ts';

export interface Estimate {
  instructions: number;
  cycles: number;
}

/**
 * Prices each pair of blocks once, and multiplies: what a block takes behind the one that it ran behind, the branch
 * between them included. What a pipeline still holds of the block before that is left out. Throws where the trace ran
 * code that was not disassembled.
 */
export function estimate(profile: Profile, blocks: Map<number, Block>, code: Code, model: CycleModel): Estimate {
  const sum: Estimate = { instructions: 0, cycles: 0 };
  const known = new Map<number, Instruction[]>();
  const inside = (start: number) => {
    if (!known.has(start)) known.set(start, instructionsOf(start, blocks, code));
    return known.get(start)!;
  };
  for (const { from, to, count } of profile.edges()) {
    const [before, block] = [from === NOTHING ? [] : inside(from), inside(to)];
    sum.instructions += count * block.length;
    sum.cycles += count * cyclesBehind(before, block, model);
  }
  return sum;
}

function cyclesBehind(before: readonly Instruction[], block: readonly Instruction[], model: CycleModel): number {
  const pipeline = model.empty();
  for (const instruction of before) pipeline.step(instruction);
  const begun = pipeline.cycles;
  const last = before.at(-1);
  if (last?.branches && last.next !== block[0].address) pipeline.taken();
  for (const instruction of block) pipeline.step(instruction);
  return pipeline.cycles - begun;
}

function instructionsOf(start: number, blocks: Map<number, Block>, { instructions }: Code): Instruction[] {
  const last = blocks.get(start)?.last ?? start;
  const block: Instruction[] = [];
  for (let at = start; at <= last; ) {
    const instruction = instructions.get(at);
    if (!instruction) throw new Error(`trace: expected code at 0x${at.toString(16)}, got none in the disassembly`);
    block.push(instruction);
    at = instruction.next;
  }
  return block;
}

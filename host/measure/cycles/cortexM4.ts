/** Cycles of a Cortex-M4 by the table of its Technical Reference Manual (Arm DDI 0439, Instruction set summary). */
import type { Instruction } from './instruction.ts';
import type { CycleModel, Pipeline } from './pipeline.ts';

/** Of a pipeline that goes on elsewhere; the manual says 1 to 3. */
const REFILL = 2;
/** The manual says 2 to 12. */
const DIVIDE = 12;

class InOrder implements Pipeline {
  cycles = 0;
  /** a single load, behind which an access to memory costs a cycle less */
  private load: Instruction | null = null;

  step(instruction: Instruction): void {
    this.cycles += this.cost(instruction);
    const { unit, multiple, branches } = instruction;
    this.load = unit === 'load' && !multiple && !branches ? instruction : null;
  }

  taken(): void {
    this.cycles += REFILL;
    this.load = null;
  }

  private cost({ unit, mnemonic, addresses, words, multiple }: Instruction): number {
    if (unit === 'hint') return mnemonic === 'nop' ? 1 : 0;
    if (unit === 'divide') return DIVIDE;
    if (unit === 'multiply') return /^ml[as]/.test(mnemonic) ? 2 : 1;
    if (unit !== 'load' && unit !== 'store') return 1;
    if (multiple) return 1 + words;
    if (this.load && !this.load.writes.some((register) => addresses.includes(register))) return 1;
    return unit === 'load' || addresses.length > 1 ? 2 : 1;
  }
}

export const CORTEX_M4: CycleModel = {
  core: 'Cortex-M4',
  assumptions: [
    'a load takes 2 cycles, or 1 behind another single load that does not make its address',
    'a store takes 1, with a register as offset 2; LDRD, STRD and lists of registers 1 and another for each word',
    `a branch takes 1, and ${REFILL} more where it is taken`,
    `MLA and MLS take 2, a division ${DIVIDE}, IT none, and everything else 1`,
    'memory answers without wait states',
  ],
  empty: () => new InOrder(),
};

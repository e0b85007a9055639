/**
 * Cycles of a Cortex-M7, of which Arm publishes none: a model of two instructions a cycle, in order, after what the
 * schedulers of GCC and LLVM take for granted.
 */
import type { Instruction } from './instruction.ts';
import type { CycleModel, Pipeline } from './pipeline.ts';

const DIVIDE = 12;

/** Until what it makes can be read; an accumulator is passed on a cycle earlier. */
function latencyOf({ unit }: Instruction): number {
  if (unit === 'divide') return DIVIDE;
  return unit === 'load' || unit === 'multiply' ? 2 : 1;
}

/** Of these a cycle has room for one only. */
const SINGLE = new Set(['shift', 'branch', 'store']);
/** These go first or alone. */
const FIRST = new Set(['multiply', 'simd', 'divide']);

class DualIssue implements Pipeline {
  private cycle = 0;
  /** what goes in this cycle */
  private issued: Instruction[] = [];
  /** nothing else goes in this cycle */
  private closed = false;
  private readonly ready = new Array<number>(16).fill(-1); // since before the first cycle

  get cycles(): number {
    return this.issued.length > 0 ? this.cycle + 1 : this.cycle;
  }

  step(instruction: Instruction): void {
    if (instruction.unit === 'hint') return;
    const earliest = this.earliest(instruction);
    if (earliest > this.cycle) this.advance(earliest);
    else if (!this.joins(instruction)) this.advance(this.cycle + 1);
    this.issued.push(instruction);
    this.closed = instruction.multiple;
    if (instruction.multiple) this.cycle += Math.ceil(instruction.words / 2) - 1;
    for (const register of instruction.writes) this.ready[register] = this.cycle + latencyOf(instruction);
  }

  taken(): void {
    this.closed = true;
  }

  private advance(cycle: number): void {
    this.cycle = cycle;
    this.issued = [];
    this.closed = false;
  }

  private earliest({ unit, reads, accumulator }: Instruction): number {
    const sooner = unit === 'shift' ? 1 : 0;
    return Math.max(0, ...reads.map((at) => this.ready[at] + (at === accumulator ? -1 : sooner)));
  }

  private joins(second: Instruction): boolean {
    const [first, third] = this.issued;
    if (!first) return true;
    if (third || this.closed || second.multiple || FIRST.has(second.unit)) return false;
    if (SINGLE.has(second.unit) && first.unit === second.unit) return false;
    return !first.writes.some((register) => second.reads.includes(register) || second.writes.includes(register));
  }
}

export const CORTEX_M7: CycleModel = {
  core: 'Cortex-M7',
  assumptions: [
    'two instructions a cycle, in order, the second not of what the first makes',
    'LDRD, STRD and lists of registers go alone, two words a cycle; two single loads go together',
    'of multiplications and SIMD instructions one a cycle, as the first of the two',
    'of shifts, extensions and shifted operands one a cycle, and so of stores and of branches',
    'what is loaded or multiplied can be read 2 cycles later, by a sum 1; a shifted operand is needed 1 cycle earlier',
    'branches are foreseen: one takes its place alone, and where it is taken nothing else goes behind it in its cycle',
    `a division takes ${DIVIDE} cycles; memory is tightly coupled and answers without wait states`,
  ],
  empty: () => new DualIssue(),
};

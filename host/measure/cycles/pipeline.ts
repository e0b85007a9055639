/** What prices instructions: the pipeline of a core, as far as a model of it goes. */
import type { Instruction } from './instruction.ts';

export interface Pipeline {
  /** whole cycles since it was empty */
  readonly cycles: number;
  step(instruction: Instruction): void;
  /** The last one went somewhere else: what comes next is not the instruction behind it. */
  taken(): void;
}

export interface CycleModel {
  /** as board.json says it */
  core: string;
  /** what it takes for granted, a sentence each */
  assumptions: readonly string[];
  empty(): Pipeline;
}

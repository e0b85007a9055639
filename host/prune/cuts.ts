/** Where a network can be cut: behind its first convolution, and behind every block that follows, but for the last. */
import type { Model, Operator, Program } from '../model/model.ts';

/** A place between two operators across which one tensor alone is carried. */
export interface Cut {
  /** "conv1" for a convolution that the network begins with, then "block1", "block2" ... */
  block: string;
  /** the last operator in front of it, and the tensor which that writes */
  operator: number;
  tensor: number;
}

/** What a block ends in: a convolution, the pointwise half of a separable one, or the sum of a residual. */
const ENDS: readonly Operator['kind'][] = ['convolution', 'pointwise', 'add', 'signedAdd'];

/** What belongs to the block in front of it: an activation that is a table. */
const BELONG: readonly Operator['kind'][] = ['lookup'];

/**
 * The cuts of a model of one program, in its order. That behind the last block is none: the auxiliary network would only
 * come on top. Throws for a model of several programs, inputs or outputs.
 */
export function cutsOf(model: Model): Cut[] {
  const program = onlyProgram(model);
  const ends = program.operators.flatMap((operator, index) =>
    isEnd(program, operator, index) && isAlone(program, index) ? [index] : [],
  );
  const first = program.operators.findIndex((operator) => 'source' in operator);
  const hasStem = ends[0] !== undefined && program.operators[first].kind === 'convolution';
  return ends.slice(0, -1).map((operator, i) => ({
    block: hasStem && i === 0 ? 'conv1' : `block${i + (hasStem ? 0 : 1)}`,
    operator,
    tensor: program.operators[operator].output,
  }));
}

export function onlyProgram({ programs }: Model): Program {
  const [program] = programs;
  if (programs.length !== 1 || program.inputs.length !== 1 || program.outputs.length !== 1)
    throw new Error(
      `prune: expected one program with one input and one output, got ${programs.length} with ` +
        `${programs.map(({ inputs, outputs }) => `${inputs.length} and ${outputs.length}`).join(', ')}; prune each by itself`,
    );
  return program;
}

function isEnd({ operators, tensors }: Program, operator: Operator, index: number): boolean {
  if (tensors[operator.output].type !== 'i8') return false;
  const before = operators[index - 1];
  const ends = BELONG.includes(operator.kind) ? before && ENDS.includes(before.kind) : ENDS.includes(operator.kind);
  const next = operators[index + 1];
  return Boolean(ends) && next !== undefined && !(BELONG.includes(next.kind) && next.input === operator.output);
}

/** Whether what stands behind an operator reads nothing from before it but its result. */
function isAlone({ operators, inputs, outputs }: Program, index: number): boolean {
  const { output } = operators[index];
  const made = new Set([...inputs, ...operators.slice(0, index + 1).map((operator) => operator.output)]);
  const read = operators.slice(index + 1).flatMap(inputsOf);
  return !outputs.some((tensor) => made.has(tensor)) && read.every((tensor) => tensor === output || !made.has(tensor));
}

/** Tensors that an operator reads. */
export const inputsOf = (operator: Operator): number[] => [
  operator.input,
  ...('input2' in operator ? [operator.input2] : []),
];

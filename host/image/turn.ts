/**
 * Columns lie along rows: what is one wide, [H, 1, C], is written as [1, H, C], with kernels, strides and pads exchanged.
 * The bytes of tensors and weights are the same, and so is every output; but kernels share what lies beside each other in
 * a row, so a depthwise kernel of N x 1 takes up to seven times the instructions of one of 1 x N.
 *
 * Tensors that an operator wants alike are turned together, or not at all (`size` in operators/operator.ts).
 */
import { DEPTHWISE } from '../../assembly/format.ts';
import { workScratch } from '../../assembly/scratch.ts';
import type { Operator, Program, Shape, Window } from '../model/model.ts';
import { commonKind } from '../operators/registry.ts';

/** The program with its columns as rows, where a convolution or depthwise layer has a kernel along them. */
export function turnColumns(program: Program): Program {
  const turned = turnedTensors(program);
  if (turned.size === 0) return program;
  return {
    ...program,
    tensors: program.tensors.map((tensor, t) => (turned.has(t) ? { ...tensor, shape: turn(tensor.shape) } : tensor)),
    operators: program.operators.map((operator) =>
      'kernel' in operator && tensorsOf(operator).some((tensor) => turned.has(tensor))
        ? { ...operator, ...turnWindow(operator) }
        : operator,
    ),
  };
}

function turnedTensors({ tensors, operators }: Program): Set<number> {
  const isColumn = (t: number): boolean => tensors[t].shape[0] > 1 && tensors[t].shape[1] === 1;
  const groups = tensors.map((_, t) => (isColumn(t) ? new Set([t]) : new Set<number>()));
  const fixed = new Set<number>();
  const wanted = new Set<number>();
  for (const operator of operators) {
    const { size } = commonKind(operator);
    const columns = tensorsOf(operator).filter(isColumn);
    if (size === 'counted' || columns.length === 0) continue;
    const group = new Set(columns.flatMap((t) => [...groups[t]]));
    for (const t of group) groups[t] = group;
    const [first] = columns;
    if (size === 'alike') continue;
    if (size !== 'window' || !('kernel' in operator) || !canTurn(operator, tensors)) fixed.add(first);
    else if ('source' in operator && operator.kernel[0] > 1) wanted.add(first);
  }
  for (const t of fixed) groups[t].clear();
  return new Set([...wanted].flatMap((t) => [...groups[t]]));
}

function tensorsOf(operator: Operator): number[] {
  return [operator.input, operator.output, ...('input2' in operator ? [operator.input2] : [])];
}

/** Whether a window over columns can be one over rows, and no depthwise layer needs more scratch for it. */
function canTurn(operator: Operator & Window, tensors: Program['tensors']): boolean {
  const input = tensors[operator.input].shape;
  const output = tensors[operator.output].shape;
  if (operator.kernel[1] !== 1 || input[1] !== 1 || output[1] !== 1) return false;
  return operator.kind !== 'depthwise' || scratchOf(turn(output), turnWindow(operator)) <= scratchOf(output, operator);
}

const scratchOf = ([height, width]: Shape, { kernel, stride }: Window): number =>
  workScratch(DEPTHWISE, 0, height, width, ...kernel, ...stride);

const turn = ([height, width, channels]: Shape): Shape => [width, height, channels];

function turnWindow({ kernel, stride, pad }: Window): Window {
  const exchanged = ([a, b]: [number, number]): [number, number] => [b, a];
  return { kernel: exchanged(kernel), stride: exchanged(stride), pad: exchanged(pad) };
}

/**
 * A pool over all positions as a MEAN: kernels of pools take for granted that input and output have one scale, and
 * averages have a far smaller range than what they are of, so that most of their 256 steps would go unused. MEAN has a
 * scale of its own for its output.
 */
import type { Graph } from '../import/graph.ts';
import type { WindowOptions } from '../operators/lowering.ts';
import { Draft } from './graph.ts';
import { activationOf } from './kind.ts';

export function withMeans(graph: Graph): Graph {
  const draft = new Draft(graph);
  for (const operator of graph.operators) {
    const { index, opcode, inputs, outputs, options } = operator;
    const [, height, width] = graph.tensors[inputs[0]].shape;
    const isWhole = () => {
      const { kernel } = options as WindowOptions;
      const [, rows, columns] = graph.tensors[outputs[0]].shape;
      return kernel[0] === height && kernel[1] === width && rows === 1 && columns === 1;
    };
    const isFree = graph.tensors[outputs[0]].scales.length === 0 && activationOf(operator) === 'NONE';
    if (opcode !== 'AVERAGE_POOL_2D' || !isFree || !isWhole()) draft.operators.push(operator);
    else draft.operator(index, 'MEAN', [inputs[0], draft.integers('height and width', [2], [1, 2])], outputs);
  }
  return draft.finish(graph.inputs, graph.outputs);
}

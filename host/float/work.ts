/**
 * What one inference of a float network takes, so that a file cannot keep the quantiser busy for hours or fill the
 * memory: what is too much is refused, and of what is much fewer inputs are run.
 */
import { ImportError } from '../import/error.ts';
import type { Graph, GraphOperator } from '../import/graph.ts';
import type { WindowOptions } from '../operators/lowering.ts';
import { grouped } from '../system/grouped.ts';
import { printable } from '../system/printable.ts';
import { countOf } from './kinds/indices.ts';
import { floatKind } from './registry.ts';

/** More than an image has after constants are folded and activations fused. */
const MOST_OPERATORS = 4096;
/** Multiply-accumulates, and values that other operators read and write: three times MobileNet at 224 x 224. */
const MOST_OPERATIONS = 2 ** 30;
/** Values that live at once: 64 MB of float32, far above any arena. */
const MOST_VALUES = 2 ** 24;

/** Of all inferences of one stage of quantisation: some tens of seconds, and 512 MB. */
const STAGE_OPERATIONS = 1e10;
const STAGE_VALUES = 2 ** 27;
const LEAST_INPUTS = 8;

export interface Work {
  operations: number;
  /** values that live at once, at most */
  values: number;
}

/** Throws ImportError, one line, for a network that takes more than the limits, with the operator that takes most. */
export function checkWork(graph: Graph): Graph {
  const { operators } = graph;
  if (operators.length > MOST_OPERATORS) throw tooMuch('operators', operators.length, MOST_OPERATORS);
  const { operations, values } = workOf(graph);
  if (!(operations <= MOST_OPERATIONS)) {
    const most = operators.reduce((a, b) => (operationsOf(graph, b) > operationsOf(graph, a) ? b : a));
    const name = printable(graph.tensors[most.outputs[0]]?.name ?? '', 60);
    const where = `, ${grouped(operationsOf(graph, most))} of them in operator ${most.index} ${most.opcode} "${name}"`;
    throw tooMuch('multiply-accumulates an inference', operations, MOST_OPERATIONS, where);
  }
  if (!(values <= MOST_VALUES)) throw tooMuch('values in memory at once', values, MOST_VALUES);
  return graph;
}

const tooMuch = (what: string, got: number, most: number, where = ''): ImportError =>
  new ImportError(
    `the network takes ${grouped(got)} ${what}${where}, expected at most ${grouped(most)}; make it smaller`,
  );

/** How many inputs one stage runs, at most `most`: fewer of a network that takes long or much memory. */
export function inputsFor({ operations, values }: Work, most: number): number {
  const affordable = Math.floor(Math.min(STAGE_OPERATIONS / operations, STAGE_VALUES / values));
  return Math.min(most, Math.max(LEAST_INPUTS, affordable));
}

export function workOf(graph: Graph): Work {
  const operations = graph.operators.reduce((sum, operator) => sum + operationsOf(graph, operator), 0);
  return { operations, values: mostAlive(graph) };
}

function operationsOf({ tensors }: Graph, { opcode, inputs, outputs, options }: GraphOperator): number {
  const sizeOf = (tensor: number) => countOf(tensors[tensor]?.shape ?? []);
  const total = (all: number[]) => all.reduce((sum, tensor) => sum + sizeOf(tensor), 0);
  const kind = floatKind(opcode);
  if (kind?.weights) {
    const products = sizeOf(inputs[1]) / (tensors[inputs[1]]?.shape[kind.weights.channelDimension] ?? 1);
    return total(outputs) * products;
  }
  if (kind?.windowed) {
    const { kernel } = options as WindowOptions;
    const [, height, width] = tensors[inputs[0]]?.shape ?? [];
    return total(outputs) * Math.min(kernel[0], height) * Math.min(kernel[1], width);
  }
  return total(inputs) + total(outputs);
}

/** Computed values between an operator and the next one, at most. */
function mostAlive({ operators, tensors, inputs, outputs }: Graph): number {
  const lastUse = new Map<number, number>();
  operators.forEach((operator, at) => {
    for (const tensor of [...operator.inputs, ...operator.outputs]) lastUse.set(tensor, at);
  });
  for (const tensor of outputs) lastUse.delete(tensor);
  const sizeOf = (tensor: number) => countOf(tensors[tensor].shape);
  let alive = inputs.reduce((sum, tensor) => sum + sizeOf(tensor), 0);
  let most = alive;
  operators.forEach((operator, at) => {
    alive += operator.outputs.reduce((sum, tensor) => sum + sizeOf(tensor), 0);
    most = Math.max(most, alive);
    for (const tensor of new Set([...operator.inputs, ...operator.outputs]))
      if (tensor >= 0 && tensors[tensor].data === null && lastUse.get(tensor) === at) alive -= sizeOf(tensor);
  });
  return most;
}

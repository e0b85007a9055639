/**
 * Scale and zero point of every tensor of a float graph. Operators that move values need one for their inputs and
 * outputs, so such tensors share theirs; where that cannot be, because a kernel takes its own for granted or a file
 * says another, a QUANTIZE goes between.
 */
import type { Graph, GraphOperator } from '../import/graph.ts';
import type { Scaled } from '../operators/lowering.ts';
import { Draft, realsOf } from './graph.ts';
import type { Range } from './histogram.ts';
import { floatKind } from './registry.ts';

/** A float graph ready to be quantised. */
export interface Plan {
  graph: Graph;
  /** of every activation and every constant operand, by tensor */
  scaled: ReadonlyMap<number, Scaled>;
  /** whether fully connected layers have a weight scale for each channel, 4 bytes of flash each, or one for all */
  denseChannels: boolean;
}

/** The steps of INT8 between the ends of a range. */
export const STEPS = 255;

/** The scale, in float32, and zero point with which [-128, 127] spans a range, which is made to hold 0. */
export function scaledOf([low, high]: Range): Scaled {
  const [lowest, highest] = [Math.min(0, low), Math.max(0, high)];
  const scale = Math.fround((highest - lowest) / STEPS || 1 / STEPS);
  return { scale, zeroPoint: Math.min(127, Math.max(-128, Math.round(-128 - lowest / scale))) };
}

/** `rangeOf` is asked for activations; a FLOAT32 tensor that has scales keeps them. */
export function planScales(graph: Graph, rangeOf: (tensor: number) => Range, denseChannels = false): Plan {
  const fixed = fixedScales(graph);
  const scaled = new Map(fixed);
  for (const group of groupsOf(graph, fixed)) {
    const ranges = group.map((tensor) => (graph.tensors[tensor].data ? extremes(graph, tensor) : rangeOf(tensor)));
    const common = scaledOf([Math.min(...ranges.map(([low]) => low)), Math.max(...ranges.map(([, high]) => high))]);
    for (const tensor of group) scaled.set(tensor, common);
  }
  return { ...withRescaling(graph, scaled), denseChannels };
}

/** The activations whose scales are not in the file, and follow from none that is: they have to be calibrated. */
export function unscaled(graph: Graph): number[] {
  const groups = groupsOf(graph, fixedScales(graph));
  return groups.flat().filter((tensor) => graph.tensors[tensor].data === null);
}

/** The real inputs of an operator beside its weights and bias. */
function operandsOf(graph: Graph, { opcode, inputs }: GraphOperator): number[] {
  const data = floatKind(opcode)?.weights ? inputs.slice(0, 1) : inputs;
  return data.filter((tensor) => tensor >= 0 && graph.tensors[tensor].type === 'FLOAT32');
}

const inherits = ({ opcode }: GraphOperator): boolean => floatKind(opcode)?.scale === 'inherited';

/** Scales that are not chosen here: of the file, of kernels, and of what is moved from or to those. */
function fixedScales(graph: Graph): Map<number, Scaled> {
  const fixed = new Map<number, Scaled>();
  for (const { index, scales, zeroPoints, type } of graph.tensors)
    if (type === 'FLOAT32' && scales.length === 1) fixed.set(index, { scale: scales[0], zeroPoint: zeroPoints[0] });
  for (const { opcode, outputs } of graph.operators) {
    const rule = floatKind(opcode)?.scale;
    if (typeof rule === 'object') for (const tensor of outputs) fixed.set(tensor, rule);
  }
  const take = (from: number, to: number[]) => {
    const known = fixed.get(from);
    if (known) for (const tensor of to) if (!fixed.has(tensor)) fixed.set(tensor, known);
  };
  const moving = graph.operators.filter(inherits);
  for (const operator of moving) {
    const operands = operandsOf(graph, operator);
    if (operands.length === 1) take(operands[0], operator.outputs);
  }
  for (const operator of moving.toReversed()) take(operator.outputs[0], operandsOf(graph, operator));
  return fixed;
}

/** All other tensors, together those that must have one scale. */
function groupsOf(graph: Graph, fixed: ReadonlyMap<number, Scaled>): number[][] {
  const groups = new Map<number, number[]>();
  const add = (tensor: number) => {
    if (!fixed.has(tensor) && !groups.has(tensor)) groups.set(tensor, [tensor]);
  };
  const join = (a: number, b: number) => {
    const [first, second] = [groups.get(a)!, groups.get(b)!];
    if (first === second) return;
    first.push(...second);
    for (const tensor of second) groups.set(tensor, first);
  };
  graph.inputs.forEach(add);
  for (const operator of graph.operators) {
    const members = [...operandsOf(graph, operator), ...operator.outputs];
    members.forEach(add);
    if (!inherits(operator)) continue;
    const free = members.filter((tensor) => groups.has(tensor));
    for (const tensor of free) join(free[0], tensor);
  }
  return [...new Set(groups.values())];
}

function extremes(graph: Graph, tensor: number): Range {
  const values = realsOf(graph.tensors[tensor]);
  return values.reduce<Range>(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [0, 0]);
}

/** With a QUANTIZE where values are moved from one scale to another. */
function withRescaling(graph: Graph, scaled: Map<number, Scaled>): Pick<Plan, 'graph' | 'scaled'> {
  const draft = new Draft(graph);
  const copyOf = (tensor: number, of: Scaled): number => {
    const made = draft.tensor({ ...draft.tensors[tensor] });
    scaled.set(made, of);
    return made;
  };
  const same = (a: Scaled, b: Scaled) => a.scale === b.scale && a.zeroPoint === b.zeroPoint;
  const rescale = (index: number, from: number, to: number) => draft.operator(index, 'QUANTIZE', [from], [to]);
  for (const operator of graph.operators) {
    const operands = operandsOf(graph, operator);
    const output = scaled.get(operator.outputs[0])!;
    const others = operands.filter((tensor) => !same(scaled.get(tensor)!, output));
    if (!inherits(operator) || others.length === 0) draft.operators.push(operator);
    else if (operands.length === 1) {
      const outputs = operator.outputs.map((tensor) => copyOf(tensor, scaled.get(operands[0])!));
      draft.operators.push({ ...operator, outputs });
      for (const [i, tensor] of operator.outputs.entries()) rescale(operator.index, outputs[i], tensor);
    } else {
      const copies = new Map(others.map((tensor) => [tensor, copyOf(tensor, output)]));
      for (const [tensor, made] of copies) if (!graph.tensors[tensor].data) rescale(operator.index, tensor, made);
      draft.operators.push({ ...operator, inputs: operator.inputs.map((tensor) => copies.get(tensor) ?? tensor) });
    }
  }
  return { graph: draft.finish(graph.inputs, graph.outputs), scaled };
}

/**
 * Depthwise layers on concatenated channels, taken apart: each part reads what was concatenated as it is, and the
 * results are concatenated in place of it. A part that reads features of a selector, which are there before its branch begins,
 * runs first in the branch. What waits for the branch's own layers is then the part's output, which a stride makes
 * smaller, and the larger concatenation is never there. Every output byte is as before.
 */
import type { Depthwise, Model, Operator, Program, StoredSource, Tensor } from '../model/model.ts';
import type { Copy } from '../operators/copy.ts';
import type { Branches } from '../records/branches.ts';
import { branchesIn, type Cut } from './cut.ts';
import { channelsOf, readsOf } from './stretch.ts';

/** A model whose program has been changed, and where its operators and its sources come from. */
export interface Early extends Cut {
  sources: StoredSource[];
  /** by source of `sources`: the one of the model that it is a part of */
  parents: number[];
}

/** A concatenation that one depthwise layer reads. */
interface Joint {
  copies: number[];
  depthwise: number;
}

/** What `program` becomes; its new sources stand behind those of the model. Null where nothing is to be taken apart. */
export function earlyParts(model: Model, program: Program): Early | null {
  const branches = branchesIn(program);
  const joints = program.operators.flatMap((operator, o) =>
    operator.kind === 'depthwise' ? (jointAt(model, program, branches, operator, o) ?? []) : [],
  );
  if (joints.length === 0) return null;
  const tensors = [...program.tensors];
  const sources: StoredSource[] = [];
  const parents: number[] = [];
  // what stands in place of each operator, and in front of everything else of its branch
  const instead = new Map<number, Operator[]>();
  const first = new Map<number, { operator: Operator; origin: number }[]>();
  for (const { copies, depthwise } of joints) {
    const layer = program.operators[depthwise] as Depthwise;
    const later: Operator[] = [];
    for (const o of copies) {
      const copy = program.operators[o] as Copy;
      const {
        part,
        copy: result,
        source,
      } = partOf(model, program, layer, copy, tensors, model.sources.length + sources.length);
      sources.push(source);
      parents.push(layer.source);
      const start = startOf(branches, depthwise);
      const waits = program.operators.some(({ output }, i) => output === copy.input && i < start);
      if (waits) first.set(start, [...(first.get(start) ?? []), { operator: part, origin: depthwise }]);
      else later.push(part);
      later.push(result);
      instead.set(o, []);
    }
    instead.set(depthwise, later);
  }
  const made = program.operators.flatMap((operator, o) => [
    ...(first.get(o) ?? []),
    ...(instead.get(o) ?? [operator]).map((some) => ({ operator: some, origin: o })),
  ]);
  const operators = made.map(({ operator }) => operator);
  return {
    program: { ...program, tensors, operators: counted(operators, made, branches) },
    origins: made.map(({ origin }) => origin),
    sources,
    parents,
  };
}

/** Routes that say how many operators their branches have now. */
export function counted(
  operators: readonly Operator[],
  made: readonly { origin: number }[],
  branches: Branches,
): Operator[] {
  return operators.map((operator, at) => {
    if (operator.kind !== 'route') return operator;
    const { origin: route } = made[at];
    const counts = operator.branches.map(
      (_, branch) =>
        made.filter(({ origin }) => branches[origin]?.route === route && branches[origin].branch === branch).length,
    );
    return { ...operator, branches: counts };
  });
}

/** Where the branch of an operator begins, or the program. */
function startOf(branches: Branches, o: number): number {
  const own = branches[o];
  return own === null ? 0 : branches.findIndex((place) => place?.route === own.route && place.branch === own.branch);
}

/** The copies that make what a depthwise layer reads, if they are nothing but channels behind each other. */
function jointAt(
  model: Model,
  { tensors, operators, outputs }: Program,
  branches: Branches,
  layer: Depthwise,
  depthwise: number,
): Joint | null {
  const whole = layer.input;
  if (branches[depthwise] === null || model.sources[layer.source].kind !== 'stored') return null;
  if (outputs.includes(whole) || operators.filter((operator) => readsOf(operator).includes(whole)).length > 1)
    return null;
  const copies = operators.flatMap(({ output }, o) => (output === whole ? [o] : []));
  let channels = 0;
  for (const o of copies) {
    const copy = operators[o];
    const taken = copy.kind === 'copy' && !copy.fill ? channelsOf(copy, tensors) : null;
    const input = tensors[copy.input];
    if (taken === null || input.zeroPoint !== tensors[whole].zeroPoint) return null;
    if (taken.from !== 0 || taken.run !== input.shape[2] || taken.to !== channels) return null;
    channels += taken.run;
  }
  return copies.length > 1 && channels === tensors[whole].shape[2] ? { copies, depthwise } : null;
}

/** A depthwise layer of what one copy takes, and the copy of its result. */
function partOf(
  model: Model,
  program: Program,
  layer: Depthwise,
  copy: Copy,
  tensors: Tensor[],
  source: number,
): { part: Depthwise; copy: Copy; source: StoredSource } {
  const output = program.tensors[layer.output];
  const [height, width, channels] = output.shape;
  const [from, run] = [copy.outputOffset * layer.multiplier, copy.run * layer.multiplier];
  const tensor = tensors.push({ ...output, name: `${output.name} ${from}`, shape: [height, width, run] }) - 1;
  const stored = model.sources[layer.source] as StoredSource;
  const values = new Int8Array(stored.rows * run);
  for (let row = 0; row < stored.rows; row++) {
    const at = row * stored.rowLength + from;
    values.set(stored.values.subarray(at, at + run), row * run);
  }
  return {
    part: {
      ...layer,
      name: `${layer.name} of ${program.tensors[copy.input].name}`,
      input: copy.input,
      output: tensor,
      source,
      bias: layer.bias.slice(from, from + run),
      effectiveScale: layer.effectiveScale.slice(from, from + run),
    },
    copy: {
      ...copy,
      input: tensor,
      output: layer.output,
      count: [1, 1, height * width],
      inputStep: [0, 0, run],
      outputStep: [0, 0, channels],
      run,
      inputOffset: 0,
      outputOffset: from,
    },
    source: { ...stored, rowLength: run, values },
  };
}

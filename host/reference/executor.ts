/**
 * The oracle: runs a program of a model operator by operator, slowly, and keeps every tensor.
 * Uses the quantisation tables as the image stores them, so its bytes are those of the packed model.
 */
import { type ChannelTable, foldZeroPoint, makeTable, type TableEncoding } from '../arithmetic/channels.ts';
import type { Model, Program, Tensor, WeightedOperator } from '../model/model.ts';
import type { Execution } from '../operators/operator.ts';
import { commonKind, type Route, weightedKind } from '../operators/registry.ts';
import { materialize } from '../sources/registry.ts';

/** The values of a tensor. */
export type TensorValues = Int8Array | Int16Array;

/** What a program keeps from one inference to the next: bytes by tensor. An empty one is that of a reset. */
export type KeptState = Map<number, Int8Array>;

/** How the reference runs a program. */
export interface ExecuteOptions {
  /** encoding of the tables in the image: one for all, or operator by operator */
  tables: TableEncoding | ((operator: WeightedOperator) => TableEncoding);
  /** what the inferences before have kept, to which this one's is added; left out: as after a reset, and forgotten */
  state?: KeptState;
  /** called with what each operator that runs leaves in its output, which a later one may overwrite */
  after?: (operator: number, output: Int8Array) => void;
}

/**
 * Runs `program` on `inputs`, one byte string per program input (i8, or i16 little-endian).
 * Returns the values of every tensor, by tensor index, none for those of branches that were not taken; throws when an input has the wrong size.
 */
export function execute(
  model: Model,
  program: Program,
  inputs: readonly Uint8Array[],
  options: ExecuteOptions,
): TensorValues[] {
  const values: TensorValues[] = [];
  program.inputs.forEach((tensor, i) => {
    values[tensor] = readTensor(program.tensors[tensor], inputs[i]);
  });
  const execution = executionOf(model, program, values, options);
  const passed = new Set<number>();
  program.operators.forEach((operator, o) => {
    if (passed.has(o)) return;
    const output = commonKind(operator).run(operator, execution);
    const expected = elements(program.tensors[operator.output]);
    if (output.length !== expected) {
      throw new Error(
        `${operator.kind} "${operator.name}": output has ${expected} elements, computed ${output.length}`,
      );
    }
    values[operator.output] = output;
    options.after?.(o, output);
    if (operator.kind === 'route') for (const other of passedBy(operator, o, output[0])) passed.add(other);
  });
  for (const { kind, output } of program.operators) {
    if (kind === 'state') execution.keep(output, execution.values(output));
  }
  return values;
}

/** The operators of the branches that a route, at `index`, does not pick. */
function passedBy({ branches }: Route, index: number, chosen: number): number[] {
  return branches.flatMap((count, branch) => {
    const first = index + 1 + branches.slice(0, branch).reduce((sum, before) => sum + before, 0);
    return branch === chosen ? [] : Array.from({ length: count }, (_, i) => first + i);
  });
}

/** The table of an operator with weights: zero point folded in, encoded, decoded. */
function tableOf(
  operator: WeightedOperator,
  weights: Int8Array,
  inputZeroPoint: number,
  encoding: TableEncoding,
): ChannelTable {
  const sums = weightedKind(operator).sums(weights, operator.bias.length);
  return makeTable(foldZeroPoint(operator.bias, sums, inputZeroPoint), operator.effectiveScale, encoding);
}

/** What the twins see of a run. */
function executionOf(
  model: Model,
  { tensors }: Program,
  values: readonly TensorValues[],
  { tables, state = new Map() }: ExecuteOptions,
): Execution {
  return {
    tensors,
    values: (tensor) => typed(values, tensor, Int8Array),
    samples: (tensor) => typed(values, tensor, Int16Array),
    before: (tensor) => (values[tensor] ? typed(values, tensor, Int8Array) : new Int8Array(elements(tensors[tensor]))),
    kept: (tensor) => state.get(tensor) ?? null,
    keep: (tensor, kept) => state.set(tensor, kept),
    weights(operator) {
      const weights = materialize(model.sources[operator.source], model.generators);
      const encoding = typeof tables === 'function' ? tables(operator) : tables;
      return { weights, table: tableOf(operator, weights, tensors[operator.input].zeroPoint, encoding) };
    },
  };
}

function elements({ shape: [height, width, channels] }: Tensor): number {
  return height * width * channels;
}

function readTensor(tensor: Tensor, raw: Uint8Array | undefined): TensorValues {
  const expected = elements(tensor) * (tensor.type === 'i16' ? 2 : 1);
  if (raw?.length !== expected) {
    throw new RangeError(
      `input "${tensor.name}": expected ${expected} bytes of ${tensor.type}, got ${raw?.length ?? 0}`,
    );
  }
  if (tensor.type === 'i8') return Int8Array.from(raw, (byte) => (byte << 24) >> 24);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Int16Array.from({ length: raw.length / 2 }, (_, i) => view.getInt16(2 * i, true));
}

/** The values of a tensor, which must have been computed and be of the type the operator reads. */
function typed<T extends TensorValues>(
  values: readonly TensorValues[],
  tensor: number,
  type: { new (length: number): T; readonly name: string },
): T {
  const found = values[tensor];
  if (!(found instanceof type))
    throw new Error(`tensor ${tensor}: expected ${type.name}, got ${found?.constructor.name}`);
  return found;
}

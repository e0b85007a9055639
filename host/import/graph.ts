/** A .tflite file as graphs of operators over tensors: everything an importer asks of it, nothing interpreted yet. */
import { ImportError } from './error.ts';
import { Flatbuffer, type Table } from './flatbuffer.ts';
import { type OperatorOptions, readOptions } from './options.ts';
import { IDENTIFIER, OPCODES, SCHEMA_VERSION, TENSOR_TYPES } from './schema.ts';

export interface GraphTensor {
  index: number;
  name: string;
  /** of TENSOR_TYPES */
  type: string;
  shape: number[];
  /** the shape with -1 where the size is only known when the model runs; empty: all are known */
  signature: number[];
  /** float32 values, one per tensor or one per channel; empty without quantisation */
  scales: number[];
  zeroPoints: number[];
  /** which dimension the channels of `scales` are */
  quantizedDimension: number;
  /**
   * bytes of a constant as they lie in the file, little-endian; null when an operator or the caller writes the tensor
   */
  data: Uint8Array | null;
  sparse: boolean;
  /** an operator keeps it from one inference to the next */
  isVariable: boolean;
}

/** An operator whose options are known here, by its opcode, or any other operator. */
export type GraphOperator = KnownOperator | OtherOperator;

interface OperatorBase {
  index: number;
  /** tensors; -1: an optional input that is left out */
  inputs: number[];
  outputs: number[];
}
export type OperatorOf<K extends keyof OperatorOptions> = K extends unknown
  ? OperatorBase & { opcode: K; options: OperatorOptions[K] }
  : never;
export type KnownOperator = OperatorOf<keyof OperatorOptions>;
export interface OtherOperator extends OperatorBase {
  opcode: string;
  /** of an operator with a rule in host/operators/, as that reads them; null of one that is known by name only */
  options: object | null;
}

/** What a file calls a subgraph: the network, or what is run on behalf of one of its operators. */
export interface Subgraph {
  tensors: GraphTensor[];
  operators: GraphOperator[];
  inputs: number[];
  outputs: number[];
}

/** What is kept from one inference to the next. */
export interface GraphVariable {
  /** what stands for it among the tensors, which nothing produces */
  tensor: number;
  name: string;
  /** the VAR_HANDLE that names it first */
  handle: GraphOperator;
  /** what CALL_ONCE assigns; null where it does not */
  initial: GraphTensor | null;
}

export interface Graph extends Subgraph {
  variables: readonly GraphVariable[];
  /** the operator that writes a tensor */
  producers: Map<number, GraphOperator>;
}

/**
 * Reads the subgraphs of a .tflite file, of which the first is the network; throws ImportError, which names the table and
 * the byte, when it is damaged.
 */
export function readSubgraphs(bytes: Uint8Array): Subgraph[] {
  const model = new Flatbuffer(bytes, IDENTIFIER).root('model');
  const version = model.uint32('version', 0);
  if (version !== SCHEMA_VERSION)
    throw new ImportError(
      `the file has version ${version} of the TFLite schema, expected ${SCHEMA_VERSION}; convert the model again`,
    );
  const opcodes = model.tables('operator_codes', 1, 'operator code').map(readOpcode);
  const tables = model.tables('subgraphs', 2, 'subgraph');
  checkKind(opcodes, tables.length);
  const buffers = model.tables('buffers', 4, 'buffer').map(readBuffer);
  return tables.map((table) => readSubgraph(table, opcodes, buffers));
}

function readSubgraph(subgraph: Table, opcodes: readonly string[], buffers: (Uint8Array | null)[]): Subgraph {
  const tensors = subgraph.tables('tensors', 0, 'tensor').map((table, i) => readTensor(table, i, buffers));
  const indices = (table: Table, field: string, id: number, lowest = 0) =>
    table.int32s(field, id).map((tensor) => inRange(table, field, tensor, lowest, tensors.length));
  const operators = subgraph.tables('operators', 3, 'operator').map((table, index): GraphOperator => {
    const code = inRange(table, 'opcode_index', table.uint32('opcode_index', 0), 0, opcodes.length);
    const base = { index, inputs: indices(table, 'inputs', 1, -1), outputs: indices(table, 'outputs', 2) };
    return { ...base, ...readOptions(opcodes[code], table) } as GraphOperator;
  });
  return { tensors, operators, inputs: indices(subgraph, 'inputs', 1), outputs: indices(subgraph, 'outputs', 2) };
}

/** Compilers for accelerators put what they have compiled into one operator of their own. */
const COMPILED: Record<string, [chip: string, compiler: string]> = {
  'custom operator "edgetpu-custom-op"': ['the Edge TPU', 'edgetpu_compiler'],
  'custom operator "ethos-u"': ['the Ethos-U', 'Vela'],
};
const CONTROL = ['IF', 'WHILE', 'CALL'];

/** Throws ImportError for files that are no plain graph of operators, and says what they are instead. */
function checkKind(opcodes: readonly string[], subgraphs: number): void {
  const compiled = opcodes.find((opcode) => opcode in COMPILED);
  if (compiled !== undefined) {
    const [chip, compiler] = COMPILED[compiled];
    throw new ImportError(
      `compiled for ${chip} (${compiled}), the only thing that can run it; give the .tflite that was the input of ${compiler}`,
    );
  }
  const control = opcodes.filter((opcode) => CONTROL.includes(opcode));
  if (control.length > 0)
    throw new ImportError(
      `the file has ${subgraphs} subgraphs for control flow (${control.join(', ')}), which cannot be imported; export one function without it`,
    );
  if (subgraphs === 0) throw new ImportError('the file has 0 subgraphs, expected 1: it is empty');
}

function readOpcode(table: Table): string {
  // older files have only the byte; newer ones repeat codes below 127 in it
  const code = Math.max(table.int8('deprecated_builtin_code', 0), table.int32('builtin_code', 3));
  const name = OPCODES[code] ?? `builtin operator ${code}`;
  return name === 'CUSTOM' ? `custom operator "${table.string('custom_code', 1)}"` : name;
}

function readBuffer(table: Table): Uint8Array | null {
  if (table.uint64('offset', 1) > 1n) table.fail(table.at, 'data outside of the FlatBuffer, as in files above 2 GB');
  const data = table.bytes('data', 0);
  return data === null || data.length === 0 ? null : data;
}

function readTensor(table: Table, index: number, buffers: (Uint8Array | null)[]): GraphTensor {
  const type = table.int8('type', 1);
  const quantization = table.table('quantization', 4);
  if (table.uint32('external_buffer', 10) !== 0) table.fail(table.at, 'data in another file');
  return {
    index,
    name: table.string('name', 3),
    type: TENSOR_TYPES[type] ?? `type ${type}`,
    shape: table.int32s('shape', 0),
    signature: table.int32s('shape_signature', 7),
    scales: quantization?.float32s('scale', 2) ?? [],
    zeroPoints: quantization?.int64s('zero_point', 3) ?? [],
    quantizedDimension: quantization?.int32('quantized_dimension', 6) ?? 0,
    data: buffers[inRange(table, 'buffer', table.uint32('buffer', 2), 0, Math.max(buffers.length, 1))] ?? null,
    sparse: table.has('sparsity', 6),
    isVariable: table.int8('is_variable', 5) !== 0,
  };
}

function inRange(table: Table, field: string, value: number, lowest: number, count: number): number {
  if (value < lowest || value >= count) table.fail(table.at, `${field} must be in [${lowest}, ${count}), got ${value}`);
  return value;
}

/** The operator that writes each tensor; throws ImportError for one that is written twice, or not to be written. */
export function producersOf({ operators, inputs, tensors }: Subgraph): Map<number, GraphOperator> {
  const producers = new Map<number, GraphOperator>();
  for (const operator of operators) {
    for (const output of operator.outputs) {
      if (producers.has(output) || inputs.includes(output) || tensors[output].data !== null)
        throw new ImportError(
          `damaged .tflite: operator ${operator.index} writes tensor ${output}, which is an input, a constant or written before; export the model again`,
        );
      producers.set(output, operator);
    }
  }
  return producers;
}

/**
 * Tiny .tflite files by hand, a field at a time, so that tests of the importer need no data and can break any of it.
 */
import { Builder } from 'flatbuffers';
import { OPCODES, TENSOR_TYPES } from '../../host/import/schema.ts';

type Value = { int8: number } | { int32: number } | { float32: number } | { offset: number };
/** field id -> value; a field that is left out has its default */
type Fields = Record<number, Value | undefined>;

export interface TensorSpec {
  name?: string;
  type?: string;
  shape: number[];
  signature?: number[];
  scale?: number | number[];
  zeroPoint?: number | number[];
  quantizedDimension?: number;
  /** constant values; INT32, INT16 or FLOAT32 when the type says so, of FLOAT16 the bits, else bytes */
  data?: number[];
  sparse?: boolean;
  /** an operator keeps it from one inference to the next */
  variable?: boolean;
}

export interface OperatorSpec {
  /** of OPCODES, or a custom code */
  opcode: string;
  inputs: number[];
  outputs: number[];
  /** number of the member of BuiltinOptions */
  optionsType?: number;
  options?: Record<number, { int8: number } | { int32: number } | { float32: number } | { text: string }>;
}

export interface SubgraphSpec {
  tensors: TensorSpec[];
  operators: OperatorSpec[];
  inputs: number[];
  outputs: number[];
}

export interface FileSpec extends SubgraphSpec {
  /** subgraphs behind the first, such as those of CALL_ONCE */
  called?: SubgraphSpec[];
  /** how many times the list of operators names each of them */
  operatorCopies?: number;
  version?: number;
  subgraphs?: number;
  identifier?: string;
}

export const int8 = (value: number) => ({ int8: value });
export const int32 = (value: number) => ({ int32: value });
export const float32 = (value: number) => ({ float32: value });
export const text = (value: string) => ({ text: value });

/** The bytes of a .tflite file. */
export function tflite(spec: FileSpec): Uint8Array {
  const builder = new Builder(1024);
  const all = [spec, ...(spec.called ?? [])];
  const codes = [...new Set(all.flatMap(({ operators }) => operators.map(({ opcode }) => opcode)))];
  const buffers = [table(builder, {})];
  const subgraphs = all.map((subgraph, i) =>
    writeSubgraph(builder, subgraph, codes, buffers, i === 0 ? (spec.operatorCopies ?? 1) : 1),
  );
  const root = table(builder, {
    0: int32(spec.version ?? 3),
    1: {
      offset: offsets(
        builder,
        codes.map((code) => writeOpcode(builder, code)),
      ),
    },
    2: {
      offset: offsets(builder, spec.subgraphs === undefined ? subgraphs : new Array(spec.subgraphs).fill(subgraphs[0])),
    },
    4: { offset: offsets(builder, buffers) },
  });
  builder.finish(root, spec.identifier ?? 'TFL3');
  return builder.asUint8Array().slice();
}

function writeSubgraph(
  builder: Builder,
  spec: SubgraphSpec,
  codes: string[],
  buffers: number[],
  copies: number,
): number {
  const tensors = spec.tensors.map((tensor) => writeTensor(builder, tensor, buffers));
  const operators = spec.operators.map(({ opcode, inputs, outputs, optionsType, options }) =>
    table(builder, {
      0: int32(codes.indexOf(opcode)),
      1: { offset: int32s(builder, inputs) },
      2: { offset: int32s(builder, outputs) },
      3: optionsType === undefined ? undefined : int8(optionsType),
      4: options === undefined ? undefined : { offset: table(builder, written(builder, options)) },
    }),
  );
  return table(builder, {
    0: { offset: offsets(builder, tensors) },
    1: { offset: int32s(builder, spec.inputs) },
    2: { offset: int32s(builder, spec.outputs) },
    3: {
      offset: offsets(
        builder,
        operators.flatMap((operator) => new Array(copies).fill(operator)),
      ),
    },
  });
}

/** Strings must exist before the table that holds them begins. */
function written(builder: Builder, options: NonNullable<OperatorSpec['options']>): Fields {
  return Object.fromEntries(
    Object.entries(options).map(([id, value]) => [
      id,
      'text' in value ? { offset: builder.createString(value.text) } : value,
    ]),
  );
}

function writeOpcode(builder: Builder, name: string): number {
  const known = OPCODES.indexOf(name);
  const code = known < 0 ? OPCODES.indexOf('CUSTOM') : known;
  const custom = known < 0 ? { offset: builder.createString(name) } : undefined;
  return table(builder, { 0: int8(Math.min(code, 127)), 1: custom, 3: int32(code) });
}

function writeTensor(builder: Builder, spec: TensorSpec, buffers: number[]): number {
  const type = spec.type ?? 'INT8';
  let buffer = 0;
  if (spec.data !== undefined) {
    const arrays = { INT32: Int32Array, INT16: Int16Array, FLOAT32: Float32Array, FLOAT16: Uint16Array };
    const list = arrays[type as keyof typeof arrays] ?? Int8Array;
    const bytes = list.from(spec.data);
    const vector = builder.createByteVector(new Uint8Array(bytes.buffer));
    buffer = buffers.push(table(builder, { 0: { offset: vector } })) - 1;
  }
  const scales = [spec.scale ?? []].flat();
  const zeroPoints = [spec.zeroPoint ?? scales.map(() => 0)].flat();
  const quantization =
    scales.length === 0
      ? undefined
      : table(builder, {
          2: { offset: float32s(builder, scales) },
          3: { offset: int64s(builder, zeroPoints) },
          6: int32(spec.quantizedDimension ?? 0),
        });
  return table(builder, {
    0: { offset: int32s(builder, spec.shape) },
    1: int8(TENSOR_TYPES.indexOf(type)),
    2: int32(buffer),
    3: { offset: builder.createString(spec.name ?? 'x') },
    4: quantization === undefined ? undefined : { offset: quantization },
    5: spec.variable ? int8(1) : undefined,
    6: spec.sparse ? { offset: table(builder, {}) } : undefined,
    7: spec.signature === undefined ? undefined : { offset: int32s(builder, spec.signature) },
  });
}

/** Offsets must exist before the table that holds them begins. */
function table(builder: Builder, fields: Fields): number {
  builder.startObject(Math.max(-1, ...Object.keys(fields).map(Number)) + 1);
  for (const [id, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if ('int8' in value) builder.addFieldInt8(Number(id), value.int8, null);
    else if ('int32' in value) builder.addFieldInt32(Number(id), value.int32, null);
    else if ('float32' in value) builder.addFieldFloat32(Number(id), value.float32, null);
    else builder.addFieldOffset(Number(id), value.offset, 0);
  }
  return builder.endObject();
}

function vector<T>(builder: Builder, bytes: number, values: readonly T[], add: (value: T) => void): number {
  builder.startVector(bytes, values.length, bytes);
  for (const value of values.toReversed()) add(value);
  return builder.endVector();
}
const int32s = (builder: Builder, values: number[]) => vector(builder, 4, values, (value) => builder.addInt32(value));
const float32s = (builder: Builder, values: number[]) =>
  vector(builder, 4, values, (value) => builder.addFloat32(value));
const int64s = (builder: Builder, values: number[]) =>
  vector(builder, 8, values, (value) => builder.addInt64(BigInt(value)));
const offsets = (builder: Builder, values: number[]) => vector(builder, 4, values, (value) => builder.addOffset(value));

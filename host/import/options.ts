/**
 * The options of the operators that are imported, out of their tables. A missing table means every default, as in
 * TFLite.
 */
import type { FusedActivation, OptionFields } from '../operators/lowering.ts';
import { IMPORT_RULES } from '../operators/registry.ts';
import type { Table } from './flatbuffer.ts';
import { ACTIVATIONS, OPTIONS_TYPES, PADDINGS, type Padding } from './schema.ts';

type Pair = [height: number, width: number];

export interface WindowOptions {
  padding: Padding;
  stride: Pair;
  activation: FusedActivation;
}
export interface ConvolutionOptions extends WindowOptions {
  dilation: Pair;
}
/**
 * What every opcode that has options carries; opcodes that need none are here with an empty object. Those with a rule
 * in host/operators/ have theirs there.
 */
export interface OperatorOptions {
  CONV_2D: ConvolutionOptions;
  /** multiplier: 0 when the file leaves it out; the shapes tell it as well */
  DEPTHWISE_CONV_2D: ConvolutionOptions & { multiplier: number };
  TRANSPOSE_CONV: WindowOptions;
  FULLY_CONNECTED: { activation: FusedActivation; shuffled: boolean };
  /** which inputs have their last two dimensions the other way round */
  BATCH_MATMUL: { transposed: [boolean, boolean]; activation: FusedActivation };
  RESHAPE: object;
  SQUEEZE: object;
  EXPAND_DIMS: object;
  CONCATENATION: { axis: number; activation: FusedActivation };
  PAD: object;
  PADV2: object;
  TRANSPOSE: object;
  SLICE: object;
  STRIDED_SLICE: {
    beginMask: number;
    endMask: number;
    ellipsisMask: number;
    newAxisMask: number;
    shrinkMask: number;
    /** ends are counted from their begin */
    offset: boolean;
  };
  SPLIT: object;
  SPLIT_V: object;
  /** container and name, together */
  VAR_HANDLE: { name: string };
  READ_VARIABLE: object;
  ASSIGN_VARIABLE: object;
  CALL_ONCE: { subgraph: number };
  PACK: { axis: number };
  UNPACK: { axis: number };
  GATHER: { axis: number; batchDimensions: number };
  TILE: object;
  BROADCAST_TO: object;
  /** how many of the values at a border are left out: 1 REFLECT, 0 SYMMETRIC */
  MIRROR_PAD: { offset: number };
  REVERSE_V2: object;
  SPACE_TO_DEPTH: { block: number };
  DEPTH_TO_SPACE: { block: number };
  SPACE_TO_BATCH_ND: object;
  BATCH_TO_SPACE_ND: object;
  ARG_MAX: object;
  ARG_MIN: object;
  SUM: object;
  ABS: object;
  RSQRT: object;
  ELU: object;
  EXP: object;
  MEAN: object;
  REDUCE_MAX: object;
  REDUCE_MIN: object;
  PRELU: object;
  LOGISTIC: object;
  TANH: object;
  RELU: object;
  RELU6: object;
  RELU_N1_TO_1: object;
  HARD_SWISH: object;
  LEAKY_RELU: { alpha: number };
  QUANTIZE: object;
  DEQUANTIZE: object;
}

const READERS: { [K in keyof OperatorOptions]: (table: Table | null) => OperatorOptions[K] } = {
  CONV_2D: (table) => ({
    padding: padding(table, 0),
    stride: pair(table, 'stride', 2, 1),
    activation: activation(table, 3),
    dilation: pair(table, 'dilation', 5, 4, 1),
  }),
  DEPTHWISE_CONV_2D: (table) => ({
    padding: padding(table, 0),
    stride: pair(table, 'stride', 2, 1),
    multiplier: table?.int32('depth_multiplier', 3) ?? 0,
    activation: activation(table, 4),
    dilation: pair(table, 'dilation', 6, 5, 1),
  }),
  TRANSPOSE_CONV: (table) => ({
    padding: padding(table, 0),
    stride: pair(table, 'stride', 2, 1),
    activation: activation(table, 3),
  }),
  FULLY_CONNECTED: (table) => ({
    activation: activation(table, 0),
    shuffled: (table?.int8('weights_format', 1) ?? 0) !== 0,
  }),
  BATCH_MATMUL: (table) => ({
    transposed: [(table?.int8('adj_x', 0) ?? 0) !== 0, (table?.int8('adj_y', 1) ?? 0) !== 0],
    activation: 'NONE',
  }),
  RESHAPE: () => ({}),
  SQUEEZE: () => ({}),
  EXPAND_DIMS: () => ({}),
  CONCATENATION: (table) => ({ axis: table?.int32('axis', 0) ?? 0, activation: activation(table, 1) }),
  PAD: () => ({}),
  PADV2: () => ({}),
  TRANSPOSE: () => ({}),
  SLICE: () => ({}),
  STRIDED_SLICE: (table) => ({
    beginMask: table?.int32('begin_mask', 0) ?? 0,
    endMask: table?.int32('end_mask', 1) ?? 0,
    ellipsisMask: table?.int32('ellipsis_mask', 2) ?? 0,
    newAxisMask: table?.int32('new_axis_mask', 3) ?? 0,
    shrinkMask: table?.int32('shrink_axis_mask', 4) ?? 0,
    offset: (table?.int8('offset', 5) ?? 0) !== 0,
  }),
  SPLIT: () => ({}),
  SPLIT_V: () => ({}),
  VAR_HANDLE: (table) => ({ name: [0, 1].map((id) => text(table, id)).join('/') }),
  READ_VARIABLE: () => ({}),
  ASSIGN_VARIABLE: () => ({}),
  CALL_ONCE: (table) => ({ subgraph: table?.int32('init_subgraph_index', 0) ?? 0 }),
  PACK: (table) => ({ axis: table?.int32('axis', 1) ?? 0 }),
  UNPACK: (table) => ({ axis: table?.int32('axis', 1) ?? 0 }),
  GATHER: (table) => ({ axis: table?.int32('axis', 0) ?? 0, batchDimensions: table?.int32('batch_dims', 1) ?? 0 }),
  TILE: () => ({}),
  BROADCAST_TO: () => ({}),
  MIRROR_PAD: (table) => ({ offset: enumeration(table, 'mode', 0, [1, 0]) }),
  REVERSE_V2: () => ({}),
  SPACE_TO_DEPTH: (table) => ({ block: table?.int32('block_size', 0) ?? 0 }),
  DEPTH_TO_SPACE: (table) => ({ block: table?.int32('block_size', 0) ?? 0 }),
  SPACE_TO_BATCH_ND: () => ({}),
  BATCH_TO_SPACE_ND: () => ({}),
  ARG_MAX: () => ({}),
  ARG_MIN: () => ({}),
  SUM: () => ({}),
  ABS: () => ({}),
  RSQRT: () => ({}),
  ELU: () => ({}),
  EXP: () => ({}),
  MEAN: () => ({}),
  REDUCE_MAX: () => ({}),
  REDUCE_MIN: () => ({}),
  PRELU: () => ({}),
  LOGISTIC: () => ({}),
  TANH: () => ({}),
  RELU: () => ({}),
  RELU6: () => ({}),
  RELU_N1_TO_1: () => ({}),
  HARD_SWISH: () => ({}),
  LEAKY_RELU: (table) => ({ alpha: table?.float32('alpha', 0) ?? 0 }),
  QUANTIZE: () => ({}),
  DEQUANTIZE: () => ({}),
};

/** Opcode and options of an operator's table; options are null for an opcode that this file does not know. */
export function readOptions(opcode: string, operator: Table): { opcode: string; options: object | null } {
  const rule = Object.hasOwn(IMPORT_RULES, opcode) ? IMPORT_RULES[opcode] : undefined;
  const read = READERS[opcode as keyof OperatorOptions];
  if (rule === undefined && read === undefined) return { opcode, options: null };
  const table = operator.table('builtin_options', 4);
  const type = operator.uint8('builtin_options_type', 3);
  const expected = (rule ? rule.optionsType : OPTIONS_TYPES[opcode as keyof typeof OPTIONS_TYPES]) ?? type;
  if (table !== null && type !== expected)
    operator.fail(operator.at, `builtin_options_type of ${opcode} must be ${expected}, got ${type}`);
  return { opcode, options: rule ? (rule.options(fieldsOf(table)) as object) : read(table) };
}

function fieldsOf(table: Table | null): OptionFields {
  return {
    int32: (name, id) => table?.int32(name, id) ?? 0,
    float32: (name, id) => table?.float32(name, id) ?? 0,
    flag: (name, id) => (table?.int8(name, id) ?? 0) !== 0,
    activation: (id) => activation(table, id),
    padding: (id) => padding(table, id),
  };
}

/** A string in full: where two are compared, no other will do. */
function text(table: Table | null, id: number): string {
  return new TextDecoder().decode(table?.bytes('container or shared_name', id) ?? new Uint8Array());
}

function pair(table: Table | null, name: string, height: number, width: number, fallback = 0): Pair {
  return [
    table?.int32(`${name}_height`, height, fallback) ?? fallback,
    table?.int32(`${name}_width`, width, fallback) ?? fallback,
  ];
}

function padding(table: Table | null, id: number): Padding {
  return enumeration(table, 'padding', id, PADDINGS);
}

function activation(table: Table | null, id: number): FusedActivation {
  return enumeration(table, 'fused_activation_function', id, ACTIVATIONS);
}

function enumeration<T>(table: Table | null, field: string, id: number, names: readonly T[]): T {
  if (table === null) return names[0];
  const value = table.int8(field, id);
  if (!(value in names)) table.fail(table.at, `${field} must be below ${names.length}, got ${value}`);
  return names[value];
}

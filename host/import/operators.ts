/**
 * The operators that can be imported: what of each, and how. Where one becomes one of the
 * model's, or nearly, its rule stands with that kind in host/operators/. docs/operators.md shows all of them.
 */
import type { ImportRule } from '../operators/lowering.ts';
import { IMPORT_RULES } from '../operators/registry.ts';
import { batchToSpace, depthToSpace, spaceToBatch, spaceToDepth } from './blocks.ts';
import type { Context } from './context.ts';
import {
  absTable,
  eluTable,
  expTable,
  hardSwishTable,
  leakyReluTable,
  logisticTable,
  relu6Table,
  reluTable,
  rescaleTable,
  rsqrtTable,
  tanhTable,
} from './functions.ts';
import type { OperatorOf } from './graph.ts';

import {
  assign,
  concatenation,
  pack,
  pad,
  reshape,
  slice,
  split,
  splitV,
  stridedSlice,
  transpose,
  unpack,
} from './moves.ts';
import type { OperatorOptions } from './options.ts';
import { lookup } from './plain.ts';
import { PRELU } from './prelu.ts';
import { argMax, argMin, mean, reduceMax, reduceMin, sum } from './reductions.ts';
import { broadcastTo, gather, mirrorPad, reverse, tile } from './selections.ts';
import { transposeConvolution } from './transposeConvolution.ts';
import { batchMatMul, convolution, depthwise, fullyConnected } from './weighted.ts';

export interface Support<K extends keyof OperatorOptions> {
  support: 'yes' | 'limited';
  /** what it becomes, and its limits */
  note: string;
  /** emits operators of the model, or throws Unsupported; null for an operator that is never lowered by itself */
  lower: ((operator: OperatorOf<K>, to: Context) => void) | null;
}

const OTHERS: { [K in keyof OperatorOptions]: Support<K> } = {
  CONV_2D: {
    support: 'limited',
    note: '1x1 with stride 1 becomes pointwise; gaps and groups as zeros; stride up to 255, 32,767 products per output',
    lower: convolution,
  },
  DEPTHWISE_CONV_2D: {
    support: 'limited',
    note: 'any depth multiplier up to 255; gaps as zeros',
    lower: depthwise,
  },
  TRANSPOSE_CONV: {
    support: 'limited',
    note: 'a copy that moves values apart, and a convolution of stride 1: stride times stride as many products',
    lower: transposeConvolution,
  },
  FULLY_CONNECTED: {
    support: 'limited',
    note: 'one weight scale or one per channel; at every position it becomes pointwise; 32,767 products per output',
    lower: fullyConnected,
  },
  BATCH_MATMUL: {
    support: 'limited',
    note: 'by one constant matrix: as FULLY_CONNECTED',
    lower: batchMatMul,
  },
  MEAN: {
    support: 'yes',
    note: 'over height and width as it is, over other dimensions behind a copy',
    lower: mean,
  },
  SUM: {
    support: 'limited',
    note: 'a depthwise layer with weights of 1, over up to 32,767 values; over other dimensions as MEAN',
    lower: sum,
  },
  REDUCE_MAX: { support: 'yes', note: 'a pool as large as its input; over other dimensions as MEAN', lower: reduceMax },
  REDUCE_MIN: { support: 'yes', note: 'as REDUCE_MAX, between two tables', lower: reduceMin },
  ARG_MAX: {
    support: 'limited',
    note: 'of the last dimension, up to 128 channels, where it is an output: INT8 in place of INT32 or INT64',
    lower: argMax,
  },
  ARG_MIN: { support: 'limited', note: 'as ARG_MAX, behind a table', lower: argMin },
  PRELU,
  LOGISTIC: { support: 'yes', note: 'a table of 256', lower: lookup(logisticTable) },
  TANH: { support: 'yes', note: 'a table of 256', lower: lookup(tanhTable) },
  RELU: {
    support: 'yes',
    note: 'a table of 256, where it is not fused',
    lower: lookup((input, output) => reluTable('RELU', input, output)),
  },
  RELU6: { support: 'yes', note: 'a table of 256; values as they are, whatever the scales', lower: lookup(relu6Table) },
  RELU_N1_TO_1: {
    support: 'yes',
    note: "a table of 256, computed as RELU's; TensorFlow Lite Micro has none of its own",
    lower: lookup((input, output) => reluTable('RELU_N1_TO_1', input, output)),
  },
  LEAKY_RELU: {
    support: 'yes',
    note: 'a table of 256',
    lower: lookup<'LEAKY_RELU'>((input, output, { options }) => leakyReluTable(options.alpha, input, output)),
  },
  ELU: { support: 'yes', note: 'a table of 256', lower: lookup(eluTable) },
  EXP: {
    support: 'yes',
    note: "a table of 256, as TensorFlow Lite's; its Micro has none of INT8",
    lower: lookup(expTable),
  },
  ABS: { support: 'yes', note: 'a table of 256', lower: lookup(absTable) },
  RSQRT: { support: 'yes', note: 'a table of 256; 127 for what is not above 0', lower: lookup(rsqrtTable) },
  HARD_SWISH: { support: 'yes', note: 'a table of 256', lower: lookup(hardSwishTable) },
  CONCATENATION: {
    support: 'limited',
    note: 'copies, or nothing where the plan can lay the inputs side by side; some may be constants; all of one scale',
    lower: concatenation,
  },
  PAD: {
    support: 'limited',
    note: 'nothing in front of a convolution that can pad by itself, else copies',
    lower: pad,
  },
  PADV2: { support: 'limited', note: 'as PAD, with a constant', lower: pad },
  MIRROR_PAD: { support: 'limited', note: 'as GATHER; the padding is a constant', lower: mirrorPad },
  TRANSPOSE: { support: 'yes', note: 'a copy', lower: transpose },
  SLICE: { support: 'limited', note: 'a copy; begin and size are constants', lower: slice },
  STRIDED_SLICE: {
    support: 'limited',
    note: 'a copy; backwards, rows and columns of a resize; begin, end and strides are constants',
    lower: stridedSlice,
  },
  GATHER: { support: 'limited', note: 'rows and columns of a resize, by constant indices', lower: gather },
  TILE: { support: 'limited', note: 'as GATHER; how often is a constant', lower: tile },
  BROADCAST_TO: { support: 'yes', note: 'as GATHER', lower: broadcastTo },
  REVERSE_V2: { support: 'limited', note: 'as GATHER; the axes are constants', lower: reverse },
  SPACE_TO_DEPTH: { support: 'yes', note: 'a copy', lower: spaceToDepth },
  DEPTH_TO_SPACE: { support: 'yes', note: 'a copy', lower: depthToSpace },
  SPACE_TO_BATCH_ND: {
    support: 'limited',
    note: 'copies; what slides a window over the batch is one operator for each picture',
    lower: spaceToBatch,
  },
  BATCH_TO_SPACE_ND: { support: 'limited', note: 'copies', lower: batchToSpace },
  SPLIT: { support: 'yes', note: 'copies', lower: split },
  SPLIT_V: {
    support: 'limited',
    note: 'copies; the axis is a constant, sizes are those of the outputs',
    lower: splitV,
  },
  PACK: { support: 'limited', note: 'as CONCATENATION', lower: pack },
  UNPACK: { support: 'yes', note: 'copies', lower: unpack },
  VAR_HANDLE: {
    support: 'limited',
    note: 'a [state](state.md), in front of all others; INT8, one value throughout when it begins',
    lower: null,
  },
  READ_VARIABLE: {
    support: 'yes',
    note: 'nothing, or a copy where what it read is used behind an assignment',
    lower: reshape,
  },
  ASSIGN_VARIABLE: {
    support: 'yes',
    note: 'a copy; nothing where a window only moves, as the state is that window then',
    lower: assign,
  },
  CALL_ONCE: { support: 'limited', note: 'what a state begins with; ASSIGN_VARIABLE of constants alone', lower: null },
  RESHAPE: {
    support: 'yes',
    note: 'nothing where what is around it can do with one shape, as before FULLY_CONNECTED and SOFTMAX, else a copy',
    lower: reshape,
  },
  SQUEEZE: { support: 'yes', note: 'as RESHAPE', lower: reshape },
  EXPAND_DIMS: { support: 'yes', note: 'as RESHAPE', lower: reshape },
  QUANTIZE: {
    support: 'limited',
    note: 'a table of 256; nothing next to a FLOAT32 port, or to a UINT8 port of the same scale',
    lower: lookup(rescaleTable),
  },
  DEQUANTIZE: { support: 'limited', note: 'before a FLOAT32 output, where it is dropped', lower: null },
};

/** What is known of any operator of a file, whose options are those that its reader gave. */
export type AnySupport = Pick<ImportRule, 'support' | 'note'> & {
  lower: ((operator: never, to: Context) => void) | null;
};

export const OPERATORS: Readonly<Record<string, AnySupport>> = { ...IMPORT_RULES, ...OTHERS };

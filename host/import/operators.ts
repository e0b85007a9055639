/** The operators that can be imported: what of each, and how. docs/import.md repeats this table; a test compares them. */
import type { OperatorOf } from './graph.ts';
import type { Lowering } from './lowering.ts';
import type { OperatorOptions } from './options.ts';
import { add, pool, reshape, softmax } from './plain.ts';
import { convolution, depthwise, fullyConnected } from './weighted.ts';

export interface Support<K extends keyof OperatorOptions> {
  support: 'yes' | 'limited';
  /** what it becomes, and its limits */
  note: string;
  /** emits operators of the model, or throws Unsupported; null for an operator that is never lowered by itself */
  lower: ((operator: OperatorOf<K>, to: Lowering) => void) | null;
}

export const OPERATORS: { [K in keyof OperatorOptions]: Support<K> } = {
  CONV_2D: {
    support: 'limited',
    note: '1x1 with stride 1 becomes pointwise; dilation 1, one group, stride up to 255, 16,384 products per output',
    lower: convolution,
  },
  DEPTHWISE_CONV_2D: { support: 'limited', note: 'any depth multiplier up to 255; dilation 1', lower: depthwise },
  FULLY_CONNECTED: {
    support: 'yes',
    note: 'one weight scale or one per channel; over several positions it becomes pointwise',
    lower: fullyConnected,
  },
  AVERAGE_POOL_2D: { support: 'yes', note: 'input and output of one scale, as TFLite asks', lower: pool },
  MAX_POOL_2D: { support: 'yes', note: 'input and output of one scale, as TFLite asks', lower: pool },
  ADD: { support: 'limited', note: 'two tensors of one shape; no constant, no broadcasting', lower: add },
  SOFTMAX: { support: 'limited', note: 'over the last dimension, up to 256 channels', lower: softmax },
  RESHAPE: {
    support: 'limited',
    note: 'costs nothing; only where what is around it can do with one shape, as before FULLY_CONNECTED and SOFTMAX',
    lower: reshape,
  },
  SQUEEZE: { support: 'limited', note: 'as RESHAPE', lower: reshape },
  EXPAND_DIMS: { support: 'limited', note: 'as RESHAPE', lower: reshape },
  QUANTIZE: { support: 'limited', note: 'behind a FLOAT32 or UINT8 input, where it is dropped', lower: null },
  DEQUANTIZE: { support: 'limited', note: 'before a FLOAT32 output, where it is dropped', lower: null },
};

/**
 * One tiny .tflite per operator that can be imported, and the layers that errors are made from. Those of operators with
 * a file in test/operators/ stand there.
 */
import { FIXTURES_OF_OPERATORS, type Fixture } from '../operatorTests.ts';
import {
  activation,
  bias,
  channelScales,
  conv,
  depthwise,
  fullyConnected,
  integers,
  oneValue,
  pool,
  several,
  single,
  values,
  weights,
} from './specs.ts';
import type { OperatorSpec, TensorSpec } from './tflite.ts';
import { float32, int8, int32 } from './tflite.ts';

export * from './specs.ts';

const moved = (
  opcode: string,
  from: number[],
  to: number[],
  constants: TensorSpec[] = [],
  rest: Partial<OperatorSpec> = {},
) => ({
  file: single(opcode, [activation(from), ...constants, activation(to)], rest),
  kinds: ['copy'],
});
/** A border of zero points around a picture, as converters write it, and a convolution behind it. */
const padded = ([top, bottom, left, right]: number[], kinds: string[]) => {
  const [height, width] = [5 + top + bottom, 6 + left + right];
  const positions = (size: number) => Math.floor((size - 3) / 2) + 1;
  const tensors = [
    activation([1, 5, 6, 2]),
    { ...integers(0, 0, top, bottom, left, right, 0, 0), shape: [4, 2] },
    activation([1, height, width, 2]),
    weights([3, 3, 3, 2], 0, channelScales),
    bias(3),
    activation([1, positions(height), positions(width), 3], 0.2),
  ];
  const operators = [
    { opcode: 'PAD', inputs: [0, 1], outputs: [2] },
    { opcode: 'CONV_2D', inputs: [2, 3, 4], outputs: [5], ...conv(2, 1) },
  ];
  return { file: { tensors, operators, inputs: [0], outputs: [5] }, kinds };
};

/** name -> file, and the kinds of operator that come out of it */
export const FIXTURES: Record<string, Fixture> = {
  'CONV_2D, SAME, stride 2, RELU6': {
    file: single(
      'CONV_2D',
      [activation([1, 6, 5, 2]), weights([3, 3, 3, 2], 0, channelScales), bias(3), activation([1, 3, 3, 3], 0.2, -100)],
      conv(2, 0, 3),
    ),
    kinds: ['convolution'],
  },
  'CONV_2D, VALID, one scale, no bias': {
    file: single(
      'CONV_2D',
      [activation([1, 6, 5, 2]), weights([3, 3, 3, 2], 0, 0.01), activation([1, 4, 3, 3], 0.3)],
      conv(1, 1),
    ),
    kinds: ['convolution'],
  },
  'CONV_2D with dilation': {
    file: single(
      'CONV_2D',
      [activation([1, 7, 8, 2]), weights([3, 3, 2, 2], 0, channelScales), bias(3), activation([1, 7, 8, 3], 0.2)],
      conv(1, 0, 0, 2),
    ),
    kinds: ['convolution'],
  },
  'CONV_2D of two groups': {
    file: single(
      'CONV_2D',
      [activation([1, 5, 4, 4]), weights([6, 3, 3, 2], 0, 0.01), bias(6), activation([1, 5, 4, 6], 0.2)],
      conv(),
    ),
    kinds: ['convolution'],
  },
  'CONV_2D of as many groups as input channels': {
    file: single(
      'CONV_2D',
      [activation([1, 5, 4, 3]), weights([6, 3, 3, 1], 0, 0.01), bias(6), activation([1, 5, 4, 6], 0.1)],
      conv(1, 0, 0, 2),
    ),
    kinds: ['depthwise'],
  },
  'CONV_2D, 1x1': {
    file: single(
      'CONV_2D',
      [activation([1, 3, 2, 4]), weights([3, 1, 1, 4], 0, channelScales), bias(3), activation([1, 3, 2, 3], 0.1)],
      conv(1, 1, 1),
    ),
    kinds: ['pointwise'],
  },
  'CONV_2D, 1x1 with stride 2': {
    file: single(
      'CONV_2D',
      [activation([1, 4, 4, 4]), weights([3, 1, 1, 4], 0, channelScales), bias(3), activation([1, 2, 2, 3], 0.1)],
      conv(2),
    ),
    kinds: ['convolution'],
  },
  'DEPTHWISE_CONV_2D, multiplier 2, RELU_N1_TO_1': {
    file: single(
      'DEPTHWISE_CONV_2D',
      [
        activation([1, 4, 5, 2]),
        weights([1, 3, 3, 4], 3, [0.01, 0.02, 0.03, 0.004]),
        bias(4),
        activation([1, 4, 5, 4], 0.02),
      ],
      depthwise(2, 2),
    ),
    kinds: ['depthwise'],
  },
  'FULLY_CONNECTED of a picture': {
    file: single(
      'FULLY_CONNECTED',
      [activation([1, 2, 2, 3]), weights([5, 12], 0, 0.01), bias(5), activation([1, 5], 0.3)],
      fullyConnected(1),
    ),
    kinds: ['fullyConnected'],
  },
  'FULLY_CONNECTED, a scale per channel': {
    file: single(
      'FULLY_CONNECTED',
      [activation([1, 4]), weights([3, 4], 0, channelScales), bias(3), activation([1, 3], 0.1)],
      fullyConnected(),
    ),
    kinds: ['fullyConnected'],
  },
  'FULLY_CONNECTED at every position': {
    file: single(
      'FULLY_CONNECTED',
      [activation([1, 5, 4]), weights([3, 4], 0, channelScales), bias(3), activation([1, 5, 3], 0.1)],
      fullyConnected(),
    ),
    kinds: ['pointwise'],
  },
  AVERAGE_POOL_2D: {
    file: single('AVERAGE_POOL_2D', [activation([1, 4, 4, 3]), activation([1, 2, 2, 3])], pool),
    kinds: ['averagePool'],
  },
  MAX_POOL_2D: {
    file: single('MAX_POOL_2D', [activation([1, 4, 4, 3]), activation([1, 2, 2, 3])], pool),
    kinds: ['maxPool'],
  },
  SOFTMAX: {
    file: single('SOFTMAX', [activation([1, 6], 0.1), activation([1, 6], 1 / 256, -128)], {
      optionsType: 9,
      options: { 0: float32(1) },
    }),
    kinds: ['softmax'],
  },
  'QUANTIZE, RESHAPE, SQUEEZE, EXPAND_DIMS and DEQUANTIZE around one layer': {
    file: {
      tensors: [
        { shape: [1, 12], type: 'FLOAT32' },
        activation([1, 12]),
        activation([1, 2, 2, 3]),
        weights([3, 1, 1, 3], 0, channelScales),
        bias(3),
        activation([1, 2, 2, 3], 0.1),
        activation([1, 4, 3], 0.1),
        activation([1, 12], 0.1),
        { shape: [1, 12], type: 'FLOAT32' },
      ],
      operators: [
        { opcode: 'QUANTIZE', inputs: [0], outputs: [1] },
        { opcode: 'RESHAPE', inputs: [1], outputs: [2] },
        { opcode: 'CONV_2D', inputs: [2, 3, 4], outputs: [5], ...conv() },
        { opcode: 'EXPAND_DIMS', inputs: [5], outputs: [6] },
        { opcode: 'SQUEEZE', inputs: [6], outputs: [7] },
        { opcode: 'DEQUANTIZE', inputs: [7], outputs: [8] },
      ],
      inputs: [0],
      outputs: [8],
    },
    kinds: ['pointwise'],
  },
  'UINT8 at both ends': {
    file: {
      tensors: [
        { shape: [1, 4], type: 'UINT8', scale: 0.05, zeroPoint: 131 },
        activation([1, 4]),
        weights([3, 4], 0, 0.01),
        bias(3),
        activation([1, 3], 0.1),
        { shape: [1, 3], type: 'UINT8', scale: 0.1, zeroPoint: 131 },
      ],
      operators: [
        { opcode: 'QUANTIZE', inputs: [0], outputs: [1] },
        { opcode: 'FULLY_CONNECTED', inputs: [1, 2, 3], outputs: [4], ...fullyConnected() },
        { opcode: 'QUANTIZE', inputs: [4], outputs: [5] },
      ],
      inputs: [0],
      outputs: [5],
    },
    kinds: ['fullyConnected'],
  },
  'UINT8 of other scales at both ends': {
    file: {
      tensors: [
        { shape: [1, 4], type: 'UINT8', scale: 0.04, zeroPoint: 100 },
        activation([1, 4]),
        weights([3, 4], 0, 0.01),
        bias(3),
        activation([1, 3], 0.1),
        { shape: [1, 3], type: 'UINT8', scale: 0.07, zeroPoint: 120 },
      ],
      operators: [
        { opcode: 'QUANTIZE', inputs: [0], outputs: [1] },
        { opcode: 'FULLY_CONNECTED', inputs: [1, 2, 3], outputs: [4], ...fullyConnected() },
        { opcode: 'QUANTIZE', inputs: [4], outputs: [5] },
      ],
      inputs: [0],
      outputs: [5],
    },
    kinds: ['lookup', 'fullyConnected', 'lookup'],
  },
  'FULLY_CONNECTED between RESHAPEs': {
    file: {
      tensors: [
        activation([1, 6, 4]),
        activation([6, 4]),
        weights([3, 4], 0, 0.01),
        activation([6, 3], 0.1),
        activation([1, 6, 3], 0.1),
      ],
      operators: [
        { opcode: 'RESHAPE', inputs: [0], outputs: [1] },
        { opcode: 'FULLY_CONNECTED', inputs: [1, 2], outputs: [3], ...fullyConnected(1) },
        { opcode: 'RESHAPE', inputs: [3], outputs: [4] },
      ],
      inputs: [0],
      outputs: [4],
    },
    kinds: ['pointwise'],
  },
  'CONCATENATION with a constant': {
    file: single(
      'CONCATENATION',
      [activation([1, 2, 3, 5]), { ...activation([1, 1, 3, 5]), data: values(15) }, activation([1, 3, 3, 5])],
      { optionsType: 10, options: { 0: int32(1), 1: int8(0) } },
    ),
    kinds: ['copy', 'fullyConnected', 'copy', 'copy'],
  },
  'MEAN over height and width': {
    file: single('MEAN', [activation([1, 4, 3, 5]), integers(1, -2), activation([1, 5], 0.02, 7)]),
    kinds: ['mean'],
  },
  LOGISTIC: oneValue('LOGISTIC', activation([1, 4, 4, 16], 1 / 256, -128)),
  TANH: oneValue('TANH', activation([1, 4, 4, 16], 1 / 128, 0)),
  RELU: oneValue('RELU', activation([1, 4, 4, 16], 0.03, -128)),
  RELU6: oneValue('RELU6', activation([1, 4, 4, 16])),
  RELU_N1_TO_1: oneValue('RELU_N1_TO_1', activation([1, 4, 4, 16], 0.01, 0)),
  LEAKY_RELU: oneValue('LEAKY_RELU', activation([1, 4, 4, 16], 0.04, -20), {
    optionsType: 75,
    options: { 0: float32(0.1) },
  }),
  HARD_SWISH: oneValue('HARD_SWISH', activation([1, 4, 4, 16], 0.04, -100)),
  'HARD_SWISH whose multipliers lie just below a power of two': {
    file: single('HARD_SWISH', [
      activation([1, 4, 4, 16], 0.0007324182661250234, -128),
      activation([1, 4, 4, 16], 0.0029296730645000935, -128),
    ]),
    kinds: ['lookup'],
  },
  'QUANTIZE from INT8 to INT8': oneValue('QUANTIZE', activation([1, 4, 4, 16], 0.09, 20)),
  'CONCATENATION along channels': {
    file: several(
      'CONCATENATION',
      [activation([1, 2, 3, 5]), activation([1, 2, 3, 2]), activation([1, 2, 3, 1])],
      activation([1, 2, 3, 8]),
      {
        optionsType: 10,
        options: { 0: int32(-1), 1: int8(0) },
      },
    ),
    kinds: ['copy', 'copy', 'copy'],
  },
  'CONCATENATION along rows': {
    file: several('CONCATENATION', [activation([1, 2, 3, 5]), activation([1, 1, 3, 5])], activation([1, 3, 3, 5]), {
      optionsType: 10,
      options: { 0: int32(1), 1: int8(0) },
    }),
    kinds: ['copy', 'copy'],
  },
  PAD: moved('PAD', [1, 3, 4, 2], [1, 6, 5, 2], [{ ...integers(0, 0, 1, 2, 0, 1, 0, 0), shape: [4, 2] }]),
  'PADV2 of channels': moved(
    'PADV2',
    [1, 3, 4, 2],
    [1, 3, 4, 5],
    [
      { ...integers(0, 0, 0, 0, 0, 0, 1, 2), shape: [4, 2] },
      { shape: [], scale: 0.05, zeroPoint: 3, data: [3] },
    ],
  ),
  'PAD in front of CONV_2D': padded([0, 1, 1, 1], ['convolution']),
  'PAD in front of CONV_2D, more behind than before it and than half a kernel': padded(
    [0, 1, 1, 2],
    ['copy', 'convolution'],
  ),
  'TRANSPOSE of three dimensions': moved('TRANSPOSE', [1, 3, 4, 5], [1, 5, 3, 4], [integers(0, 3, 1, 2)]),
  SLICE: moved('SLICE', [1, 5, 6, 3], [1, 2, 5, 2], [integers(0, 2, 1, 1), integers(1, 2, -1, 2)]),
  'STRIDED_SLICE with masks': moved(
    'STRIDED_SLICE',
    [1, 5, 6, 3],
    [1, 2, 3],
    [integers(0, 1, 3, 0), integers(1, -1, 4, 0), integers(1, 2, 1, 1)],
    { optionsType: 32, options: { 0: int32(1), 1: int32(0b1001), 4: int32(0b100) } },
  ),
  SPLIT: {
    file: {
      tensors: [
        { ...integers(-1), shape: [] },
        activation([1, 3, 2, 6]),
        activation([1, 3, 2, 3]),
        activation([1, 3, 2, 3]),
      ],
      operators: [{ opcode: 'SPLIT', inputs: [0, 1], outputs: [2, 3], optionsType: 35, options: { 0: int32(2) } }],
      inputs: [1],
      outputs: [3, 2],
    },
    kinds: ['copy', 'copy'],
  },
  'RESHAPE between two pictures': {
    file: {
      tensors: [
        activation([1, 4, 3, 2]),
        activation([1, 2, 2, 2]),
        activation([1, 1, 2, 4]),
        weights([1, 1, 2, 4], 3, 0.01),
        activation([1, 1, 2, 4]),
      ],
      operators: [
        {
          opcode: 'MAX_POOL_2D',
          inputs: [0],
          outputs: [1],
          optionsType: 5,
          options: { 0: int8(1), 1: int32(1), 2: int32(2), 3: int32(2), 4: int32(2), 5: int8(0) },
        },
        { opcode: 'RESHAPE', inputs: [1], outputs: [2] },
        { opcode: 'DEPTHWISE_CONV_2D', inputs: [2, 3], outputs: [4], ...depthwise(1) },
      ],
      inputs: [0],
      outputs: [4],
    },
    kinds: ['maxPool', 'copy', 'depthwise'],
  },
  ...FIXTURES_OF_OPERATORS,
};

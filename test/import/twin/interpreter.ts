/**
 * An independent twin of the importer: runs the graph of a .tflite file as TensorFlow Lite's quantisation specification
 * and the operators' documentation have it, on the description that the file is built from. It shares no code with the
 * importer, the oracle or the runtime, knows nothing of their limits, and computes one value after another.
 */
import { TWINS } from '../../operatorTests.ts';
import type { FileSpec, OperatorSpec, TensorSpec } from '../tflite.ts';
import * as fixed from './fixed.ts';
import { clamp, flatIndex, fused, type Given, int8, option, places, type Run, size, type Values } from './values.ts';

/** What a file keeps from one inference to the next, by a name of it; twins change the lists in place. */
export type Kept = Map<string, number[]>;

/**
 * The outputs of the model for one value list per input; FLOAT32 and UINT8 ends are the INT8 tensors behind them. With an
 * empty `kept` it is the first inference, and what that keeps is in there afterwards.
 */
export function interpret(file: FileSpec, inputs: readonly (readonly number[])[], kept: Kept = new Map()): number[][] {
  const known = new Map<number, Values>();
  const valuesOf = (tensor: number): Values => {
    const computed = known.get(tensor);
    if (computed) return computed;
    const { data, variable, type } = file.tensors[tensor];
    if (variable) {
      const numbers = numbersOf(file.tensors[tensor]);
      const name = `tensor ${tensor}`;
      if (!kept.has(name))
        kept.set(name, new Array(size(numbers.shape)).fill(type === 'INT16' ? 0 : numbers.zeroPoint));
      return { ...numbers, values: kept.get(name)! };
    }
    if (data === undefined) throw new Error(`twin: tensor ${tensor} is read before it is written`);
    return { ...numbersOf(file.tensors[tensor]), values: data };
  };
  file.inputs.forEach((tensor, i) => {
    known.set(tensor, { ...numbersOf(file.tensors[tensor]), values: [...inputs[i]] });
  });
  const resources = new Resources(file, kept);
  for (const operator of file.operators) {
    if (resources.run(operator, known, valuesOf)) continue;
    const operands = operator.inputs.map((tensor) => (tensor < 0 ? null : valuesOf(tensor)));
    const results = operator.outputs.map((tensor) => numbersOf(file.tensors[tensor]));
    const run = OPERATORS[operator.opcode];
    if (run === undefined) throw new Error(`twin: no ${operator.opcode}`);
    const weightScales = [file.tensors[operator.inputs[1]]?.scale ?? []].flat().map(Math.fround);
    const given = { operator, operands: operands as Values[], results, weightScales, file };
    run(given).forEach((values, i) => {
      const expected = size(results[i].shape);
      if (values.length !== expected) throw new Error(`twin: ${operator.opcode} made ${values.length} of ${expected}`);
      known.set(operator.outputs[i], { ...results[i], values });
    });
  }
  return file.outputs.map((tensor) => valuesOf(tensor).values);
}

/** VAR_HANDLE, READ_VARIABLE, ASSIGN_VARIABLE, and what CALL_ONCE assigns before the first inference. */
class Resources {
  private readonly names = new Map<number, string>();

  constructor(
    private readonly file: FileSpec,
    private readonly kept: Kept,
  ) {
    for (const { operators, tensors } of file.called ?? []) {
      const names = new Map<number, string>();
      for (const { opcode, inputs, outputs, options } of operators) {
        if (opcode === 'VAR_HANDLE') names.set(outputs[0], nameOf(options));
        const name = names.get(inputs[0]) ?? '';
        if (opcode === 'ASSIGN_VARIABLE' && !kept.has(name)) kept.set(name, [...tensors[inputs[1]].data!]);
      }
    }
  }

  /** Whether it was one of these. */
  run(
    { opcode, inputs, outputs, options }: OperatorSpec,
    known: Map<number, Values>,
    valuesOf: (t: number) => Values,
  ): boolean {
    const name = this.names.get(inputs[0]) ?? '';
    if (opcode === 'VAR_HANDLE') this.names.set(outputs[0], nameOf(options));
    else if (opcode === 'READ_VARIABLE') {
      const numbers = numbersOf(this.file.tensors[outputs[0]]);
      const first = new Array(size(numbers.shape)).fill(numbers.zeroPoint);
      known.set(outputs[0], { ...numbers, values: [...(this.kept.get(name) ?? first)] });
    } else if (opcode === 'ASSIGN_VARIABLE') this.kept.set(name, [...valuesOf(inputs[1]).values]);
    else return opcode === 'CALL_ONCE';
    return true;
  }
}

function nameOf(options: OperatorSpec['options']): string {
  const name = options?.[1];
  return name !== undefined && 'text' in name ? name.text : '';
}

/** UINT8 as INT8, which is the same with the top bit turned. */
function numbersOf({ shape, scale, zeroPoint, type }: TensorSpec): Omit<Values, 'values'> {
  const middle = type === 'UINT8' ? 128 : 0;
  return { shape, scale: Math.fround([scale ?? 0].flat()[0]), zeroPoint: [zeroPoint ?? 0].flat()[0] - middle };
}

interface Window {
  output: readonly number[];
  input: readonly number[];
  kernel: [number, number];
  stride: [number, number];
  /** how far apart its taps are */
  dilation?: [number, number];
  same: boolean;
}

/** The taps of a window that lie in the picture, with their place in it. */
function* taps(window: Window, y: number, x: number): Generator<{ ky: number; kx: number; iy: number; ix: number }> {
  const { output, input, kernel, stride, same, dilation = [1, 1] } = window;
  const before = [0, 1].map((d) =>
    same ? Math.max(0, (output[d + 1] - 1) * stride[d] + (kernel[d] - 1) * dilation[d] + 1 - input[d + 1]) >> 1 : 0,
  );
  for (let ky = 0; ky < kernel[0]; ky++) {
    for (let kx = 0; kx < kernel[1]; kx++) {
      const [iy, ix] = [y * stride[0] + ky * dilation[0] - before[0], x * stride[1] + kx * dilation[1] - before[1]];
      if (iy >= 0 && iy < input[1] && ix >= 0 && ix < input[2]) yield { ky, kx, iy, ix };
    }
  }
}

/** Requantisation of a layer's accumulators: per channel from doubles; `narrow`: one product of scales in float32. */
function requantised({ operator, operands, results: [output], weightScales }: Given, fusedId: number, narrow: boolean) {
  const [input] = operands;
  const factors = weightScales.map((scale) => {
    const product = narrow && weightScales.length === 1 ? Math.fround(input.scale * scale) : input.scale * scale;
    return fixed.factorOf(product / output.scale);
  });
  const activation = fused(option(operator, fusedId), output);
  return (accumulator: number, c: number) =>
    activation(fixed.scaled(accumulator, factors[factors.length === 1 ? 0 : c]) + output.zeroPoint);
}

const convolution: Run = (given) => {
  const { operator, operands, results } = given;
  const [input, weights, bias] = operands;
  const [output] = results;
  const [, kh, kw, depth] = weights.shape;
  const window: Window = {
    output: output.shape,
    input: input.shape,
    kernel: [kh, kw],
    stride: [option(operator, 2), option(operator, 1)],
    dilation: [option(operator, 5, 1), option(operator, 4, 1)],
    same: option(operator, 0) === 0,
  };
  const perGroup = weights.shape[0] / (input.shape[3] / depth);
  const finish = requantised(given, 3, false);
  return [
    [...places(output.shape)].map(([n, y, x, c]) => {
      let sum = bias?.values[c] ?? 0;
      for (const { ky, kx, iy, ix } of taps(window, y, x)) {
        for (let k = 0; k < depth; k++) {
          const from = Math.floor(c / perGroup) * depth + k;
          const value = input.values[flatIndex([n, iy, ix, from], input.shape)] - input.zeroPoint;
          sum += value * weights.values[flatIndex([c, ky, kx, k], weights.shape)];
        }
      }
      return finish(sum, c);
    }),
  ];
};

const depthwise: Run = (given) => {
  const { operator, operands, results } = given;
  const [input, weights, bias] = operands;
  const [output] = results;
  const multiplier = output.shape[3] / input.shape[3];
  const window: Window = {
    output: output.shape,
    input: input.shape,
    kernel: [weights.shape[1], weights.shape[2]],
    stride: [option(operator, 2), option(operator, 1)],
    dilation: [option(operator, 6, 1), option(operator, 5, 1)],
    same: option(operator, 0) === 0,
  };
  const finish = requantised(given, 4, false);
  return [
    [...places(output.shape)].map(([n, y, x, c]) => {
      let sum = bias?.values[c] ?? 0;
      for (const { ky, kx, iy, ix } of taps(window, y, x)) {
        const value = input.values[flatIndex([n, iy, ix, Math.floor(c / multiplier)], input.shape)];
        sum += (value - input.zeroPoint) * weights.values[flatIndex([0, ky, kx, c], weights.shape)];
      }
      return finish(sum, c);
    }),
  ];
};

const fullyConnected: Run = (given) => {
  const { operands, results } = given;
  const [input, weights, bias] = operands;
  const [channels, depth] = weights.shape;
  const finish = requantised(given, 0, true);
  return [
    Array.from({ length: size(results[0].shape) }, (_, i) => {
      const [row, c] = [Math.floor(i / channels), i % channels];
      let sum = bias?.values[c] ?? 0;
      for (let k = 0; k < depth; k++)
        sum += (input.values[row * depth + k] - input.zeroPoint) * weights.values[c * depth + k];
      return finish(sum, c);
    }),
  ];
};

const pool =
  (combine: (values: number[]) => number): Run =>
  ({ operator, operands: [input], results: [output] }) => {
    const window: Window = {
      output: output.shape,
      input: input.shape,
      kernel: [option(operator, 4), option(operator, 3)],
      stride: [option(operator, 2), option(operator, 1)],
      same: option(operator, 0) === 0,
    };
    const activation = fused(option(operator, 5), output);
    return [
      [...places(output.shape)].map(([n, y, x, c]) => {
        const seen = [...taps(window, y, x)].map(({ iy, ix }) => input.values[flatIndex([n, iy, ix, c], input.shape)]);
        return activation(combine(seen));
      }),
    ];
  };

const mean: Run = ({ operands: [input, axes], results: [output] }) => {
  const rank = input.shape.length;
  const over = new Set(axes.values.map((axis) => (axis + rank) % rank));
  const left = input.shape.map((count, d) => (over.has(d) ? 1 : count));
  const sums = new Array<number>(size(left)).fill(0);
  const all = [...places(input.shape)];
  all.forEach((place, i) => {
    sums[
      flatIndex(
        place.map((at, d) => (over.has(d) ? 0 : at)),
        left,
      )
    ] += input.values[i];
  });
  const count = input.values.length / sums.length;
  // the count goes into the multiplier, as large a power of two first as fits
  const { m, shift } = fixed.factorOf(input.scale / output.scale);
  const bits = Math.min(BigInt(count).toString(2).length - 1, 32, 31 + shift);
  const factor = { m: (m << BigInt(bits)) / BigInt(count), shift: shift - bits };
  return [sums.map((sum) => int8(fixed.scaled(sum - input.zeroPoint * count, factor) + output.zeroPoint))];
};

const softmax: Run = ({ operator, operands: [input] }) => {
  const beta = option(operator, 0);
  const factor = fixed.factorOf(Math.min(beta * input.scale * 2 ** 26, 2 ** 31 - 1));
  const depth = input.shape.at(-1)!;
  const rows = Array.from({ length: input.values.length / depth }, (_, r) =>
    input.values.slice(r * depth, (r + 1) * depth),
  );
  return [rows.flatMap((row) => fixed.softmaxRow(row, factor))];
};

/** A function of one value at a time. */
const each =
  (of: (q: number, input: Values, output: fixed.Scale, operator: OperatorSpec) => number): Run =>
  ({ operator, operands: [input], results: [output] }) => [
    input.values.map((q) => int8(of(q, input, output, operator))),
  ];

/** LOGISTIC and TANH: at their ends where the argument leaves (-15, 15) in four integer bits. */
const sigmoid = (of: (a: bigint) => bigint, bits: number, zeroPoint: number) =>
  each((q, input) => {
    const factor = fixed.factorOf(input.scale * 2 ** 27);
    const radius = Math.floor((15 * 2 ** 27) / 2 ** factor.shift);
    const value = q - input.zeroPoint;
    if (Math.abs(value) >= radius) return value < 0 ? -128 : 127;
    return Number(fixed.divideByPower(of(BigInt(fixed.scaled(value, factor))), 31 - bits)) + zeroPoint;
  });

/** RELU and RELU_N1_TO_1: rescaled by the quotient of the scales in float32, then clamped as the fused activation. */
const relu = (activation: number) =>
  each((q, input, output) => {
    const factor = fixed.factorOf(Math.fround(input.scale / output.scale));
    return fused(activation, output)(fixed.scaled(q - input.zeroPoint, factor) + output.zeroPoint);
  });

const leakyRelu = each((q, input, output, operator) => {
  const value = q - input.zeroPoint;
  if (value >= 0)
    return fixed.scaled(value, fixed.factorOf(Math.fround(input.scale / output.scale))) + output.zeroPoint;
  const slope = Math.fround(Math.fround(input.scale * option(operator, 0)) / output.scale);
  return Math.sign(slope) * fixed.scaled(value, fixed.factorOf(Math.abs(slope))) + output.zeroPoint;
});

const quantize = (given: Given): number[][] => {
  const [from, to] = [given.operator.inputs[0], given.operator.outputs[0]].map((tensor) => given.file.tensors[tensor]);
  if ([from, to].some(({ type }) => type === 'FLOAT32')) return [given.operands[0].values]; // the caller's
  return each((q, input, output) => {
    const factor = fixed.factorOf(input.scale / output.scale);
    return fixed.scaled(q - input.zeroPoint, factor) + output.zeroPoint;
  })(given);
};

/** Output place by place from the input's place, or from the value that stands where there is none. */
function gather(input: Values, shape: readonly number[], from: (place: number[]) => number[] | number): number[] {
  return [...places(shape)].map((place) => {
    const source = from(place);
    return typeof source === 'number' ? source : input.values[flatIndex(source, input.shape)];
  });
}

const pad: Run = ({ operands: [input, pads, value], results: [output] }) => {
  const filling = value?.values[0] ?? output.zeroPoint;
  return [
    gather(input, output.shape, (place) => {
      const from = place.map((at, d) => at - pads.values[2 * d]);
      return from.every((at, d) => at >= 0 && at < input.shape[d]) ? from : filling;
    }),
  ];
};

const transpose: Run = ({ operands: [input, order], results: [output] }) => [
  gather(input, output.shape, (place) => {
    const from: number[] = [];
    place.forEach((at, d) => {
      from[order.values[d]] = at;
    });
    return from;
  }),
];

const slice: Run = ({ operands: [input, begin, counts] }) => {
  const shape = counts.values.map((count, d) => (count < 0 ? input.shape[d] - begin.values[d] : count));
  return [gather(input, shape, (place) => place.map((at, d) => at + begin.values[d]))];
};

/** Also backwards, where a place before the first stands for the end. */
const stridedSlice: Run = ({ operator, operands: [input, begin, end, strides] }) => {
  const bit = (mask: number, d: number) => (option(operator, mask) >> d) % 2 === 1;
  const cuts = input.shape.map((whole, d) => {
    const step = strides.values[d];
    const forward = step > 0;
    const place = (value: number) => {
      const counted = value < 0 ? value + whole : value;
      return forward ? clamp(counted, 0, whole) : clamp(counted, -1, whole - 1);
    };
    const first = bit(0, d) ? (forward ? 0 : whole - 1) : place(begin.values[d]);
    const last = bit(1, d) ? (forward ? whole : -1) : place(end.values[d]);
    return { first, step, count: bit(4, d) ? 1 : Math.max(0, Math.ceil((last - first) / step)) };
  });
  const shape = cuts.map(({ count }) => count);
  return [gather(input, shape, (at) => at.map((value, d) => cuts[d].first + value * cuts[d].step))];
};

const split: Run = ({ operands: [axes, input], results }) => {
  const axis = (axes.values[0] + input.shape.length) % input.shape.length;
  return results.map(({ shape }, part) =>
    gather(input, shape, (place) => place.map((at, d) => (d === axis ? at + part * shape[axis] : at))),
  );
};

/** One size may be left open. */
const concatenation: Run = ({ operator, operands, results: [output] }) => {
  const axis = (option(operator, 0) + output.shape.length) % output.shape.length;
  return [
    [...places(output.shape)].map((place) => {
      let at = place[axis];
      const operand = operands.find(({ shape }) => {
        if (at < shape[axis]) return true;
        at -= shape[axis];
        return false;
      })!;
      return operand.values[
        flatIndex(
          place.map((value, d) => (d === axis ? at : value)),
          operand.shape,
        )
      ];
    }),
  ];
};

const same: Run = ({ operands: [input] }) => [input.values];

const average = (values: number[]) => {
  const sum = values.reduce((a, b) => a + b, 0);
  const half = Math.floor(values.length / 2);
  return Math.trunc((sum > 0 ? sum + half : sum - half) / values.length);
};

const OPERATORS: Record<string, Run> = {
  ...TWINS,
  CONV_2D: convolution,
  DEPTHWISE_CONV_2D: depthwise,
  FULLY_CONNECTED: fullyConnected,
  AVERAGE_POOL_2D: pool(average),
  MAX_POOL_2D: pool((values) => Math.max(...values)),
  MEAN: mean,
  SOFTMAX: softmax,
  LOGISTIC: sigmoid(fixed.logistic, 8, -128),
  TANH: sigmoid(fixed.tanh, 7, 0),
  RELU: relu(1),
  RELU6: each((q, input) => fused(3, input)(q)),
  RELU_N1_TO_1: relu(2),
  LEAKY_RELU: leakyRelu,
  HARD_SWISH: each((q, input, output) => fixed.hardSwish(q, input, output)),
  CONCATENATION: concatenation,
  PAD: pad,
  PADV2: pad,
  TRANSPOSE: transpose,
  SLICE: slice,
  STRIDED_SLICE: stridedSlice,
  SPLIT: split,
  RESHAPE: same,
  SQUEEZE: same,
  EXPAND_DIMS: same,
  QUANTIZE: quantize,
  DEQUANTIZE: same,
};

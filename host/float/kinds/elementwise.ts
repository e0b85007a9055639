/** Functions of one value and of two tensors in float32, and softmax. */
import type { GraphOperator } from '../../import/graph.ts';
import type { FloatKind, Reading } from '../kind.ts';
import { indexed } from './indices.ts';

function unary(of: (x: number) => number, scale: FloatKind['scale'] = 'own'): FloatKind {
  return { scale, run: (_, reading) => [reading.values(0).map(of)] };
}

/** Of two tensors, either of which may be repeated along dimensions where it has size 1 or that it does not have. */
function binary(of: (a: number, b: number) => number, more: Partial<FloatKind> = {}): FloatKind {
  return {
    scale: 'own',
    fuses: true,
    ...more,
    run(_, reading) {
      const [first, second] = [reading.values(0), reading.values(1)];
      const shape = reading.outputShape();
      const places = [0, 1].map((index) => indexed(shape, reading.shape(index)));
      const output = new Float32Array(places[0].length);
      for (let i = 0; i < output.length; i++) output[i] = of(first[places[0][i]], second[places[1][i]]);
      return [output];
    },
  };
}

/** Over the last dimension. */
function softmax(operator: GraphOperator, reading: Reading): Float32Array[] {
  const { beta } = operator.options as { beta: number };
  const input = reading.values(0);
  const channels = reading.shape(0).at(-1)!;
  const output = new Float32Array(input.length);
  for (let at = 0; at < input.length; at += channels) {
    const row = Float64Array.from(input.subarray(at, at + channels));
    const largest = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const powers = row.map((value) => Math.exp(beta * (value - largest)));
    const sum = powers.reduce((a, b) => a + b, 0);
    output.set(
      powers.map((power) => power / sum),
      at,
    );
  }
  return [output];
}

export const ADD = binary((a, b) => a + b);
export const SUB = binary((a, b) => a - b);
export const MUL = binary((a, b) => a * b);
export const MINIMUM = binary(Math.min, { scale: 'inherited', fuses: false });
export const MAXIMUM = binary(Math.max, { scale: 'inherited', fuses: false });
export const RELU = unary((x) => Math.max(0, x));
/** Clamped as it is, so input and output have one scale. */
export const RELU6 = unary((x) => Math.min(6, Math.max(0, x)), 'inherited');
export const RELU_N1_TO_1 = unary((x) => Math.min(1, Math.max(-1, x)));
export const LOGISTIC = unary((x) => 1 / (1 + Math.exp(-x)), { scale: 1 / 256, zeroPoint: -128 });
export const TANH = unary(Math.tanh, { scale: 1 / 128, zeroPoint: 0 });
export const HARD_SWISH = unary((x) => (x * Math.min(6, Math.max(0, x + 3))) / 6);
export const LEAKY_RELU: FloatKind = {
  scale: 'own',
  run(operator, reading) {
    const { alpha } = operator.options as { alpha: number };
    return [reading.values(0).map((x) => (x < 0 ? alpha * x : x))];
  },
};
export const SOFTMAX: FloatKind = { scale: { scale: 1 / 256, zeroPoint: -128 }, run: softmax };

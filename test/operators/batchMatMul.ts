/** BATCH_MATMUL by a constant, which becomes a dense layer: fixtures, random models, twin. */
import { activation, single, values } from '../import/specs.ts';
import { int8 } from '../import/tflite.ts';
import { f, type Step } from '../import/twin/dice.ts';
import * as fixed from '../import/twin/fixed.ts';
import { option, type Run, int8 as saturated, size } from '../import/twin/values.ts';
import type { OperatorTests } from '../operatorTests.ts';

/** Both zero points are taken away; the product of the scales is in float32. */
const batchMatMul: Run = ({ operator, operands: [input, matrix], results: [output] }) => {
  const turned = option(operator, 1) !== 0;
  const [rows, columns] = matrix.shape.slice(-2);
  const [depth, channels] = turned ? [columns, rows] : [rows, columns];
  const factor = fixed.factorOf(f(input.scale * matrix.scale) / output.scale);
  return [
    Array.from({ length: size(output.shape) }, (_, i) => {
      const [row, c] = [Math.floor(i / channels), i % channels];
      let sum = 0;
      for (let k = 0; k < depth; k++) {
        const weight = matrix.values[turned ? c * depth + k : k * channels + c] - matrix.zeroPoint;
        sum += (input.values[row * depth + k] - input.zeroPoint) * weight;
      }
      return saturated(fixed.scaled(sum, factor) + output.zeroPoint);
    }),
  ];
};

const step: Step = (dice, draft, from) => {
  const input = draft.at(from);
  if (input.shape.length < 2) return null;
  const depth = input.shape.at(-1)!;
  const channels = dice.whole(1, 9);
  const turned = dice.chance(0.5);
  const shape = turned ? [channels, depth] : [depth, channels];
  const zeroPoint = dice.pick([0, 0, 3, dice.zeroPoint()]);
  const matrix = { shape, scale: dice.scale(-8, -3), zeroPoint, data: dice.values(size(shape)) };
  const made = dice.activation([...input.shape.slice(0, -1), channels], dice.layerScale(input, matrix, depth));
  const options = { 0: int8(0), 1: int8(turned ? 1 : 0) };
  return draft.append('BATCH_MATMUL', [from, matrix], [made], { optionsType: 101, options });
};

const matrix = (shape: number[], zeroPoint: number) => ({
  ...activation(shape, 0.01, zeroPoint),
  data: values(size(shape)),
});
const turned = (second: number) => ({ optionsType: 101, options: { 0: int8(0), 1: int8(second) } });

export default {
  rows: {},
  fixtures: {
    'BATCH_MATMUL by a constant': {
      file: single('BATCH_MATMUL', [activation([1, 3, 5]), matrix([5, 4], 0), activation([1, 3, 4], 0.1)], turned(0)),
      kinds: ['pointwise'],
    },
    'BATCH_MATMUL by a transposed constant with a zero point': {
      file: single(
        'BATCH_MATMUL',
        [activation([1, 3, 5]), matrix([1, 4, 5], -100), activation([1, 3, 4], 0.1)],
        turned(1),
      ),
      kinds: ['copy', 'pointwise'],
    },
  },
  places: { BATCH_MATMUL: ['computed', 'constant'] },
  steps: { batchMatMul: step },
  twins: { BATCH_MATMUL: batchMatMul },
} satisfies OperatorTests;

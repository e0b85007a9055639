/**
 * The generator's shared micro-MLP, integer only:
 *
 *   hidden[i] = clamp(requantize(b1[i] + sum_j w1[i][j] * code[j]), 0, 127)       ReLU
 *   output[o] = clamp(requantize(b2[o] + sum_i w2[o][i] * hidden[i]), -127, 127)
 *
 * A code has at most 255 values and a hidden layer at most 255 units, so an accumulator stays below 2^23 + 2^29.
 */
import { clamp, requantize } from '../fixed.ts';
import * as F from '../format.ts';

/** generator: its record; mlp: its parameters; code i8[codeLength] -> hidden i8[hidden] -> output i8[outputs]. */
export function evaluate(generator: usize, mlp: usize, code: usize, hidden: usize, output: usize): void {
  const codeLength = <u32>load<u8>(generator, F.GENERATOR_CODE_LENGTH_AT);
  const hiddenUnits = <u32>load<u8>(generator, F.GENERATOR_HIDDEN_AT);
  const outputs = <u32>load<u8>(generator, F.GENERATOR_OUTPUTS_AT);
  const weights1 = mlp + 2 * (hiddenUnits + outputs);
  layer(
    code,
    codeLength,
    weights1,
    mlp,
    <u32>load<u8>(generator, F.GENERATOR_BIAS_SHIFT1_AT),
    load<i32>(generator, F.GENERATOR_MULTIPLIER1_AT),
    <i32>load<i8>(generator, F.GENERATOR_SHIFT1_AT),
    0,
    hidden,
    hiddenUnits,
  );
  layer(
    hidden,
    hiddenUnits,
    weights1 + hiddenUnits * codeLength,
    mlp + 2 * hiddenUnits,
    <u32>load<u8>(generator, F.GENERATOR_BIAS_SHIFT2_AT),
    load<i32>(generator, F.GENERATOR_MULTIPLIER2_AT),
    <i32>load<i8>(generator, F.GENERATOR_SHIFT2_AT),
    -127,
    output,
    outputs,
  );
}

/** input i8[depth], weights i8[units][depth], bias i16[units] << biasShift -> output i8[units], at least `low`. */
function layer(
  input: usize,
  depth: u32,
  weights: usize,
  bias: usize,
  biasShift: u32,
  multiplier: i32,
  shift: i32,
  low: i32,
  output: usize,
  units: u32,
): void {
  for (let c: u32 = 0; c < units; c++) {
    let acc = (<i32>load<i16>(bias + 2 * c)) << biasShift;
    for (let k: u32 = 0; k < depth; k++) acc += <i32>load<i8>(input + k) * <i32>load<i8>(weights++);
    store<i8>(output + c, <i8>clamp(requantize(acc, multiplier, shift), low, 127));
  }
}

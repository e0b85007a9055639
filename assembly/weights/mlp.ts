/**
 * The generator's shared micro-MLP, integer only:
 *
 *   hidden[i] = clamp(requantize(b1[i] + sum_j w1[i][j] * code[j]), 0, 127)       ReLU
 *   output[o] = clamp(requantize(b2[o] + sum_i w2[o][i] * hidden[i]), -127, 127)
 *
 * A code has at most 255 values and a hidden layer at most 255 units, so an accumulator stays below 2^23 + 2^29.
 */
import { isFactor, lies } from '../bounds.ts';
import { FEATURE_ENCODING } from '../features.ts';
import { clamp, requantize } from '../fixed.ts';
import * as F from '../format.ts';
import { generatorCodeLength, generatorHidden, generatorOutputs } from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { HAS_VECTORS } from '../intrinsics/instructions.ts';
import { MAX_BIAS_SHIFT } from '../limits.ts';
import { BAD_GENERATOR, BAD_SOURCE, NOT_BUILT_IN, OK } from '../status.ts';
import { addProducts } from './mix.mve.ts';
import { isMixable, packedBytes, unpack } from './packed.ts';

/** The MLP of a generator that has codes: its parameters inside WEIGHTS, its factors and shifts in range. */
export function proveMlp(generator: usize, weightBytes: u32): i32 {
  const codeLength = generatorCodeLength(generator);
  const hidden = generatorHidden(generator);
  const outputs = generatorOutputs(generator);
  const codeEncoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  if (!isMixable(codeEncoding)) return BAD_GENERATOR;
  if (!uses(FEATURE_ENCODING + codeEncoding)) return NOT_BUILT_IN;
  const mlp = load<u32>(generator, F.GENERATOR_MLP_AT);
  const bytes = 2 * (hidden + outputs) + hidden * (codeLength + outputs);
  return hidden != 0 &&
    (mlp & 1) == 0 &&
    lies(mlp, bytes, weightBytes) &&
    isFactor(load<i32>(generator, F.GENERATOR_MULTIPLIER1_AT), <i32>load<i8>(generator, F.GENERATOR_SHIFT1_AT)) &&
    isFactor(load<i32>(generator, F.GENERATOR_MULTIPLIER2_AT), <i32>load<i8>(generator, F.GENERATOR_SHIFT2_AT)) &&
    <u32>load<u8>(generator, F.GENERATOR_BIAS_SHIFT1_AT) <= MAX_BIAS_SHIFT &&
    <u32>load<u8>(generator, F.GENERATOR_BIAS_SHIFT2_AT) <= MAX_BIAS_SHIFT
    ? OK
    : BAD_GENERATOR;
}

/** The codes of a source inside WEIGHTS. */
export function proveCodes(codes: u32, source: usize, generator: usize, weightBytes: u32): i32 {
  const encoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const bytes = <u64>codes * packedBytes(encoding, generatorCodeLength(generator));
  return bytes <= weightBytes && lies(load<u32>(source, F.SOURCE_DATA_AT), <u32>bytes, weightBytes) ? OK : BAD_SOURCE;
}

/** Units of work (work.ts) that evaluating one code takes. */
export function workOfCode(generator: usize): u32 {
  const codeLength = generatorCodeLength(generator);
  const outputs = generatorOutputs(generator);
  return ((generatorHidden(generator) + 8) * (codeLength + outputs + 8)) >> 2;
}

/** output i8[outputs] = MLP(codes[index]); workspace: | code | hidden | */
export function evaluateCode(
  generator: usize,
  weights: usize,
  codes: usize,
  index: u32,
  workspace: usize,
  output: usize,
): void {
  const encoding = <u32>load<u8>(generator, F.GENERATOR_CODE_ENCODING_AT);
  const codeLength = generatorCodeLength(generator);
  unpack(encoding, codes + index * packedBytes(encoding, codeLength), codeLength, workspace);
  evaluate(generator, weights + load<u32>(generator, F.GENERATOR_MLP_AT), workspace, workspace + codeLength, output);
}

/** generator: its record; mlp: its parameters; code i8[codeLength] -> hidden i8[hidden] -> output i8[outputs]. */
function evaluate(generator: usize, mlp: usize, code: usize, hidden: usize, output: usize): void {
  const codeLength = generatorCodeLength(generator);
  const hiddenUnits = generatorHidden(generator);
  const outputs = generatorOutputs(generator);
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
    if (HAS_VECTORS) {
      acc = addProducts(input, weights, depth, acc);
      weights += depth;
    } else {
      for (let k: u32 = 0; k < depth; k++) acc += <i32>load<i8>(input + k) * <i32>load<i8>(weights++);
    }
    store<i8>(output + c, <i8>clamp(requantize(acc, multiplier, shift), low, 127));
  }
}

/**
 * The integer network in plain loops, for comparing what was trained with what was exported. Requantisation multiplies
 * by the real factor: the fixed-point form is the packer's and the runtime's business.
 */

import type { Model, Weighted } from '../../host/model/model.ts';
import type { BasisSource } from '../../host/sources/basis.ts';

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
const requantize = (acc: number, scale: number): number => Math.sign(acc) * Math.round(Math.abs(acc) * scale);

/** INT8 rows of a source, [rows][rowLength]. */
export function materialize(model: Model, index: number): Int8Array {
  const source = model.sources[index]!;
  if (source.kind === 'stored') return source.values;
  if (source.kind !== 'basis') throw new Error(`${source.kind} sources are not trained`);
  return mixBasis(model, source);
}

function mixBasis(model: Model, source: BasisSource): Int8Array {
  const generator = model.generators[source.generator]!;
  if (generator.kind !== 'basis') throw new Error('expected a basis');
  const { rows, rowLength, rowsPerCode } = source;
  const weights = new Int8Array(rows * rowLength);
  for (let r = 0; r < rows; r++) {
    const h = generator.mlp ? coefficients(generator.mlp, source.codes, Math.floor(r / rowsPerCode)) : [];
    for (let k = 0; k < rowLength; k++) {
      const level = (j: number): number => generator.values[(j * generator.rows + r) * generator.columns + k]!;
      let mix = 0;
      for (let j = 0; j < h.length; j++) mix += h[j]! * level(j);
      weights[r * rowLength + k] = generator.mlp ? clamp(requantize(mix, source.mixScale), -127, 127) : level(0);
    }
  }
  return weights;
}

function coefficients(
  mlp: NonNullable<Extract<Model['generators'][number], { kind: 'basis' }>['mlp']>,
  codes: Int8Array,
  group: number,
): number[] {
  const hidden = Array.from(mlp.b1, (bias, i) => {
    let acc = bias;
    for (let j = 0; j < mlp.codeLength; j++)
      acc += mlp.w1[i * mlp.codeLength + j]! * codes[group * mlp.codeLength + j]!;
    return clamp(requantize(acc, mlp.scale1), 0, 127);
  });
  return Array.from(mlp.b2, (bias, o) => {
    const acc = hidden.reduce((sum, value, i) => sum + mlp.w2[o * mlp.hidden + i]! * value, bias);
    return clamp(requantize(acc, mlp.scale2), -127, 127);
  });
}

/** Logits (int8) of one standardised window [P][2]. */
export function runInteger(model: Model, weights: Map<number, Int8Array>, standardized: Int8Array): Int8Array {
  const { tensors, operators } = model.programs[0]!;
  let x = standardized;
  for (const op of operators) {
    if (op.kind === 'standardize') continue;
    const input = tensors[op.input]!;
    const output = tensors[op.output]!;
    const [, width, channels] = input.shape;
    const [, outWidth, outChannels] = output.shape;
    const y = new Int8Array(outWidth * outChannels);
    const emit = (at: number, c: number, acc: number, w: Weighted): void => {
      const value = requantize(acc + w.bias[c]!, w.effectiveScale[c]!) + output.zeroPoint;
      y[at] = clamp(value, w.activation[0], w.activation[1]);
    };
    if (op.kind === 'averagePool') {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let p = 0; p < width; p++) sum += x[p * channels + c]!;
        y[c] = Math.round(sum / width);
      }
    } else if (op.kind === 'pointwise' || op.kind === 'fullyConnected') {
      const w = weights.get(op.source)!;
      for (let p = 0; p < outWidth; p++)
        for (let c = 0; c < outChannels; c++) {
          let acc = 0;
          for (let k = 0; k < channels; k++) acc += w[c * channels + k]! * (x[p * channels + k]! - input.zeroPoint);
          emit(p * outChannels + c, c, acc, op);
        }
    } else if (op.kind === 'convolution' || op.kind === 'depthwise') {
      const w = weights.get(op.source)!;
      const taps = op.kernel[1];
      for (let p = 0; p < outWidth; p++)
        for (let c = 0; c < outChannels; c++) {
          let acc = 0;
          for (let t = 0; t < taps; t++) {
            const from = p * op.stride[1] + t - op.pad[1];
            if (from < 0 || from >= width) continue;
            if (op.kind === 'depthwise') acc += w[t * channels + c]! * (x[from * channels + c]! - input.zeroPoint);
            else
              for (let k = 0; k < channels; k++)
                acc += w[(c * taps + t) * channels + k]! * (x[from * channels + k]! - input.zeroPoint);
          }
          emit(p * outChannels + c, c, acc, op);
        }
    } else throw new Error(`operator ${op.kind} is not trained`);
    x = y;
  }
  return x;
}

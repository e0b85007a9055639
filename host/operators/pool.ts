/** What both pools have in common: all but what they make of a window's values. */
import { clamp } from '../arithmetic/fixed.ts';
import type { OperatorBase, Shape, Window } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { OperatorView, TensorView } from '../records/view.ts';
import type { FusedActivation, ImportRule, WindowOptions } from './lowering.ts';
import type { PlainKind } from './operator.ts';
import { mapped } from './ranges.ts';

/** Input and output share scale and zero point. */
export interface Pool extends OperatorBase, Window {
  kind: 'averagePool' | 'maxPool';
  activation: [min: number, max: number];
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    averagePool: Pool;
    maxPool: Pool;
  }
}

export interface PoolArguments extends Window {
  input: Int8Array; // [H, W, C]
  inputShape: Shape;
  outputShape: Shape; // [OH, OW, C]
  activation: [min: number, max: number];
}

/** What a reduction makes of the valid values of each window. */
export function pool(operator: PoolArguments, reduce: (values: number[]) => number): Int8Array {
  const { input, inputShape, outputShape, kernel, stride, pad, activation } = operator;
  const [height, width, channels] = inputShape;
  const [outHeight, outWidth] = outputShape;
  const output = new Int8Array(outHeight * outWidth * channels);
  let at = 0;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      for (let c = 0; c < channels; c++) {
        const values: number[] = [];
        for (let ky = 0; ky < kernel[0]; ky++) {
          for (let kx = 0; kx < kernel[1]; kx++) {
            const y = oy * stride[0] - pad[0] + ky;
            const x = ox * stride[1] - pad[1] + kx;
            const inside = y >= 0 && y < height && x >= 0 && x < width;
            if (inside) values.push(input[(y * width + x) * channels + c]);
          }
        }
        output[at++] = clamp(reduce(values), activation[0], activation[1]);
      }
    }
  }
  return output;
}

/**
 * Whether a pool writes every position only when no later window reads it any more. Its own window may: each of its
 * channels is read before it is written.
 */
function shrinks({ input, output, stride, pad }: OperatorView, tensors: readonly TensorView[]): boolean {
  const { width: inputWidth } = tensors[input];
  const { height, width } = tensors[output];
  const top = (y: number) => Math.max(0, y * stride[0] - pad[0]) * inputWidth;
  const left = (x: number) => Math.max(0, x * stride[1] - pad[1]);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const written = y * width + x;
      if (x + 1 < width && top(y) + left(x + 1) <= written) return false;
      if (y + 1 < height && top(y + 1) <= written) return false;
    }
  }
  return true;
}

/** The rule for a pool of .tflite files, which have input and output of one scale. */
export function poolRule(kind: Pool['kind']): ImportRule<WindowOptions & { activation: FusedActivation }> {
  return {
    support: 'yes',
    note: 'input and output of one scale, as TFLite asks',
    optionsType: 5,
    options: (fields) => ({
      padding: fields.padding(0),
      stride: [fields.int32('stride_height', 2), fields.int32('stride_width', 1)],
      kernel: [fields.int32('filter_height', 4), fields.int32('filter_width', 3)],
      activation: fields.activation(5),
    }),
    lower(operator, to) {
      const [input, output] = [to.picture(operator), to.output(operator)];
      if (input.shape[2] !== output.shape[2])
        throw new Unsupported(`${input.shape[2]} channels to ${output.shape[2]}; only to as many`);
      if (Math.abs(input.scale - output.scale) > 1e-6 || input.zeroPoint !== output.zeroPoint)
        throw new Unsupported('input and output differ in scale or zero point');
      to.emit(operator, {
        kind,
        name: `operator ${operator.index}`,
        input: input.tensor,
        output: output.tensor,
        ...to.window(operator.options, input.shape, output.shape),
        activation: to.fused(operator.options.activation, output),
      });
    },
  };
}

/** A pool with a code, a line for the page and a twin of its own. */
export function poolOperator(
  code: number,
  does: string,
  imports: PlainKind<Pool>['imports'],
  twin: (operator: PoolArguments) => Int8Array,
): PlainKind<Pool> {
  return {
    code,
    short: 'pool',
    about: { does, reads: '[H, W, C]', writes: '[outH, outW, C]' },
    imports,
    encode: () => [],
    decode: ({ view: { kernel, stride, pad, activation } }) => ({ kernel, stride, pad, activation }),
    run(operator, { tensors, values }) {
      const [inputShape, outputShape] = [operator.input, operator.output].map((tensor) => tensors[tensor].shape);
      return twin({ ...operator, input: values(operator.input), inputShape, outputShape });
    },
    ranges: ({ input, activation }, { ranges }) => mapped(ranges[input], (value) => clamp(value, ...activation)),
    channelwise: true,
    size: 'window',
    reach: 'window',
    overwrites: (operator, tensors) => (shrinks(operator, tensors) ? [operator.input] : []),
  };
}

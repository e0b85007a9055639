/** Shapes of .tflite tensors as the height, width and channels of this project. */
import { MAX_TENSOR_VALUES } from '../../assembly/limits.ts';
import type { Shape } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { GraphTensor } from './graph.ts';

export const MAX_DIMENSION = 0xffff; // a u16 in the image

/**
 * The last two dimensions, and all in front of them as one: a batch, and a dimension more than three, is more positions,
 * which nothing but a window over a picture treats otherwise. Throws Unsupported with the reason for what is no shape.
 */
export function shapeOf({ shape, name }: GraphTensor): Shape {
  if (shape.some((size) => size < 1)) throw new Unsupported(`tensor "${name}" has a dynamic shape [${shape}]`);
  const [width, channels] = [1, 1, ...shape].slice(-2);
  const height = elements(shape.slice(0, -2));
  if (Math.max(height, width, channels) > MAX_DIMENSION || height * width * channels > MAX_TENSOR_VALUES)
    throw new Unsupported(
      `tensor "${name}" [${shape}] is larger than ${MAX_TENSOR_VALUES} values, or ${MAX_DIMENSION} one way`,
    );
  return [height, width, channels];
}

/**
 * Throws Unsupported when the file leaves another size than the batch open; the sizes it then gives are placeholders.
 */
export function checkStatic({ signature, name }: GraphTensor): void {
  if (signature.slice(1).some((size) => size < 0))
    throw new Unsupported(`tensor "${name}" has a dynamic shape: declared as [${signature}]`);
}

/** Number of values; 1 for a scalar. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Where a window of the file's padding lies; throws Unsupported when the declared output is not the one it gives. */
export function windowOf(
  options: { padding: 'SAME' | 'VALID'; stride: [number, number] },
  kernel: [height: number, width: number],
  input: Shape,
  output: Shape,
): { kernel: [number, number]; stride: [number, number]; pad: [number, number] } {
  const { stride, padding } = options;
  const pad = [0, 1].map((axis) => {
    if (stride[axis] < 1 || stride[axis] > 255) throw new Unsupported(`stride ${stride.join('x')}; only 1 to 255`);
    if (kernel[axis] < 1 || kernel[axis] > MAX_DIMENSION) throw new Unsupported(`kernel ${kernel.join('x')}`);
    const room = padding === 'SAME' ? input[axis] + stride[axis] - 1 : input[axis] + stride[axis] - kernel[axis];
    const size = Math.floor(room / stride[axis]);
    if (size !== output[axis])
      throw new Unsupported(
        `a ${kernel.join('x')} kernel with stride ${stride.join('x')} and ${padding} padding makes ${input.slice(0, 2).join('x')} to another size than the declared ${output.slice(0, 2).join('x')}`,
      );
    const total = Math.max(0, (size - 1) * stride[axis] + kernel[axis] - input[axis]);
    if (total > 2 * 255) throw new Unsupported(`padding of ${total}; only up to 510`);
    return total >> 1; // an odd row or column more lies behind
  });
  return { kernel, stride, pad: [pad[0], pad[1]] };
}

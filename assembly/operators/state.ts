/**
 * STATE: a tensor that keeps its values from one inference to the next. The operator gives it one value throughout when
 * the program is loaded or reset, and does nothing in an inference, where other operators read and write the tensor.
 *
 *   input, output  [H, W, C]  i8   one tensor: the state
 */
import { tensorBytes } from '../image.ts';
import { fill } from '../memory.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';

export const STATE: u32 = 21;
export const STATE_PARAMETERS: u32 = 1; // the value that it begins with

/** Input and output are the same record. */
export function proveState(parameters: usize, input: usize, output: usize): i32 {
  const value = load<i32>(parameters);
  if (value != <i32>(<i8>value)) return BAD_TABLE;
  return input == output ? OK : BAD_SHAPE;
}

export function resetState(parameters: usize, tensor: usize, state: usize): void {
  fill(state, load<u32>(parameters), tensorBytes(tensor));
}

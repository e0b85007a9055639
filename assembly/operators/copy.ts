/**
 * Values as they are, from anywhere in one tensor to anywhere in another: concatenation, padding, slices, transposition,
 * reshaping. Three loops around runs of values that lie together; COPY_* in format.ts.
 */
import * as F from '../format.ts';
import { tensorBytes, tensorZeroPoint } from '../image.ts';
import { copy } from '../memory.ts';
import { BAD_TABLE, OK } from '../status.ts';

export const COPY: u32 = 14;
export const COPY_PARAMETERS: u32 = 13; // COPY_*_AT in format.ts

/**
 * A copy that stays inside both tensors and ends: it writes at most as many values as its output has, which are at most
 * MAX_TENSOR_VALUES, so that no sum or product here wraps. A step that is not taken may be anything.
 */
export function proveCopy(parameters: usize, input: usize, output: usize): i32 {
  const outputValues = tensorBytes(output);
  let written: u64 = load<u32>(parameters, F.COPY_RUN_AT);
  let inputEnd = written + load<u32>(parameters, F.COPY_INPUT_OFFSET_AT);
  let outputEnd = written + load<u32>(parameters, F.COPY_OUTPUT_OFFSET_AT);
  if (load<u32>(parameters, F.COPY_FILL_AT) > 1) return BAD_TABLE;
  for (const end = parameters + 12; parameters < end; parameters += 4) {
    const count = load<u32>(parameters, F.COPY_COUNT_AT);
    written *= count;
    if (written == 0 || written > outputValues) return BAD_TABLE;
    inputEnd += <u64>(count - 1) * load<u32>(parameters, F.COPY_INPUT_STEP_AT);
    outputEnd += <u64>(count - 1) * load<u32>(parameters, F.COPY_OUTPUT_STEP_AT);
  }
  return inputEnd <= tensorBytes(input) && outputEnd <= outputValues ? OK : BAD_TABLE;
}

/** parameters: COPY_PARAMETERS of the image. */
export function copyValues(parameters: usize, input: usize, outputTensor: usize, output: usize): void {
  let from = input + load<u32>(parameters, F.COPY_INPUT_OFFSET_AT);
  let to = output + load<u32>(parameters, F.COPY_OUTPUT_OFFSET_AT);
  if (load<u32>(parameters, F.COPY_FILL_AT) != 0) fillTensor(outputTensor, output);
  else if (from == to && hasEqualSteps(parameters)) return; // the plan has laid the input where it belongs
  for (let i = load<u32>(parameters, F.COPY_COUNT_AT); i > 0; i--) {
    let rowFrom = from;
    let rowTo = to;
    for (let j = load<u32>(parameters, F.COPY_COUNT_AT + 4); j > 0; j--) {
      copyRuns(parameters, rowFrom, rowTo);
      rowFrom += load<u32>(parameters, F.COPY_INPUT_STEP_AT + 4);
      rowTo += load<u32>(parameters, F.COPY_OUTPUT_STEP_AT + 4);
    }
    from += load<u32>(parameters, F.COPY_INPUT_STEP_AT);
    to += load<u32>(parameters, F.COPY_OUTPUT_STEP_AT);
  }
}

function hasEqualSteps(parameters: usize): bool {
  for (const end = parameters + 12; parameters < end; parameters += 4) {
    if (load<u32>(parameters, F.COPY_INPUT_STEP_AT) != load<u32>(parameters, F.COPY_OUTPUT_STEP_AT)) return false;
  }
  return true;
}

/** Tensors begin on words. A loop of its own, so that others than this operator keep theirs inlined. */
function fillTensor(tensor: usize, at: usize): void {
  const word = (<u32>tensorZeroPoint(tensor) & 0xff) * 0x01010101;
  const end = at + tensorBytes(tensor);
  for (const words = end & ~3; at < words; at += 4) store<u32>(at, word);
  for (; at < end; at++) store<u8>(at, <u8>word);
}

/** The innermost loop. */
function copyRuns(parameters: usize, from: usize, to: usize): void {
  const run = load<u32>(parameters, F.COPY_RUN_AT);
  const step = load<u32>(parameters, F.COPY_INPUT_STEP_AT + 8);
  const outputStep = load<u32>(parameters, F.COPY_OUTPUT_STEP_AT + 8);
  let left = load<u32>(parameters, F.COPY_COUNT_AT + 8);
  if (run == 1) {
    for (; left > 1; left -= 2, from += 2 * step, to += 2 * outputStep) {
      store<u8>(to, load<u8>(from));
      store<u8>(to + outputStep, load<u8>(from + step));
    }
  }
  for (; left > 0; left--, from += step, to += outputStep) copy(to, from, run);
}

import { haveEqualSize } from '../bounds.ts';
import { tensorChannels } from '../image.ts';
import { MAX_ARGMAX_CHANNELS } from '../limits.ts';
import { BAD_SHAPE, OK } from '../status.ts';

export function proveArgmax(input: usize, output: usize): i32 {
  return haveEqualSize(input, output) && tensorChannels(input) <= MAX_ARGMAX_CHANNELS && tensorChannels(output) == 1
    ? OK
    : BAD_SHAPE;
}

/** Index of the largest of up to 128 channels at each position; the first of equals. input [P, C] i8, output [P] i8. */
export function argmax(input: usize, positions: u32, channels: u32, output: usize): void {
  for (let p: u32 = 0; p < positions; p++) {
    let best: u32 = 0;
    for (let c: u32 = 1; c < channels; c++) {
      if (load<i8>(input + c) > load<i8>(input + best)) best = c;
    }
    store<i8>(output + p, <i8>best);
    input += channels;
  }
}

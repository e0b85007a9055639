/** Any function of one i8 value: out[i] = table[in[i] + 128]. */

import { haveEqualSize } from '../bounds.ts';
import { tensorChannels } from '../image.ts';
import { BAD_SHAPE, OK } from '../status.ts';
import { lookupSixteens } from './elements.mve.ts';
import { HAS_ELEMENTS } from './variant.ts';

export const LOOKUP: u32 = 11;
export const LOOKUP_PARAMETERS: u32 = 64; // i8[256]: the value of -128, of -127, ... of 127

/** Every table will do. */
export function proveLookup(input: usize, output: usize): i32 {
  return haveEqualSize(input, output) && tensorChannels(input) == tensorChannels(output) ? OK : BAD_SHAPE;
}

/** table: i8[256] in the image. Output may be the input. */
export function lookup(table: usize, input: usize, count: u32, output: usize): void {
  if (HAS_ELEMENTS) {
    const sixteens = count & ~15;
    lookupSixteens(table, input, sixteens, output);
    count -= sixteens;
    input += sixteens;
    output += sixteens;
  }
  const middle = table + 128;
  for (const fours = input + (count & ~3); input < fours; input += 4, output += 4) {
    store<u8>(output, load<u8>(middle + <usize>(<i32>load<i8>(input))));
    store<u8>(output, load<u8>(middle + <usize>(<i32>load<i8>(input, 1))), 1);
    store<u8>(output, load<u8>(middle + <usize>(<i32>load<i8>(input, 2))), 2);
    store<u8>(output, load<u8>(middle + <usize>(<i32>load<i8>(input, 3))), 3);
  }
  for (const end = input + (count & 3); input < end; input++, output++) {
    store<u8>(output, load<u8>(middle + <usize>(<i32>load<i8>(input))));
  }
}

/** Copying and filling. The runtime is built without the memory instructions of WebAssembly, which a device has not. */

import { HAS_VECTORS } from './intrinsics/instructions.ts';
import { loadFirst, storeFirst } from './intrinsics/mve.ts';

/** to and from do not overlap, or to < from. */
export function copy(to: usize, from: usize, bytes: u32): void {
  if (HAS_VECTORS) {
    for (; bytes >= 16; bytes -= 16, from += 16, to += 16) v128.store(to, v128.load(from));
    storeFirst(to, loadFirst(from, bytes), bytes);
    return;
  }
  const end = from + bytes;
  if (((<u32>to | <u32>from) & 3) == 0) {
    for (const last = end & ~3; from < last; from += 4, to += 4) store<u32>(to, load<u32>(from));
  }
  for (; from < end; from++, to++) store<u8>(to, load<u8>(from));
}

export function fill(to: usize, value: u32, bytes: u32): void {
  if (HAS_VECTORS) {
    for (let n = (bytes + 15) >> 4; n > 0; n--, bytes -= 16, to += 16) storeFirst(to, i8x16.splat(<i8>value), bytes);
    return;
  }
  for (const end = to + bytes; to < end; to++) store<u8>(to, <u8>value);
}

export function fillWords(to: usize, word: u32, bytes: u32): void {
  for (const end = to + bytes; to < end; to += 4) store<u32>(to, word);
}

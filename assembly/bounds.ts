/** The questions that every part of `open` asks of a number before it is believed. */
import * as F from './format.ts';
import { tensorHeight, tensorWidth } from './image.ts';
import { MAX_RIGHT_SHIFT, MAX_SHIFT, MIN_MULTIPLIER } from './limits.ts';

/** [offset, offset + bytes) inside [0, limit), without wrapping. */
export function lies(offset: u32, bytes: u32, limit: u32): bool {
  return offset <= limit && bytes <= limit - offset;
}

/** `bytes` from `units` on lie inside the arena and behind its header. */
export function fits(units: u32, bytes: u32, arenaUnits: u32): bool {
  return units * F.ARENA_UNIT >= F.ARENA_HEADER_BYTES && lies(units * F.ARENA_UNIT, bytes, arenaUnits * F.ARENA_UNIT);
}

/** A Q31 multiplier and a shift whose product with an accumulator is defined. */
export function isFactor(multiplier: i32, shift: i32): bool {
  return (multiplier == 0 || multiplier >= MIN_MULTIPLIER) && shift >= -MAX_RIGHT_SHIFT && shift <= MAX_SHIFT;
}

/** Two tensors of one height and one width. */
export function haveEqualSize(tensor: usize, other: usize): bool {
  return tensorHeight(tensor) == tensorHeight(other) && tensorWidth(tensor) == tensorWidth(other);
}

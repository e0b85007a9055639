/** The questions that every part of `open` asks of a number before it is believed. */
import * as F from './format.ts';
import { plannedArenaBytes, planUnit, tensorHeight, tensorWidth } from './image.ts';
import { MAX_RIGHT_SHIFT, MAX_SHIFT, MIN_MULTIPLIER } from './limits.ts';

/** [offset, offset + bytes) inside [0, limit), without wrapping. */
export function lies(offset: u32, bytes: u32, limit: u32): bool {
  return offset <= limit && bytes <= limit - offset;
}

/** `bytes` from a place in units of a program's plan on lie inside its arena and behind the header. */
export function fits(program: usize, units: u32, bytes: u32): bool {
  const place = units * planUnit(program);
  return place >= F.ARENA_HEADER_BYTES && lies(place, bytes, plannedArenaBytes(program));
}

/** A Q31 multiplier and a shift whose product with an accumulator is defined. */
export function isFactor(multiplier: i32, shift: i32): bool {
  return (multiplier == 0 || multiplier >= MIN_MULTIPLIER) && shift >= -MAX_RIGHT_SHIFT && shift <= MAX_SHIFT;
}

/** Two tensors of one height and one width. */
export function haveEqualSize(tensor: usize, other: usize): bool {
  return tensorHeight(tensor) == tensorHeight(other) && tensorWidth(tensor) == tensorWidth(other);
}

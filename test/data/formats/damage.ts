/** Damaged files of any format, and what a reader must do with them: give a value, or say one line. */
import { expect } from 'vitest';
import { UsageError } from '../../../host/system/errors.ts';
import { Random } from '../../../host/system/random.ts';

const INTERESTING = [0, 1, 2, 4, 7, 0x7f, 0x80, 0xff];

/** Every way of cutting the file short (or 200 of them), then seeded edits: bits, bytes, runs of 0xff, pieces moved. */
export function* damaged(file: Uint8Array, count: number, seed = 1): Generator<Uint8Array> {
  for (let i = 0; i < Math.min(200, file.length); i++) yield file.slice(0, Math.floor((i * file.length) / 200));
  const random = new Random(seed);
  for (let i = 0; i < count; i++) {
    const copy = Uint8Array.from(file); // slice() of a Buffer would be the same bytes
    for (let edit = 0; edit <= random.below(4); edit++) {
      // headers are where a value can send a reader astray
      const at = random.below(random.below(3) === 0 ? copy.length : Math.min(copy.length, 256));
      const how = random.below(4);
      if (how === 0) copy[at]! ^= 1 << random.below(8);
      else if (how === 1) copy[at] = INTERESTING[random.below(INTERESTING.length)]!;
      else if (how === 2) copy.subarray(at, at + 1 + random.below(8)).fill(0xff);
      else copy.copyWithin(at, random.below(copy.length), random.below(copy.length));
    }
    yield copy;
  }
}

/** A line with the name of the file, and what to do. Or nothing, where the damage does not show. */
export function expectValueOrLine(work: () => unknown, name: string): 'value' | 'line' {
  try {
    work();
    return 'value';
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    const { message } = error as Error;
    expect(message.startsWith(`${name}: `), message).toBe(true);
    expect(message).toMatch(/^[^\n]{20,600}$/);
    expect(message).not.toMatch(/undefined|NaN bytes|\[object/);
    return 'line';
  }
}

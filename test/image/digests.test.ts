/** The sums in an image are those of Node's own libraries, which browsers do not have. */
import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../host/image/sha256.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { random } from '../zoo.ts';

const next = random(3);
/** Round the ends of blocks and of the padding, and more than one megabit, of which the length takes three bytes. */
const LENGTHS = [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 140_000];
const bytesOf = (length: number) => Uint8Array.from({ length }, () => 256 * next());

describe.each(LENGTHS)('of %d bytes', (length) => {
  const bytes = bytesOf(length);

  it("SHA-256 is node:crypto's", () => {
    expect(sha256(bytes)).toEqual(new Uint8Array(createHash('sha256').update(bytes).digest()));
  });

  it.skipIf(!('crc32' in zlib))("CRC-32 is node:zlib's", () => {
    expect(crc32(bytes)).toBe((zlib as unknown as { crc32(of: Uint8Array): number }).crc32(bytes));
  });
});

it('CRC-32 of "123456789" is the check value of the polynomial', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});

/** Damaged images: what a bad flash cell, a cut download or an attacker makes of a good one. */
import { FORMAT_VERSION, HEADER_BYTES, HEADER_CRC_AT, MAGIC } from '../assembly/format.ts';
import { regionsOf } from '../host/image/regions.ts';
import { crc32 } from '../host/records/crc32.ts';
import { ImageView } from '../host/records/view.ts';
import { random } from './zoo.ts';

const INTERESTING = [
  0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0,
  0xffffffff,
];

/** Byte ranges of the records, where a wrong value could send the runtime astray; the rest is weights. */
function recordRanges(image: Uint8Array): [offset: number, bytes: number][] {
  const records = ['header', 'program', 'plan', 'generator', 'quantisation tables', 'trailer'];
  return regionsOf(new ImageView(image))
    .filter((r) => records.includes(r.category))
    .map((r) => [r.offset, r.bytes]);
}

/**
 * An endless, seeded sequence of damaged copies. Four in five have their CRC (and magic and version) made right again,
 * so that the damage reaches the checks behind it; the others are as a bad transfer leaves them.
 */
export function* damagedImages(image: Uint8Array, seed: number): Generator<Uint8Array> {
  const next = random(seed);
  const below = (n: number) => Math.floor(next() * n);
  const records = recordRanges(image);
  for (;;) {
    let damaged = image.slice();
    const edits = 1 + below(next() < 0.7 ? 2 : 8);
    for (let i = 0; i < edits; i++) damage(damaged, records, below, next);
    if (next() < 0.08) damaged = damaged.slice(0, below(damaged.length));
    else if (next() < 0.03) damaged = Uint8Array.from([...damaged, ...new Uint8Array(1 + below(40))]);
    if (next() < 0.8 && damaged.length >= HEADER_BYTES) repair(damaged);
    yield damaged;
  }
}

function damage(
  image: Uint8Array,
  records: [number, number][],
  below: (n: number) => number,
  next: () => number,
): void {
  const data = new DataView(image.buffer);
  const [offset, bytes] = next() < 0.85 ? records[below(records.length)] : [0, image.length];
  const at = offset + below(bytes);
  const how = below(5);
  if (how === 0) image[at] ^= 1 << below(8);
  else if (how === 1) image[at] = below(256);
  else if (how === 2 && at + 2 <= image.length)
    data.setUint16(at & ~1, INTERESTING[below(INTERESTING.length)] & 0xffff, true);
  else if (how === 3 && at + 4 <= image.length) data.setUint32(at & ~3, INTERESTING[below(INTERESTING.length)], true);
  else image.copyWithin(at, below(image.length), below(image.length));
}

function repair(image: Uint8Array): void {
  const data = new DataView(image.buffer);
  data.setUint32(0, MAGIC, true);
  data.setUint16(4, FORMAT_VERSION, true);
  data.setUint16(6, HEADER_BYTES, true);
  const total = data.getUint32(8, true);
  if (total > HEADER_BYTES && total <= image.length)
    data.setUint32(HEADER_CRC_AT, crc32(image.subarray(HEADER_BYTES, total)), true);
}

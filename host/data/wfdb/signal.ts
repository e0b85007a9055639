/**
 * WFDB signal files (.dat): bytes -> samples, ADC units as stored.
 * Specification: WFDB Applications Guide, signal(5). Several signals of one file are interleaved frame by frame.
 */

import type { SignalHeader } from './header.ts';

interface Format {
  /** all whole samples of the bytes, and at the end those of an incomplete group that are there */
  decode(bytes: Uint8Array): Int32Array;
  /** the sample that stands for "none"; null where the format has none */
  invalid: number | null;
  /** samples are differences from the one before */
  differences?: true;
  /** samples that share bytes: the last group is filled up */
  group?: number;
}

const FORMATS: Record<number, Format> = {
  8: { decode: words(1, (view, at) => view.getInt8(at)), invalid: null, differences: true },
  16: { decode: words(2, (view, at) => view.getInt16(at, true)), invalid: -(2 ** 15) },
  24: { decode: words(3, (view, at) => (view.getInt8(at + 2) << 16) | view.getUint16(at, true)), invalid: -(2 ** 23) },
  32: { decode: words(4, (view, at) => view.getInt32(at, true)), invalid: -(2 ** 31) },
  61: { decode: words(2, (view, at) => view.getInt16(at, false)), invalid: -(2 ** 15) },
  80: { decode: words(1, (view, at) => view.getUint8(at) - 2 ** 7), invalid: -(2 ** 7) },
  160: { decode: words(2, (view, at) => view.getUint16(at, true) - 2 ** 15), invalid: -(2 ** 15) },
  212: { decode: decode212, invalid: -(2 ** 11), group: 2 },
  310: { decode: decode310, invalid: -(2 ** 9), group: 3 },
  311: { decode: decode311, invalid: -(2 ** 9), group: 3 },
};

/** The sample of a format that stands for "none"; null where there is none, or no such format. */
export const invalidOf = (format: number): number | null => FORMATS[format]?.invalid ?? null;

/** A signal that was not recorded: no file, every sample invalid. */
export const NULL_FORMAT = 0;

/** Samples of one signal of a file, [frame x samplesPerFrame], as stored: skewed, invalid ones with their value. */
export interface RawSignal {
  samples: Int32Array;
  invalid: number | null;
  /** frames of the file behind those that the header counts */
  unread: number;
}

/**
 * One signal of a file. `group` are all signals of the file in its order, `index` is the wanted one among them; frames
 * is what the header says, null to take what the file has. Throws for a file that is too short.
 */
export function decodeSignal(
  bytes: Uint8Array,
  group: readonly SignalHeader[],
  index: number,
  frames: number | null,
  where: string,
): RawSignal {
  const signal = group[index]!;
  const { decode, invalid, differences, group: shared = 1 } = formatOf(group, where);
  if (signal.byteOffset > bytes.length)
    throw new Error(
      `${where}: byte offset: expected one inside the file of ${bytes.length} bytes, got ${signal.byteOffset}; ` +
        'fetch it again',
    );
  const interleaved = decode(bytes.subarray(signal.byteOffset));
  const frame = group.reduce((sum, { samplesPerFrame }) => sum + samplesPerFrame, 0);
  const count = frames ?? Math.floor(interleaved.length / frame);
  if (interleaved.length < count * frame)
    throw new Error(
      `${where}: expected ${count * frame} samples (${count} frames of ${frame}), as the header says, ` +
        `got ${interleaved.length}; the file is cut short, fetch it again`,
    );
  const before = group.slice(0, index).reduce((sum, { samplesPerFrame }) => sum + samplesPerFrame, 0);
  const each = signal.samplesPerFrame;
  const samples = new Int32Array(count * each);
  for (let f = 0; f < count; f++)
    for (let s = 0; s < each; s++) samples[f * each + s] = interleaved[f * frame + before + s]!;
  if (differences) accumulate(samples, signal.initialValue ?? signal.adcZero);
  const unread = Math.floor((interleaved.length - count * frame) / frame);
  return { samples, invalid, unread: unread * frame < shared ? 0 : unread };
}

/** Of a file there is one format and one offset. */
function formatOf(group: readonly SignalHeader[], where: string): Format {
  const [{ format, byteOffset }] = group as [SignalHeader];
  for (const other of group) {
    if (other.format !== format)
      throw new Error(
        `${where}: format: expected one for all signals of the file, got ${format} and ${other.format}; ` +
          'correct the header',
      );
    if (other.byteOffset !== byteOffset)
      throw new Error(
        `${where}: byte offset: expected one for all signals of the file, ` +
          `got ${byteOffset} and ${other.byteOffset}; correct the header`,
      );
  }
  const known = FORMATS[format];
  if (!known)
    throw new Error(
      `${where}: signal format: expected one of ${Object.keys(FORMATS).join(', ')}, got ${format}; ` +
        'convert it with xform',
    );
  return known;
}

function accumulate(samples: Int32Array, initial: number): void {
  let value = initial;
  for (let i = 0; i < samples.length; i++) {
    value = (value + samples[i]!) | 0;
    samples[i] = value;
  }
}

/** Compares with what the header gives; 0 is what writers put that have computed neither. `where` names the file, for a damaged one or a wrong header. */
export function checkSignal({ samples, unread }: RawSignal, header: SignalHeader, where: string): void {
  const { checksum, initialValue, format } = header;
  const name = header.description || header.fileName;
  if (checksum !== null) {
    let sum = 0;
    for (const sample of samples) sum = (sum + sample) | 0;
    if ((sum << 16) >> 16 !== (checksum << 16) >> 16)
      throw new Error(
        `${where}: signal "${name}": checksum: expected ${checksum}, as the header says, ` +
          `got ${(sum << 16) >> 16}; fetch the record again`,
      );
  } else if (initialValue && !FORMATS[format]?.differences && samples.length > 0 && samples[0] !== initialValue) {
    throw new Error(
      `${where}: signal "${name}": first sample: expected ${initialValue}, as the header says, ` +
        `got ${samples[0]}; fetch the record again`,
    );
  }
  // a signal that the header forgets, or a second spelling of the file, makes frames too short
  if (unread > 0 && checksum === null)
    throw new Error(
      `${where}: signal "${name}": expected as many frames as the header counts, got ${unread} more, and no checksum ` +
        'that shows that frames are as it says; correct signals and samples in the header',
    );
}

/** Samples of whole bytes each. */
function words(size: number, read: (view: DataView, at: number) => number): (bytes: Uint8Array) => Int32Array {
  return (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Int32Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => read(view, size * i));
  };
}

/** Two 12-bit samples in three bytes: low byte, both high nibbles (first sample low), low byte. */
function decode212(bytes: Uint8Array): Int32Array {
  return Int32Array.from({ length: Math.floor((bytes.length * 2) / 3) }, (_, i) => {
    const at = 3 * (i >> 1);
    const high = bytes[at + 1]!;
    return i & 1 ? signExtend(((high & 0xf0) << 4) | bytes[at + 2]!, 12) : signExtend((high << 8) | bytes[at]!, 12);
  });
}

/** Three 10-bit samples in two words: bits 1 to 10 of each, then the upper five of the first and of the second. */
function decode310(bytes: Uint8Array): Int32Array {
  const word = (at: number): number => bytes[at]! | (bytes[at + 1]! << 8);
  return inGroupsOfThree(bytes, (at, i) => {
    if (i < 2) return word(at + 2 * i) >> 1;
    return (word(at) >> 11) | ((word(at + 2) >> 11) << 5);
  });
}

/** Three 10-bit samples in a word of four bytes, the first lowest. */
function decode311(bytes: Uint8Array): Int32Array {
  return inGroupsOfThree(bytes, (at, i) => {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    return word >> (10 * i);
  });
}

/** Groups of four bytes; of the last, two bytes hold one sample and three or four what they hold. */
function inGroupsOfThree(bytes: Uint8Array, read: (at: number, i: number) => number): Int32Array {
  const rest = Math.floor((bytes.length % 4) / 2);
  return Int32Array.from({ length: 3 * (bytes.length >> 2) + rest }, (_, i) =>
    signExtend(read(4 * Math.floor(i / 3), i % 3), 10),
  );
}

const signExtend = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);

/** Bytes and numbers of several types as the i32 words of an operator's parameters, and back. */
import type { ImageView } from './view.ts';

type Numbers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array;

/** All of them one behind the other, zeros behind the last to a whole word. */
export function wordsOf(parts: readonly Numbers[]): number[] {
  const bytes = new Uint8Array(4 * Math.ceil(parts.reduce((sum, { byteLength }) => sum + byteLength, 0) / 4));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return [...new Int32Array(bytes.buffer)];
}

/** Reads what `wordsOf` has written, one part after another. */
export class WordReader {
  constructor(
    private readonly image: ImageView,
    private at: number,
  ) {}

  i8s(count: number): Int8Array {
    return new Int8Array(this.take(count));
  }

  i16s(count: number): Int16Array {
    return new Int16Array(this.take(2 * count));
  }

  i32s(count: number): Int32Array {
    return new Int32Array(this.take(4 * count));
  }

  /** A copy, so that it is aligned. */
  private take(bytes: number): ArrayBuffer {
    this.at += bytes;
    return this.image.bytes.slice(this.at - bytes, this.at).buffer;
  }
}

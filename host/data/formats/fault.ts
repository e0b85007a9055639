/** Faults in recordings that people bring: one line that says which file, where in it, what was expected and got. */
import { UsageError } from '../../system/errors.ts';
import { printable } from '../../system/printable.ts';
import { shownPath } from '../../system/shownPath.ts';

/** Characters of text out of a file in a message. */
const MOST = 60;

/** `file` is the name of what was read, `what` the rest of the line. */
export const fault = (file: string, what: string): UsageError => new UsageError(`${shownPath(file)}: ${what}`);

/** A piece of text out of a file, in quotes, fit for a message. */
export const quoted = (text: string): string => `"${printable(text, MOST)}"`;

/** Bytes of a file, read little-endian or big-endian; none outside of it can be asked for. */
export class ByteReader {
  private readonly view: DataView;

  constructor(
    readonly file: string,
    readonly bytes: Uint8Array,
    public littleEndian = true,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get length(): number {
    return this.bytes.length;
  }

  u16(at: number, what: string): number {
    this.need(at, 2, what);
    return this.view.getUint16(at, this.littleEndian);
  }

  u32(at: number, what: string): number {
    this.need(at, 4, what);
    return this.view.getUint32(at, this.littleEndian);
  }

  /** Bytes as Latin-1 text. */
  latin1(at: number, length: number, what: string): string {
    return Buffer.from(this.slice(at, length, what)).toString('latin1');
  }

  /** A view, not a copy. */
  slice(at: number, length: number, what: string): Uint8Array {
    this.need(at, length, what);
    return this.bytes.subarray(at, at + length);
  }

  private need(at: number, length: number, what: string): void {
    if (at >= 0 && length >= 0 && at + length <= this.length) return;
    throw fault(
      this.file,
      `${what}: expected ${length} bytes at ${at}, got the end of the file at ${this.length}; ` +
        'it is cut short or damaged, fetch or record it again',
    );
  }
}

/** Deflated bytes, unpacked within limits that no file can talk its way past. */
import { gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { fault } from './fault.ts';

/** A byte of deflate (RFC 1951) can stand for no more: 258 bytes from two bits. */
const MOST_RATIO = 1032;

/** Bytes that one piece of a file may unpack to. */
const MOST = 2 ** 30;

interface Limits {
  /** without the header and checksum of zlib (RFC 1950) */
  raw: boolean;
  /** that are expected, if it is known */
  most?: number;
}

/** What the bytes unpack to; in words, to stand behind "got", where they are damaged or unpack to more than `most`. */
export function inflateWithin(bytes: Uint8Array, { raw, most = MOST }: Limits): Uint8Array | string {
  const possible = Math.min(most, MOST, MOST_RATIO * (bytes.length + 1));
  try {
    return (raw ? inflateRawSync : inflateSync)(bytes, { maxOutputLength: Math.max(1, possible) });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'more' : 'damaged data';
  }
}

/** What a gzip file (RFC 1952) holds. Throws UsageError, one line, for one that is damaged or unpacks to very much. */
export function gunzip(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST });
  } catch {
    throw fault(file, 'expected a gzip file, got one that is damaged or cut short; fetch it again');
  }
}

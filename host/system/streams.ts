/** Reading and writing descriptors of this process, pipes and devices, which may be slow, endless or gone. */
import { readSync, writeSync } from 'node:fs';
import { errnoOf } from './errno.ts';
import { UsageError } from './errors.ts';
import { shownPath } from './shownPath.ts';

/** Of a device or pipe, in bytes: one that does not end is refused. */
const MOST_STREAMED = 2 ** 29;
const CHUNK = 2 ** 16;

/**
 * The descriptor of this process that a name stands for, `dash` for "-"; null for other names. It is used as it is:
 * to open such a name anew fails for a socket, and begins again where a regular file is behind it.
 */
export function descriptorOf(path: string, dash: 0 | 1): number | null {
  if (path === '-') return dash;
  const [, standard, number] = /^\/dev\/(stdin|stdout|stderr)$|^(?:\/dev|\/proc\/self)\/fd\/(\d+)$/.exec(path) ?? [];
  if (standard !== undefined) return ['stdin', 'stdout', 'stderr'].indexOf(standard);
  return number === undefined ? null : Number(number);
}

/** All that comes, to the end. `path` is for the error when no end comes. */
export function readStream(path: string, descriptor: number): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  for (let total = 0; total <= MOST_STREAMED; ) {
    const chunk = new Uint8Array(CHUNK);
    const bytes = whenReady(() => readSync(descriptor, chunk));
    if (bytes === 0) return new Uint8Array(Buffer.concat(chunks));
    chunks.push(chunk.subarray(0, bytes));
    total += bytes;
  }
  throw new UsageError(`${shownPath(path)}: expected an end within ${MOST_STREAMED} bytes, got none; give a file`);
}

export function writeStream(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += whenReady(() => writeSync(descriptor, bytes, at));
}

/** A pipe that another process has made non-blocking says EAGAIN where others wait; Windows says EOF at the end. */
function whenReady(transfer: () => number): number {
  for (;;) {
    try {
      return transfer();
    } catch (error) {
      if (errnoOf(error) === 'EOF') return 0;
      if (errnoOf(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10); // milliseconds
    }
  }
}

/** Images as files: read and proved, and as a board will carry them, under build/ where that differs from the file. */
import { join } from 'node:path';
import { MAX_BYTES } from '../../assembly/limits.ts';
import type { Board } from '../boards/board.ts';
import { withResidency } from '../image/seal.ts';
import { crc32 } from '../records/crc32.ts';
import { ImageError } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { named, UsageError } from '../system/errors.ts';
import { LOOKED_AT } from '../system/fileKind.ts';
import { fileBytes, isRegularFile, readInput, readStart, safeName, titleOf, writeWhole } from '../system/files.ts';
import { grouped } from '../system/grouped.ts';
import { buildFolder } from '../system/root.ts';
import { shownPath } from '../system/shownPath.ts';
import { wrongKind } from '../system/wrongKind.ts';

/** Writes an image under build/, named after `path` and its bytes, so that two can be built and run at once. */
export function placeUnderBuild(path: string, image: Uint8Array): string {
  const name = `${safeName(titleOf(path))}-${crc32(image).toString(16).padStart(8, '0')}`;
  const placed = join(buildFolder(), 'images', `${name}.htpw`);
  writeWhole(placed, image);
  return placed;
}

/**
 * The bytes of an image that `open` has proved; an error names the file, what was refused and where. A file that is
 * larger than any image is refused by its beginning.
 */
export function readImage(path: string): Uint8Array {
  const size = fileBytes(path);
  if (size !== null && size > MAX_BYTES)
    throw wrongKind(path, readStart(path, LOOKED_AT), WANTED) ?? tooLarge(path, size);
  return provedImage(path, readInput(path));
}

const WANTED = ['an .htpw image'];

const tooLarge = (path: string, bytes: number): UsageError =>
  new UsageError(
    `${shownPath(path)}: expected an image of at most ${grouped(MAX_BYTES)} bytes, got ${grouped(bytes)}; ` +
      'cut off what is behind it',
  );

/** What was read from `path`, once `open` has proved it. */
export function provedImage(path: string, bytes: Uint8Array): Uint8Array {
  const wrong = wrongKind(path, bytes, WANTED);
  if (wrong) throw wrong;
  if (bytes.length > MAX_BYTES) throw tooLarge(path, bytes.length);
  named(shownPath(path), () => new Runtime(bytes));
  return bytes;
}

interface PlacedImage {
  /** a file with these bytes, for a firmware to embed */
  imagePath: string;
  image: Uint8Array;
  /** what generated and packed layers were changed to, or null when the image is as it was */
  residency: string | null;
}

/**
 * The image as a board will carry it: as it is, or with another residency as a copy under build/. The choice is the
 * user's, else the board's (a board with little RAM streams), else the image's own.
 */
export function imageFor(path: string, board: Board | null, chosen: string | undefined): PlacedImage {
  const original = readImage(path);
  const residency = chosen ?? board?.residency ?? null;
  const image =
    residency === null ? original : named(shownPath(path), () => uniformlyResident(original, residency), ImageError);
  // what came through a pipe cannot be read again
  const name = residency === null ? path : `${titleOf(path)}-${residency}.htpw`;
  const imagePath = residency === null && isRegularFile(path) ? path : placeUnderBuild(name, image);
  return { imagePath, image, residency };
}

/** The image with one residency for all layers that have a choice; throws UsageError for an unknown name. */
export function uniformlyResident(image: Uint8Array, residency: string): Uint8Array {
  if (residency !== 'boot' && residency !== 'lazy' && residency !== 'stream')
    throw new UsageError(`--residency must be boot, lazy or stream, got "${residency}"`);
  return withResidency(image, residency);
}

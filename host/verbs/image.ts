/** Images as verbs read them, and as a board will carry them. */
import type { Board } from '../boards/board.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { LOSSLESS, type Lossless } from '../image/lossless.ts';
import { withResidency } from '../image/seal.ts';
import { ImageError } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { named } from '../system/errors.ts';
import { isRegularFile, readInput, titleOf } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { wrongKind } from '../system/wrongKind.ts';
import { UsageError } from './verb.ts';

/** The bytes of an image that `open` has proved; an error names the file, what was refused and where. */
export function readImage(path: string): Uint8Array {
  return provedImage(path, readInput(path));
}

/** What was read from `path`, once `open` has proved it. */
export function provedImage(path: string, bytes: Uint8Array): Uint8Array {
  const wrong = wrongKind(path, bytes, ['an .htpw image']);
  if (wrong) throw wrong;
  named(shownPath(path), () => new Runtime(bytes));
  return bytes;
}

/** What `work` makes of an image; where that image is at fault, the error names its file. */
export function ofImage<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ImageError) throw new UsageError(`${shownPath(path)}: ${error.message}`);
    throw error;
  }
}

export const RESIDENCY_OPTION = [
  '--residency <name>',
  'boot, lazy or stream in place of what the image asks for; default: what board.json says, if it does',
] as const;

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
  const image = residency === null ? original : ofImage(path, () => uniformlyResident(original, residency));
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

/** What both makers of images say of coded weights. */
export const LOSSLESS_OPTION = [
  '--lossless [where]',
  'the same outputs from fewer bytes, weights decoded in every run: where that takes no more RAM (arena), or all',
] as const;

/** Throws UsageError for an unknown value. */
export function losslessOf(flag: string | true | undefined): Lossless {
  if (flag === undefined) return null;
  const named = flag === true ? LOSSLESS[0] : LOSSLESS.find((name) => name === flag);
  if (named === undefined) throw new UsageError(`--lossless must be ${LOSSLESS.join(' or ')}, got "${flag}"`);
  return named;
}

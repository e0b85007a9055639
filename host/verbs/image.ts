/** Options about images that several verbs have. */
import { LOSSLESS, type Lossless } from '../image/lossless.ts';
import { programName } from '../records/names.ts';
import type { ImageView } from '../records/view.ts';
import { UsageError } from './verb.ts';

export { provedImage, readImage } from '../build/placedImage.ts';

export const RESIDENCY_OPTION = [
  '--residency <name>',
  'boot, lazy or stream in place of what the image asks for; default: what board.json says, if it does',
] as const;

export const PROGRAM_OPTION = [
  '--program <name>',
  'program of the image, by its name or its number from 0',
  '0',
] as const;

/** The number of a program of an image by its name, else by that number. Throws UsageError where there is none. */
export function programIndex(view: ImageView, wanted: string): number {
  const names = view.programs.map((_, index) => programName(view, index));
  const named = names.indexOf(wanted);
  if (named >= 0) return named;
  if (/^\d{1,5}$/.test(wanted) && Number(wanted) < names.length) return Number(wanted);
  const numbers = names.length > 1 ? `0 to ${names.length - 1}` : '0';
  throw new UsageError(`--program must be ${names.join(', ')} or ${numbers}, got "${wanted}"`);
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

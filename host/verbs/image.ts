/** Options about images that several verbs have. */
import { LOSSLESS, type Lossless } from '../image/lossless.ts';
import { UsageError } from './verb.ts';

export { provedImage, readImage } from '../build/placedImage.ts';

export const RESIDENCY_OPTION = [
  '--residency <name>',
  'boot, lazy or stream in place of what the image asks for; default: what board.json says, if it does',
] as const;

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

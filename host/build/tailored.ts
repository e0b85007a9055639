/** The library cut to image files. */
import { basename } from 'node:path';
import { type Tailoring, tailoring, together } from './library.ts';
import { imageFor } from './placedImage.ts';

/** What the library is cut to: the images by their paths, each as it is or with another residency. */
export function tailoredTo(paths: readonly string[], residency: string | undefined): Tailoring {
  return together(paths.map((path) => tailoring(basename(path), imageFor(path, null, residency).image)));
}

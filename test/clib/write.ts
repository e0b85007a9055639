/** The C library in a folder of its own, as `htpw clib` writes it. */
import { readFileSync } from 'node:fs';
import { tailoring, writeLibrary } from '../../host/build/library.ts';
import { emptyFolder } from '../paths.ts';

/** Writes the library into a new folder; tailored to an image file when one is given. */
export async function library(image?: string): Promise<string> {
  const folder = emptyFolder('clib');
  await writeLibrary(folder, image ? tailoring('ecg-beats.htpw', new Uint8Array(readFileSync(image))) : null);
  return folder;
}

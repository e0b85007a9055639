/** The C library as htpw clib and htpw build --tailor write it: option, files, and what is said of them. */
import { join, resolve } from 'node:path';
import { libraryFiles, planLibrary, type Tailoring } from '../build/library.ts';
import { type Package, packageFiles } from '../build/packages.ts';
import { tailoredTo } from '../build/tailored.ts';
import { columns } from '../drawing/columns.ts';
import { counted } from '../system/counted.ts';
import { LIST, type OutputFolder } from '../system/folder.ts';
import { shownPath } from '../system/shownPath.ts';
import { print, UsageError } from './verb.ts';

/** May be given several times. */
export const TAILOR_OPTION = [
  '--tailor <image>',
  'only the operators, sources and encodings of this image, and the image itself; again for each further image',
  (image: string, before: string[] | undefined) => [...(before ?? []), image],
] as const;

/** The library of some images: htpw clib --tailor, and htpw build --tailor. */
export async function buildTailored(
  images: readonly string[],
  { output, residency, json }: { output: string; residency?: string; json?: boolean },
): Promise<void> {
  const folder = planLibrary(output);
  await writeAndPrint(folder, tailoredTo(images, residency), json);
}

/** Writes what was asked for, and prints which files that is. `input` is where an input to try goes, if one does. */
export async function writeAndPrint(
  folder: OutputFolder,
  tailored: Tailoring | null,
  json?: boolean,
  input?: string,
  as?: Package,
): Promise<void> {
  const library = as ? await packageFiles(as, tailored) : await libraryFiles(tailored);
  const files = [...library.keys()].sort();
  if (input !== undefined) assertApart(input, folder.name, files);
  folder.write(library);
  print(json, { folder: folder.name, files }, () => renderFiles(folder.name, files));
}

/** Names of files, a line for each folder; of a folder with folders in it only how many files it holds. */
function renderFiles(folder: string, files: readonly string[]): string {
  const inside = new Map<string, string[]>();
  for (const file of files) {
    const at = file.indexOf('/') + 1;
    inside.set(file.slice(0, at), [...(inside.get(file.slice(0, at)) ?? []), file.slice(at)]);
  }
  const rows = Array.from(inside, ([name, below]) => [
    `  ${name || './'}`,
    below.some((file) => file.includes('/')) ? counted(below.length, 'file') : below.join(', '),
  ]);
  return `${folder}: ${counted(files.length, 'file')}\n${columns(rows)}`;
}

/** The input may lie in the folder of the library, but not where one of its files will be. */
function assertApart(input: string, folder: string, files: readonly string[]): void {
  const place = resolve(input);
  const other = [...files, LIST].find((file) => {
    const path = resolve(folder, file);
    return path === place || path.startsWith(join(place, '/')) || place.startsWith(join(path, '/'));
  });
  if (other !== undefined)
    throw new UsageError(
      `${shownPath(input)}: is also for ${shownPath(join(folder, other))}, of the library; write to another file`,
    );
}

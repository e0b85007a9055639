/** The table of docs/c.md: what the C library takes on each core, from bench/clib.json. */
import { type LibraryRecord, USED } from '../build/librarySize.ts';
import { markdownTable } from '../drawing/markdown.ts';
import { grouped } from '../system/grouped.ts';

export function librarySizes({ libraries }: LibraryRecord): string {
  const rows = Object.entries(libraries).flatMap(([name, { sizes }]) =>
    sizes.map(({ core, option, flash, linked, flashOfAll, stack }) => [
      name,
      core,
      option && `\`${option}\``,
      ...[flash, linked, flashOfAll, ...USED.map((each) => stack[each])].map((bytes) => grouped(bytes)),
    ]),
  );
  const titles = ['library', 'core', 'option', 'flash', 'linked', 'whole API', 'stack: open', 'load', 'invoke'];
  return markdownTable(titles, rows, 3);
}

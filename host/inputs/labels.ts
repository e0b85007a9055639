/** What inputs are, where a file beside them says it: a table with a label a row, and whose each is perhaps. */
import { type CsvTable, readCsv } from '../data/formats/csv.ts';
import { fault, quoted } from '../data/formats/fault.ts';
import { readNpy } from '../data/formats/npy.ts';
import { describeFile } from '../system/fileKind.ts';
import { readInput } from '../system/files.ts';
import { GROUP, LABEL } from './roles.ts';
import type { InputSet } from './wanted.ts';

/**
 * The set with labels out of a CSV or a .npy. The label is in the column that is called so, else in the last; a column
 * that has the names of the inputs' files assigns the rows to them, else they are in the order of the inputs. Throws
 * UsageError where there is not one an input.
 */
export function labelled(set: InputSet, path: string): InputSet {
  const bytes = readInput(path);
  if (describeFile(bytes).kind === 'a NumPy array') return { ...set, labels: fromArray(bytes, path, set) };
  const table = tableOf(bytes, path, set.names);
  const columns = table.columns as string[][];
  const named = (role: RegExp): number => (table.hasHeader ? table.names.findIndex((name) => role.test(name)) : -1);
  const label = named(LABEL) >= 0 ? named(LABEL) : columns.length - 1;
  const rows = rowsOf(set, columns, path);
  const group = named(GROUP);
  return {
    ...set,
    labels: rows.map((row) => columns[label]![row]!),
    groups: group < 0 ? set.groups : rows.map((row) => columns[group]![row]!),
  };
}

/** All cells as text. A first line that names an input is no header, though it has no number. */
function tableOf(bytes: Uint8Array, path: string, inputs: readonly string[]): CsvTable {
  const kinds = (names: readonly string[]) => names.map(() => 'text' as const);
  const table = readCsv(bytes, path, { kinds });
  const known = new Set(inputs.flatMap(endsOf));
  const isData = table.hasHeader && table.names.some((cell) => endsOf(cell).some((end) => known.has(end)));
  return isData ? readCsv(bytes, path, { kinds, header: false }) : table;
}

/**
 * The row of each input: of those that name files the one whose path ends as its own for longest, else the one at its
 * place. Throws where that is several rows, or a row of several inputs: some would have the labels of others.
 */
function rowsOf({ names, inputs }: InputSet, columns: readonly string[][], path: string): number[] {
  for (const column of columns) {
    const rows = new Map<string, number[]>();
    for (const [row, cell] of column.entries())
      for (const end of endsOf(cell)) rows.set(end, [...(rows.get(end) ?? []), row]);
    const found = names.map((name) => endsOf(name).find((end) => rows.has(end)));
    if (found.includes(undefined)) continue;
    const chosen = found.map((end) => rows.get(end!)!);
    const odd = chosen.findIndex((some, i) => some.length > 1 || chosen.findIndex(([row]) => row === some[0]) !== i);
    if (odd >= 0)
      throw fault(
        path,
        `${quoted(found[odd]!)}: expected a row for each input, got ${chosen[odd]!.length > 1 ? 'several' : 'one for several'}; ` +
          'give names with their folders, each once',
      );
    return chosen.map(([row]) => row!);
  }
  const count = columns[0]!.length;
  if (count !== inputs.length)
    throw fault(
      path,
      `expected ${inputs.length} labels, one an input, got ${count}; give one a row, or their file names`,
    );
  return inputs.map((_, i) => i);
}

/** A path without its first folders, longest first: "c/1.png" and "1.png". */
const endsOf = (name: string): string[] => name.split(/[/\\]/).map((_, i, parts) => parts.slice(i).join('/'));

function fromArray(bytes: Uint8Array, path: string, { inputs }: InputSet): string[] {
  const { values, shape } = readNpy(bytes, path);
  if (values.length !== inputs.length)
    throw fault(path, `expected ${inputs.length} labels, one an input, got an array of ${shape.join(' x ')}`);
  return Array.from<number | string>(values as ArrayLike<number | string>).map(String);
}

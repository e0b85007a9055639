/** Rows of characters with an axis in front of them, for plots in a terminal. */

/** `columns` x `rows` blanks. */
export const blankGrid = (columns: number, rows: number): string[][] =>
  Array.from({ length: rows }, () => new Array<string>(columns).fill(' '));

/** The rows behind a vertical axis; those that have a label are marked with it. `width` is that of the labels. */
export function labelledRows(grid: string[][], labels: ReadonlyMap<number, string>, width: number): string[] {
  return grid.map((cells, row) => {
    const label = labels.get(row);
    return `${(label ?? '').padStart(width)} ${label === undefined ? '|' : '+'}${cells.join('')}`.trimEnd();
  });
}

/** Characters of the longest label. */
export const widthOf = (labels: ReadonlyMap<number, string>): number =>
  Math.max(...[...labels.values()].map((label) => label.length));

/** A curve in one line of text, for a terminal. */

const HEIGHTS = '▁▂▃▄▅▆▇█';

/** At most `columns` characters; several values of one column are their mean. The lowest bar is the least value. */
export function sparkline(values: readonly number[], columns: number): string {
  const count = Math.min(columns, values.length);
  const means = Array.from({ length: count }, (_, column) => {
    const [from, to] = [column, column + 1].map((c) => Math.floor((c * values.length) / count)) as [number, number];
    return values.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
  });
  const [low, high] = [Math.min(...means), Math.max(...means)];
  const step = (high - low) / (HEIGHTS.length - 1);
  return means.map((mean) => HEIGHTS[step > 0 ? Math.round((mean - low) / step) : 0]).join('');
}

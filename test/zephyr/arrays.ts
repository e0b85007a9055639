/** Numbers as C. */

const PER_LINE = 20;

/** A definition, of numbers as wide as they are, in lines of even length. */
export function arrayOf(declaration: string, values: ArrayLike<number>): string {
  const lines: string[] = [];
  for (let at = 0; at < values.length; at += PER_LINE)
    lines.push(
      `  ${Array.from(values as number[])
        .slice(at, at + PER_LINE)
        .join(', ')},`,
    );
  return [`${declaration} = {`, ...lines, '};', ''].join('\n');
}

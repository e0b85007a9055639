/** Calibration data: raw inputs one after another in a file, and what they are, if that is known. */

/** What a network is measured with. */
export interface Samples {
  /** raw inputs of program 0: the bytes of all its inputs, each */
  inputs: readonly Uint8Array[];
  /** the variant of the runtime that they are run through; all give the same answers */
  wasm: WebAssembly.Module;
}

/** Inputs of `bytes` each. Throws when the file is no whole number of them. */
export function splitSamples(file: Uint8Array, bytes: number): Uint8Array[] {
  const rest = file.length % bytes;
  if (file.length === 0 || rest !== 0)
    throw new RangeError(
      `expected inputs of ${bytes} bytes one after another, got ${file.length} bytes` +
        `${rest > 0 ? `, ${rest} too many` : ''}; give raw tensors as the model takes them`,
    );
  return Array.from({ length: file.length / bytes }, (_, i) => file.subarray(i * bytes, (i + 1) * bytes));
}

/** "0:350" of `count` samples: [from, to). Throws for anything that is not inside. */
export function parseRange(text: string, count: number): [from: number, to: number] {
  const [, from, to] = /^(\d*):(\d*)$/.exec(text) ?? [];
  const range: [number, number] = [Number(from || 0), Number(to || count)];
  if (from === undefined || range[0] >= range[1] || range[1] > count)
    throw new RangeError(`expected a range such as 0:350 within the ${count} samples, got "${text}"`);
  return range;
}

/** Which of `count` samples to calibrate on: a range as above, or "none". */
export const parseSamples = (text: string, count: number): [from: number, to: number] =>
  text === 'none' ? [0, 0] : parseRange(text, count);

/**
 * Classes of `count` samples: the last column of each line, whole numbers from 0; one heading and empty lines are
 * skipped. Throws for a class that the network does not have, naming sample and line, and when they are not `count`.
 */
export function parseLabels(csv: string, count: number, classes: number): Int32Array {
  const rows = csv
    .replace(/^\uFEFF/, '')
    .split(/\r?\n|\r/)
    .map((line, i) => ({ line: i + 1, isEmpty: line.trim() === '', field: lastColumn(line) }))
    .filter(({ isEmpty }) => !isEmpty);
  // A heading is a word. A number that is no class is a wrong label, also in the first line.
  const heading = /^[^\d.+-]/.test(rows[0]?.field ?? '') ? rows.shift() : undefined;
  rows.forEach(({ line, field }, sample) => {
    const at = `of sample ${sample} (line ${line})`;
    if (!/^\d+$/.test(field))
      throw new RangeError(`label "${field}" ${at}: expected a whole number in the last column; count from 0`);
    if (Number(field) >= classes)
      throw new RangeError(`label ${field} ${at}: expected a class below ${classes}; count from 0`);
  });
  if (rows.length !== count)
    throw new RangeError(
      `expected ${count} labels, one per sample, got ${rows.length}` +
        `${heading ? ` below the heading "${heading.field}"` : ''}; give one line per sample`,
    );
  return Int32Array.from(rows, ({ field }) => Number(field));
}

/** Without spaces and quotes round it. */
function lastColumn(line: string): string {
  return line
    .split(/[,;\t]/)
    .at(-1)!
    .trim()
    .replace(/^"(.*)"$/, '$1')
    .trim();
}

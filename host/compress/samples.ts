/** Calibration data: raw inputs one after another in a file, and what they are, if that is known. */

/** Inputs of `bytes` each. Throws when the file is no whole number of them. */
export function splitSamples(file: Uint8Array, bytes: number): Uint8Array[] {
  if (file.length === 0 || file.length % bytes !== 0)
    throw new RangeError(
      `expected inputs of ${bytes} bytes one after another, got ${file.length} bytes, ${file.length % bytes} too many; give raw tensors as the model takes them`,
    );
  return Array.from({ length: file.length / bytes }, (_, i) => file.subarray(i * bytes, (i + 1) * bytes));
}

/** "0:350" of `count` samples: [from, to). Throws for anything that is not inside. */
export function parseRange(text: string, count: number): [from: number, to: number] {
  const [, from, to] = (/^(\d*):(\d*)$/.exec(text) ?? []).map((digits) => digits);
  const range: [number, number] = [Number(from || 0), Number(to || count)];
  if (from === undefined || range[0] >= range[1] || range[1] > count)
    throw new RangeError(`expected a range such as 0:350 within the ${count} samples, got "${text}"`);
  return range;
}

/** Which of `count` samples to calibrate on: a range as above, or "none". */
export const parseSamples = (text: string, count: number): [from: number, to: number] =>
  text === 'none' ? [0, 0] : parseRange(text, count);

/** The last column of each line, whole numbers; a heading is skipped. Throws when they are not `count`. */
export function parseLabels(csv: string, count: number): Int32Array {
  const fields = csv
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(',').at(-1)!.trim());
  if (!/^\d+$/.test(fields[0])) fields.shift();
  const wrong = fields.findIndex((field) => !/^\d+$/.test(field));
  if (wrong >= 0)
    throw new RangeError(`label ${wrong}: expected a whole number in the last column, got "${fields[wrong]}"`);
  if (fields.length !== count) throw new RangeError(`expected ${count} labels, one per sample, got ${fields.length}`);
  return Int32Array.from(fields, Number);
}

/** .npy files for tests, of every version, type and order. */

interface Options {
  version?: 1 | 2 | 3;
  fortran?: boolean;
  /** in place of the dictionary that fits */
  header?: string;
}

export function npy(descr: string, shape: readonly number[], data: Uint8Array, options: Options = {}): Buffer {
  const { version = 1, fortran = false } = options;
  const dimensions = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const order = fortran ? 'True' : 'False';
  const text = options.header ?? `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${dimensions}), }`;
  const start = version === 1 ? 10 : 12;
  const padded = `${text.padEnd(Math.ceil((start + text.length + 1) / 64) * 64 - start - 1)}\n`;
  const head = Buffer.alloc(start);
  head.write('\x93NUMPY', 'latin1');
  head[6] = version;
  if (version === 1) head.writeUInt16LE(padded.length, 8);
  else head.writeUInt32LE(padded.length, 8);
  return Buffer.concat([head, Buffer.from(padded), data]);
}

/** Numbers one after another, with the method of Buffer that writes one, such as "writeFloatLE". */
export function elements(method: 'writeInt8' | `write${string}E`, size: number, values: readonly (number | bigint)[]) {
  const bytes = Buffer.alloc(values.length * size);
  values.forEach((value, i) => {
    (bytes as unknown as Record<string, (value: number | bigint, at: number) => void>)[method]!(value, i * size);
  });
  return bytes;
}

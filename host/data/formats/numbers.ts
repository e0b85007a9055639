/** Arrays of numbers in files: element types, byte orders, and the order of their dimensions. */

/** What the elements of an array in a file can be, with the array that holds them. */
export type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

export const ELEMENTS = ['i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8'] as const;
/** Kind (signed, unsigned, floating point) and bytes of an element. */
export type Element = (typeof ELEMENTS)[number];

interface Reading {
  array: new (length: number) => Numbers;
  read(view: DataView, at: number, littleEndian: boolean): number;
}

/** Integers of 64 bits come as doubles, which hold them up to 2^53; those of half precision as singles. */
const READING: Record<Element, Reading> = {
  i1: { array: Int8Array, read: (view, at) => view.getInt8(at) },
  u1: { array: Uint8Array, read: (view, at) => view.getUint8(at) },
  i2: { array: Int16Array, read: (view, at, little) => view.getInt16(at, little) },
  u2: { array: Uint16Array, read: (view, at, little) => view.getUint16(at, little) },
  i4: { array: Int32Array, read: (view, at, little) => view.getInt32(at, little) },
  u4: { array: Uint32Array, read: (view, at, little) => view.getUint32(at, little) },
  i8: { array: Float64Array, read: (view, at, little) => Number(view.getBigInt64(at, little)) },
  u8: { array: Float64Array, read: (view, at, little) => Number(view.getBigUint64(at, little)) },
  f2: { array: Float32Array, read: (view, at, little) => halfPrecision(view.getUint16(at, little)) },
  f4: { array: Float32Array, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { array: Float64Array, read: (view, at, little) => view.getFloat64(at, little) },
};

export const sizeOf = (element: Element): number => Number(element[1]);

/** All elements in some bytes; what is less than an element at the end is left. */
export function readNumbers(bytes: Uint8Array, element: Element, littleEndian: boolean): Numbers {
  const { array: NumberArray, read } = READING[element];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new NumberArray(Math.floor(bytes.length / sizeOf(element)));
  for (let i = 0; i < numbers.length; i++) numbers[i] = read(view, i * sizeOf(element), littleEndian);
  return numbers;
}

/** IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 of fraction. */
function halfPrecision(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** That an array in a file may have; NumPy knows no more. */
export const MOST_DIMENSIONS = 64;

/** Elements of an array of this shape: 1 for none, 0 where a dimension is 0, and never NaN. */
export const countOf = (shape: readonly number[]): number =>
  shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1);

/** From the first dimension fastest (Fortran, MATLAB) to the last dimension fastest (C). */
export function rowMajor<T extends Numbers | string[] | unknown[]>(columnMajor: T, shape: readonly number[]): T {
  if (shape.length < 2) return columnMajor;
  const ordered = columnMajor.slice() as T;
  const strides = shape.map((_, axis) => countOf(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < ordered.length; to++) {
    ordered[to] = columnMajor[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return ordered;
}

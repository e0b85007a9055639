/** Buffers and typed arrays by their brand, which holds across realms (frames, sandboxes), as instanceof does not. */
const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype);
const brandOf: (value: unknown) => string | undefined = (value) =>
  Object.getOwnPropertyDescriptor(TYPED_ARRAY, Symbol.toStringTag)!.get!.call(value);

export const isUint8Array = (value: unknown): value is Uint8Array => brandOf(value) === 'Uint8Array';
export const isInt8Array = (value: unknown): value is Int8Array => brandOf(value) === 'Int8Array';
export const isArrayBuffer = (value: unknown): value is ArrayBuffer =>
  Object.prototype.toString.call(value) === '[object ArrayBuffer]';
export const isInt16Array = (value: unknown): value is Int16Array => brandOf(value) === 'Int16Array';

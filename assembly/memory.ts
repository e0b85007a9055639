/** Copying and filling. The runtime is built without the memory instructions of WebAssembly, which a device has not. */

/** to and from do not overlap, or to < from. */
export function copy(to: usize, from: usize, bytes: u32): void {
  const end = from + bytes;
  if (((<u32>to | <u32>from) & 3) == 0) {
    for (const last = end & ~3; from < last; from += 4, to += 4) store<u32>(to, load<u32>(from));
  }
  for (; from < end; from++, to++) store<u8>(to, load<u8>(from));
}

export function fill(to: usize, value: u32, bytes: u32): void {
  for (const end = to + bytes; to < end; to++) store<u8>(to, <u8>value);
}

export function fillWords(to: usize, word: u32, bytes: u32): void {
  for (const end = to + bytes; to < end; to += 4) store<u32>(to, word);
}

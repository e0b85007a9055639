/** How every part of `open` says no, and what keeps it from working for ever. */

/** Stores the byte offset of what was refused at `where` and hands the status on. */
export function refuse(where: usize, offset: u32, status: i32): i32 {
  store<u32>(where, offset);
  return status;
}

/**
 * Records may share data, which is read for each of them: without a limit to what is read in all, the time of `open` would
 * grow with the square of an image's size. The count lies behind `where`.
 */
export function allowProof(where: usize, bytes: u32): void {
  store<u32>(where, bytes, 4);
}

/** Counts bytes that one proof has read, or nothing where that is a status; false once they are too many. */
export function isProofAllowed(where: usize, bytes: i32): bool {
  if (bytes <= 0) return true;
  const left = load<u32>(where, 4);
  store<u32>(where, left - <u32>bytes, 4);
  return <u32>bytes <= left;
}

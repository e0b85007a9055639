/**
 * The trust boundary: proves an image once, so that nothing after it checks again.
 *
 * What holds afterwards for every program: each section, record, table, weight and tensor lies inside its section or
 * the arena; every index is below its count; shapes agree between operators, tensors and sources; no accumulator can
 * overflow; the scratch and every cache are large enough. A wrong *value* of a weight stays possible: the CRC is for
 * accidents, a signature in the trailer for attackers. docs/format.md lists trusted and untrusted data.
 *
 * Every refusal stores the byte offset of what was refused (refusal.ts) and returns a status.
 */
import { CRC_START, CRC_TABLE_BYTES, crc32Update, fillCrcTable } from './crc32.ts';
import * as F from './format.ts';
import { programCount, sectionAt, sectionBytes, sectionEntry } from './image.ts';
import { MAX_BYTES } from './limits.ts';
import { openProgram } from './openProgram.ts';
import { openGenerators, openSources } from './openWeights.ts';
import { allowProof, refuse } from './refusal.ts';
import {
  BAD_ALIGNMENT,
  BAD_CRC,
  BAD_HEADER,
  BAD_MAGIC,
  BAD_SECTION,
  BAD_TRAILER,
  BAD_VERSION,
  OK,
  TRUNCATED,
} from './status.ts';

const SLICE_BYTES: u32 = 4096; // of the CRC between two calls of a watchdog

// The memory that a caller lends, on 4 bytes: a table for the CRC, then two words.
export const POSITION_AT: usize = CRC_TABLE_BYTES; // where the next slice begins, 0 at first; in the end the offset of a refusal
const CRC_AT: usize = CRC_TABLE_BYTES + 4; //  of what is before it; in the end the bytes that may still be proved

/** Bytes of workspace that checkSlice and prove need. */
export const WORKSPACE_BYTES: u32 = CRC_TABLE_BYTES + 8;

/**
 * Checks that these are an image's bytes as they were packed: header, sections and, a slice with each call, the CRC.
 * Returns how many bytes are left to read, OK after the last, or a refusal. The word at POSITION_AT is 0 at the first call.
 *
 * image: 16-byte aligned address; bytes: readable from there; workspace: WORKSPACE_BYTES, on 4 bytes, that keep the state between calls.
 */
export function checkSlice(image: usize, bytes: u32, workspace: usize): i32 {
  const where = workspace + POSITION_AT;
  let position = load<u32>(where);
  if (position == 0) {
    const status = openHeader(image, bytes, where);
    if (status != OK) return status;
    fillCrcTable(workspace);
    store<u32>(workspace, CRC_START, CRC_AT);
    position = F.HEADER_BYTES;
  }
  const total = load<u32>(image, F.HEADER_TOTAL_AT);
  const slice = min(total - position, SLICE_BYTES);
  const crc = crc32Update(load<u32>(workspace, CRC_AT), image + position, slice, workspace);
  store<u32>(workspace, crc, CRC_AT);
  position += slice;
  store<u32>(where, position);
  if (position < total) return <i32>(total - position);
  if (~crc != load<u32>(image, F.HEADER_CRC_AT)) return refuse(where, F.HEADER_CRC_AT, BAD_CRC);
  return openSections(image, where);
}

/** Proves an image that checkSlice has found whole; workspace: as there. */
export function prove(image: usize, workspace: usize): i32 {
  const where = workspace + POSITION_AT;
  let status = openTrailer(image, where);
  if (status != OK) return status;
  allowProof(where, F.PROOF_PER_IMAGE_BYTE * load<u32>(image, F.HEADER_TOTAL_AT));
  status = openGenerators(image, where);
  if (status == OK) status = openSources(image, where);
  const programs = programCount(image);
  for (let i: u32 = 0; status == OK && i < programs; i++) status = openProgram(image, i, where);
  return status;
}

function openHeader(image: usize, bytes: u32, where: usize): i32 {
  if ((image & (F.SECTION_ALIGNMENT - 1)) != 0) return refuse(where, 0, BAD_ALIGNMENT);
  if (bytes < F.HEADER_BYTES) return refuse(where, bytes, TRUNCATED);
  if (load<u32>(image, F.HEADER_MAGIC_AT) != F.MAGIC) return refuse(where, F.HEADER_MAGIC_AT, BAD_MAGIC);
  if (<u32>load<u16>(image, F.HEADER_VERSION_AT) != F.FORMAT_VERSION)
    return refuse(where, F.HEADER_VERSION_AT, BAD_VERSION);
  if (<u32>load<u16>(image, F.HEADER_BYTES_AT) != F.HEADER_BYTES) return refuse(where, F.HEADER_BYTES_AT, BAD_HEADER);
  const total = load<u32>(image, F.HEADER_TOTAL_AT);
  if (total < F.HEADER_BYTES || total > MAX_BYTES) return refuse(where, F.HEADER_TOTAL_AT, BAD_HEADER);
  if (total > bytes) return refuse(where, bytes, TRUNCATED);
  if ((load<u32>(image, F.HEADER_RESERVED_AT) | load<u32>(image, F.HEADER_RESERVED_AT + 4)) != 0)
    return refuse(where, F.HEADER_RESERVED_AT, BAD_HEADER);
  return OK;
}

/** The programs, then one section of each other kind, in order, tiling the image with less than 16 bytes between. */
function openSections(image: usize, where: usize): i32 {
  const total = load<u32>(image, F.HEADER_TOTAL_AT);
  const programs = <u32>load<u16>(image, F.HEADER_PROGRAMS_AT);
  const count = <u32>load<u16>(image, F.HEADER_SECTIONS_AT);
  if (programs == 0) return refuse(where, F.HEADER_PROGRAMS_AT, BAD_HEADER);
  if (count != programs + F.SECTION_TRAILER - F.SECTION_PROGRAM) return refuse(where, F.HEADER_SECTIONS_AT, BAD_HEADER);
  let end = F.HEADER_BYTES + count * F.SECTION_BYTES;
  if (end > total) return refuse(where, F.HEADER_SECTIONS_AT, BAD_HEADER);
  for (let i: u32 = 0; i < count; i++) {
    const entry = sectionEntry(image, i);
    const kindAndId = i < programs ? F.SECTION_PROGRAM | (i << 16) : F.SECTION_SOURCES + i - programs;
    const offset = (end + F.SECTION_ALIGNMENT - 1) & (0 - F.SECTION_ALIGNMENT);
    const size = load<u32>(entry, F.SECTION_SIZE_AT);
    if (
      load<u32>(entry, F.SECTION_KIND_AT) != kindAndId ||
      load<u32>(entry, F.SECTION_OFFSET_AT) != offset ||
      offset > total ||
      size > total - offset
    )
      return refuse(where, <u32>(entry - image), BAD_SECTION);
    end = offset + size;
  }
  if (end != total) return refuse(where, F.HEADER_TOTAL_AT, BAD_SECTION);
  if (sectionBytes(image, F.SECTION_SOURCES) != F.SOURCE_BYTES * <u32>load<u16>(image, F.HEADER_SOURCES_AT))
    return refuse(where, F.HEADER_SOURCES_AT, BAD_SECTION);
  if (sectionBytes(image, F.SECTION_GENERATORS) != F.GENERATOR_BYTES * <u32>load<u16>(image, F.HEADER_GENERATORS_AT))
    return refuse(where, F.HEADER_GENERATORS_AT, BAD_SECTION);
  return OK;
}

/** TLVs, each padded to 4 bytes, fill the trailer exactly; what they say is for bootloader and host. */
function openTrailer(image: usize, where: usize): i32 {
  const trailer = sectionAt(image, F.SECTION_TRAILER);
  const size = sectionBytes(image, F.SECTION_TRAILER);
  let at: u32 = 0;
  while (at < size) {
    const payload = size - at < F.TLV_HEADER_BYTES ? size : <u32>load<u16>(trailer + at, 2);
    const next = at + F.TLV_HEADER_BYTES + ((payload + 3) & ~3);
    if (next > size) return refuse(where, <u32>(trailer - image) + at, BAD_TRAILER);
    at = next;
  }
  return OK;
}

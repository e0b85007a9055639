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
import { crc32 } from './crc32.ts';
import * as F from './format.ts';
import { generatorAt, programAt, sectionAt, sourceAt } from './image.ts';
import { openProgram } from './openProgram.ts';
import { openGenerator, openSource } from './openWeights.ts';
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

const MAX_BYTES: u32 = 1 << 28; // far above any flash, low enough that no sum of two offsets wraps

/** image: 16-byte aligned address; bytes: readable from there; where: u32 for the offset of a refusal, or 0. */
export function openImage(image: usize, bytes: u32, where: usize): i32 {
  let status = openHeader(image, bytes, where);
  if (status == OK) status = openSections(image, where);
  if (status == OK) status = openTrailer(image, where);
  if (status != OK) return status;

  const sources = sectionAt(image, F.SECTION_SOURCES);
  const generators = sectionAt(image, F.SECTION_GENERATORS);
  const weights = sectionAt(image, F.SECTION_WEIGHTS);
  const weightBytes = sectionBytes(image, F.SECTION_WEIGHTS);
  const generatorCount = <u32>load<u16>(image, F.HEADER_GENERATORS_AT);
  for (let i: u32 = 0; i < generatorCount; i++) {
    status = openGenerator(generatorAt(generators, i), weightBytes);
    if (status != OK) return refuse(where, <u32>(generatorAt(generators, i) - image), status);
  }
  const sourceCount = <u32>load<u16>(image, F.HEADER_SOURCES_AT);
  for (let i: u32 = 0; i < sourceCount; i++) {
    status = openSource(sourceAt(sources, i), generators, generatorCount, weights, weightBytes);
    if (status != OK) return refuse(where, <u32>(sourceAt(sources, i) - image), status);
  }
  const programs = <u32>load<u16>(image, F.HEADER_PROGRAMS_AT);
  for (let i: u32 = 0; i < programs; i++) {
    status = openProgram(
      image,
      programAt(image, i),
      load<u32>(sectionEntry(image, i), F.SECTION_SIZE_AT),
      sources,
      sourceCount,
      generators,
      sectionAt(image, F.SECTION_TABLES),
      sectionBytes(image, F.SECTION_TABLES),
      where,
    );
    if (status != OK) return status;
  }
  return OK;
}

/** Stores the offset of what was refused and hands the status on. */
export function refuse(where: usize, offset: u32, status: i32): i32 {
  if (where != 0) store<u32>(where, offset);
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
  if (crc32(image + F.HEADER_BYTES, total - F.HEADER_BYTES) != load<u32>(image, F.HEADER_CRC_AT))
    return refuse(where, F.HEADER_CRC_AT, BAD_CRC);
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
    const kind = i < programs ? F.SECTION_PROGRAM : F.SECTION_SOURCES + i - programs;
    const id = i < programs ? i : 0;
    const offset = (end + F.SECTION_ALIGNMENT - 1) & (0 - F.SECTION_ALIGNMENT);
    const size = load<u32>(entry, F.SECTION_SIZE_AT);
    if (
      <u32>load<u16>(entry, F.SECTION_KIND_AT) != kind ||
      <u32>load<u16>(entry, F.SECTION_ID_AT) != id ||
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

function sectionEntry(image: usize, index: u32): usize {
  return image + F.HEADER_BYTES + index * F.SECTION_BYTES;
}

function sectionBytes(image: usize, kind: u32): u32 {
  return load<u32>(
    sectionEntry(image, <u32>load<u16>(image, F.HEADER_PROGRAMS_AT) + kind - F.SECTION_SOURCES),
    F.SECTION_SIZE_AT,
  );
}

/**
 * Proves generators and weight sources: what holds whatever its kind. What a kind asks of sizes and encodings, and that
 * all its data lies inside WEIGHTS, stands beside its decoder (weights/dispatch.ts).
 */

import { FEATURE_SOURCE } from './features.ts';
import * as F from './format.ts';
import { generatorAt, sectionAt, sectionBytes, sourceAt, sourceKind, sourceRowLength, sourceRows } from './image.ts';
import { uses } from './intrinsics/core.ts';
import { isProofAllowed, refuse } from './refusal.ts';
import { BAD_GENERATOR, BAD_REFERENCE, BAD_SOURCE, BAD_WORK, NOT_BUILT_IN, OK } from './status.ts';
import { isGenerated, proveGenerated, proveGenerator } from './weights/dispatch.ts';
import { proveMlp } from './weights/mlp.ts';
import { proveStored, STORED } from './weights/stored.ts';

/** All of them; returns OK, or a refusal whose offset is at `where`. */
export function openGenerators(image: usize, where: usize): i32 {
  const count = <u32>load<u16>(image, F.HEADER_GENERATORS_AT);
  for (let i: u32 = 0; i < count; i++) {
    const generator = generatorAt(sectionAt(image, F.SECTION_GENERATORS), i);
    const status = openGenerator(generator, sectionBytes(image, F.SECTION_WEIGHTS));
    if (status != OK) return refuse(where, <u32>(generator - image), status);
  }
  return OK;
}

/** The same of the sources, whose generators are proved. */
export function openSources(image: usize, where: usize): i32 {
  const count = <u32>load<u16>(image, F.HEADER_SOURCES_AT);
  for (let i: u32 = 0; i < count; i++) {
    const source = sourceAt(sectionAt(image, F.SECTION_SOURCES), i);
    let status = openSource(image, source);
    if (!isProofAllowed(where, status)) status = BAD_WORK;
    if (status < OK) return refuse(where, <u32>(source - image), status);
  }
  return OK;
}

function openGenerator(generator: usize, weightBytes: u32): i32 {
  const kind = <u32>load<u8>(generator, F.GENERATOR_KIND_AT);
  if (
    !isGenerated(kind) ||
    load<u8>(generator, F.GENERATOR_OUTPUTS_AT) == 0 ||
    load<u16>(generator, F.GENERATOR_RESERVED_AT) != 0
  )
    return BAD_GENERATOR;
  if (!uses(FEATURE_SOURCE + kind)) return NOT_BUILT_IN;
  if (load<u8>(generator, F.GENERATOR_CODE_LENGTH_AT) != 0) {
    const status = proveMlp(generator, weightBytes);
    if (status != OK) return status;
  }
  return proveGenerator(kind, generator, weightBytes);
}

/** Returns the bytes of WEIGHTS that were read to prove a source, or a refusal. */
function openSource(image: usize, source: usize): i32 {
  const weights = sectionAt(image, F.SECTION_WEIGHTS);
  const weightBytes = sectionBytes(image, F.SECTION_WEIGHTS);
  const kind = sourceKind(source);
  if (sourceRows(source) == 0 || sourceRowLength(source) == 0 || load<u8>(source, F.SOURCE_RESERVED_AT) != 0)
    return BAD_SOURCE;
  if (kind == STORED) return proveStored(source, weights, weightBytes);
  if (!isGenerated(kind)) return BAD_SOURCE;
  const index = <u32>load<u16>(source, F.SOURCE_GENERATOR_AT);
  if (index >= <u32>load<u16>(image, F.HEADER_GENERATORS_AT)) return BAD_REFERENCE;
  const generator = generatorAt(sectionAt(image, F.SECTION_GENERATORS), index);
  if (<u32>load<u8>(generator, F.GENERATOR_KIND_AT) != kind) return BAD_SOURCE;
  return proveGenerated(kind, source, generator, weights, weightBytes);
}

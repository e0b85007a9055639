/** Finishes an image whose records are written: residency, memory plan, SHA-256, CRC. */
import { createHash } from 'node:crypto';
import * as F from '../../assembly/format.ts';
import type { Residency } from '../model/model.ts';
import { crc32 } from './crc32.ts';
import { plan } from './plan.ts';
import { ImageError, ImageView, RESIDENCY_NAMES } from './view.ts';

/** A copy of the image with its plans computed and its trailer and CRC made to fit. */
export function seal(image: Uint8Array): Uint8Array {
  const sealed = image.slice();
  const view = new ImageView(sealed);
  const put16 = (at: number, value: number) => view.data.setUint16(at, value, true);
  for (const program of view.programs) {
    const planned = plan(view, program);
    put16(program.at + F.PROGRAM_ARENA_AT, planned.arena);
    put16(program.at + F.PROGRAM_SCRATCH_AT, planned.scratch);
    put16(program.at + F.PROGRAM_SCRATCH_SIZE_AT, planned.scratchSize);
    [...planned.tensors, ...planned.caches].forEach((value, i) => {
      put16(program.planAt + 2 * i, value);
    });
  }
  const trailer = view.section(F.SECTION_TRAILER);
  sealed.set(digest(sealed, trailer.offset), trailer.offset + F.TLV_HEADER_BYTES);
  view.data.setUint32(F.HEADER_CRC_AT, crc32(sealed.subarray(F.HEADER_BYTES)), true);
  return sealed;
}

/** SHA-256 of everything between header and trailer. */
export function digest(image: Uint8Array, trailerOffset: number): Uint8Array {
  return createHash('sha256').update(image.subarray(F.HEADER_BYTES, trailerOffset)).digest();
}

/**
 * The same image with every layer of one residency: those whose weights need materialising, and for 'boot' and
 * 'stream' nothing else (INT8 weights stay in flash). Throws for a name that is none.
 */
export function withResidency(image: Uint8Array, residency: Exclude<Residency, 'flash'>): Uint8Array {
  const code = RESIDENCY_NAMES.indexOf(residency);
  if (code < 1) throw new ImageError(`residency must be boot, lazy or stream, got "${residency}"`);
  const changed = image.slice();
  for (const program of new ImageView(image).programs) {
    for (const operator of program.operators) {
      if (operator.residency !== F.RESIDENCY_FLASH) changed[operator.at + F.OPERATOR_RESIDENCY_AT] = code;
    }
  }
  return seal(changed);
}

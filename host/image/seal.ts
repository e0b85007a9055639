/** Finishes an image whose records are written: residency, memory plan, SHA-256, CRC. */
import * as F from '../../assembly/format.ts';
import { plan } from '../layout/plan.ts';
import type { Residency } from '../model/model.ts';
import { crc32 } from '../records/crc32.ts';
import { ImageError, ImageView, type OperatorView, RESIDENCY_NAMES } from '../records/view.ts';
import { sourceKind } from '../sources/registry.ts';
import { sha256 } from './sha256.ts';

/** A copy of the image with its plans computed and its trailer and CRC made to fit. */
export function seal(image: Uint8Array): Uint8Array {
  const sealed = image.slice();
  const view = new ImageView(sealed);
  const put16 = (at: number, value: number) => view.data.setUint16(at, value, true);
  for (const program of view.programs) {
    const planned = plan(view, program);
    put16(program.at + F.PROGRAM_ARENA_AT, planned.arena);
    for (const [o, operator] of program.operators.entries()) {
      if (operator.source !== F.NONE) put16(operator.at + F.OPERATOR_SCRATCH_AT, planned.scratches[o]);
    }
    [...planned.tensors, ...planned.caches].forEach((value, i) => {
      put16(program.planAt + 2 * i, value);
    });
  }
  return signed(sealed);
}

/** The image itself, its trailer and CRC made to fit. */
export function signed(image: Uint8Array): Uint8Array {
  const view = new ImageView(image);
  const trailer = view.section(F.SECTION_TRAILER);
  if (trailer.offset + F.TLV_HEADER_BYTES + SHA256_BYTES > image.length)
    throw new ImageError('image has no whole trailer, so it cannot be changed; pack it again');
  image.set(digest(image, trailer.offset), trailer.offset + F.TLV_HEADER_BYTES);
  view.data.setUint32(F.HEADER_CRC_AT, crc32(image.subarray(F.HEADER_BYTES)), true);
  return image;
}

const SHA256_BYTES = 32;

/** SHA-256 of everything between header and trailer. */
export function digest(image: Uint8Array, trailerOffset: number): Uint8Array {
  return sha256(image.subarray(F.HEADER_BYTES, trailerOffset));
}

/** Per program and operator; null for an operator without weights. */
export type Residencies = readonly (readonly (Residency | null)[])[];

/**
 * The same image with the residency of every operator given, and its memory planned for it. Throws ImageError for an
 * operator that is left out, a residency without weights, or 'flash' for weights that are no stored INT8.
 */
export function withResidencies(image: Uint8Array, residencies: Residencies): Uint8Array {
  const view = new ImageView(image);
  const changed = image.slice();
  for (const [p, program] of view.programs.entries()) {
    for (const [o, operator] of program.operators.entries()) {
      const residency = residencies[p]?.[o];
      const fits = allowedResidencies(view, operator);
      if (residency === undefined || !fits.includes(residency)) {
        const expected = fits.map((name) => name ?? 'none').join(', ');
        throw new ImageError(`program ${p} operator ${o}: residency must be ${expected}, got ${residency ?? 'none'}`);
      }
      if (residency !== null) changed[operator.at + F.OPERATOR_RESIDENCY_AT] = RESIDENCY_NAMES.indexOf(residency);
    }
  }
  return seal(changed);
}

/** The residencies that an operator can have; null alone without weights. */
export function allowedResidencies(view: ImageView, { source }: OperatorView): readonly (Residency | null)[] {
  if (source === F.NONE) return [null];
  const record = view.sources[source];
  return sourceKind(record).isInPlace(record) ? RESIDENCY_NAMES : RESIDENCY_NAMES.filter((name) => name !== 'flash');
}

/**
 * The same image with every layer of one residency: those whose weights need materialising, and for 'boot' and
 * 'stream' nothing else (INT8 weights stay in flash). Throws for an unknown name.
 */
export function withResidency(image: Uint8Array, residency: Exclude<Residency, 'flash'>): Uint8Array {
  if (RESIDENCY_NAMES.indexOf(residency) < 1)
    throw new ImageError(`residency must be boot, lazy or stream, got "${residency}"`);
  return withResidencies(
    image,
    new ImageView(image).programs.map(({ operators }) =>
      operators.map((operator) => {
        if (operator.source === F.NONE) return null;
        return operator.residency === F.RESIDENCY_FLASH ? 'flash' : residency;
      }),
    ),
  );
}

/** Finishes an image whose records are written: residency, memory plan, SHA-256, CRC. */
import * as F from '../../assembly/format.ts';
import { FEW_OPERATORS, MAX_PLAN_UNIT } from '../../assembly/limits.ts';
import { ArenaTooLarge, type Plan, plan } from '../layout/plan.ts';
import type { Residency } from '../model/model.ts';
import { crc32 } from '../records/crc32.ts';
import { ImageError, ImageView, type OperatorView, type ProgramView, RESIDENCY_NAMES } from '../records/view.ts';
import { sourceKind } from '../sources/registry.ts';
import { sha256 } from './sha256.ts';

/** A copy of the image with its plans computed and its trailer and CRC made to fit. */
export function seal(image: Uint8Array): Uint8Array {
  const sealed = image.slice();
  const view = new ImageView(sealed);
  const put16 = (at: number, value: number) => view.data.setUint16(at, value, true);
  for (const program of view.programs) {
    const { grain, planned } = finest(view, program);
    put16(program.at + F.PROGRAM_OPERATORS_AT, program.operators.length | (Math.log2(grain) << F.PROGRAM_UNIT_BITS));
    put16(program.at + F.PROGRAM_ARENA_AT, planned.arena / grain);
    for (const [o, operator] of program.operators.entries()) {
      if (operator.source !== F.NONE) put16(operator.at + F.OPERATOR_SCRATCH_AT, planned.scratches[o] / grain);
    }
    [...planned.tensors, ...planned.caches].forEach((value, i) => {
      put16(program.planAt + 2 * i, value / grain);
    });
  }
  return signed(sealed);
}

/** The plan of a program in the smallest units that can describe it. */
function finest(view: ImageView, program: ProgramView): { grain: number; planned: Plan } {
  for (let grain = 1; ; grain *= 2) {
    try {
      return { grain, planned: plan(view, { ...program, grain }) };
    } catch (error) {
      if (!(error instanceof ArenaTooLarge) || 2 * grain * F.ARENA_UNIT > MAX_PLAN_UNIT) throw error;
    }
  }
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
      const fits = allowedResidencies(view, operator, o);
      if (residency === undefined || !fits.includes(residency)) {
        const expected = fits.map((name) => name ?? 'none').join(', ');
        throw new ImageError(`program ${p} operator ${o}: residency must be ${expected}, got ${residency ?? 'none'}`);
      }
      if (residency !== null) changed[operator.at + F.OPERATOR_RESIDENCY_AT] = RESIDENCY_NAMES.indexOf(residency);
    }
  }
  return seal(changed);
}

/** The residencies that an operator can have, by its place in the program; null alone without weights. */
export function allowedResidencies(
  view: ImageView,
  { source }: OperatorView,
  o: number,
): readonly (Residency | null)[] {
  if (source === F.NONE) return [null];
  const record = view.sources[source];
  const inPlace = sourceKind(record).isInPlace(record);
  return RESIDENCY_NAMES.filter((name) => {
    if (name === 'flash') return inPlace;
    return name === 'stream' || o < FEW_OPERATORS;
  });
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

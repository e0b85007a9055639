/**
 * Add-ons: programs for an image that is installed already, without the basis that they share with it.
 *
 *   0  "HTPA"   4  version u16   6  generators of the basis u16   8  SHA-256 of the basis   40  an image without it
 *
 * What follows is an image but for two things: its sources name generators of the other image, by their places there,
 * and behind those its own; memory is not planned. No device reads it: `addTo` joins it on a host.
 */

import { HEADER_BYTES, HEADER_CRC_AT, HEADER_TOTAL_AT } from '../../assembly/format.ts';
import type { TableEncoding } from '../arithmetic/channels.ts';
import type { Generator, Model } from '../model/model.ts';
import { ByteWriter } from '../records/bytes.ts';
import { crc32 } from '../records/crc32.ts';
import { ImageError, ImageView } from '../records/view.ts';
import { assembled, pack, packedGenerators } from './pack.ts';
import { asUnpacked, joined } from './programs.ts';
import { signed } from './seal.ts';
import { sha256 } from './sha256.ts';
import { generatorsOf, type Unpacked, unpack, unpackFor } from './unpack.ts';

const MAGIC = 'HTPA';
const VERSION = 2;
const BASIS_AT = 6;
const DIGEST_AT = 8;
const DIGEST_BYTES = 32;
const IMAGE_AT = DIGEST_AT + DIGEST_BYTES;

/** SHA-256 of what programs of an image share: of the bytes that its generators take, records and data. */
export function basisDigest(generators: readonly Generator[]): Uint8Array {
  const { records, data } = packedGenerators(generators);
  return sha256(new ByteWriter().bytes(records).bytes(data).finish());
}

/** Whether a file begins like an add-on. */
export const isAddOn = (bytes: Uint8Array): boolean => new TextDecoder('latin1').decode(bytes.subarray(0, 4)) === MAGIC;

/** The image with the programs of a model, whose first generators are those of the image, behind its own. */
export function packBehind(base: ImageView, addition: Model, tables?: TableEncoding): Uint8Array {
  const { model, ...options } = joined(unpack(base), asUnpacked(addition, tables));
  return pack(model, options);
}

/** The programs of a model whose first generators are those of an image, all of them and in their order. */
export function packAddOn({ generators, ...model }: Model, installed: number, tables?: TableEncoding): Uint8Array {
  const image = signed(assembled({ ...model, generators: generators.slice(installed) }, { made: generators, tables }));
  return new ByteWriter()
    .bytes(new TextEncoder().encode(MAGIC))
    .u16(VERSION)
    .u16(installed)
    .bytes(basisDigest(generators.slice(0, installed)))
    .bytes(image)
    .finish();
}

/**
 * The image, and what pack() must be told, with the programs of an add-on behind its own. Throws ImageError for bytes
 * that are no add-on or damaged, and for one to another basis.
 */
export function addTo(base: ImageView, addOn: Uint8Array): Unpacked {
  const installed = unpack(base);
  const { addition, basis } = read(addOn, installed.model.generators);
  return joined(installed, addition, basis);
}

/** An add-on to an image with these generators, and how many of them it is made from. */
function read(addOn: Uint8Array, installed: readonly Generator[]): { addition: Unpacked; basis: number } {
  if (!isAddOn(addOn) || addOn.length < IMAGE_AT + HEADER_BYTES)
    throw new ImageError(
      'expected an add-on, which begins with "HTPA", got another file; htpw train --add-on makes one',
    );
  const head = new DataView(addOn.buffer, addOn.byteOffset);
  const version = head.getUint16(4, true);
  if (version !== VERSION)
    throw new ImageError(`add-on has version ${version}, this release reads ${VERSION}; train it again`);
  const image = addOn.slice(IMAGE_AT);
  const header = new DataView(image.buffer);
  if (
    header.getUint32(HEADER_TOTAL_AT, true) !== image.length ||
    header.getUint32(HEADER_CRC_AT, true) !== crc32(image.subarray(HEADER_BYTES))
  )
    throw new ImageError('add-on is damaged: its size or CRC-32 is another than its header says; copy it again');
  const basis = head.getUint16(BASIS_AT, true);
  const generators = installed.slice(0, basis); // behind them may be those of other add-ons
  const [wanted, found] = [addOn.subarray(DIGEST_AT, IMAGE_AT), basisDigest(generators)].map(hex);
  if (wanted !== found)
    throw new ImageError(
      `add-on is for an image whose basis has SHA-256 ${wanted!.slice(0, 16)}..., got one with ` +
        `${generators.length > 0 ? `${found!.slice(0, 16)}...` : 'none'}; add it to the image that it was trained on`,
    );
  const view = new ImageView(image);
  return { addition: unpackFor(view, [...generators, ...generatorsOf(view)]), basis };
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

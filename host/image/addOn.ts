/**
 * Add-ons: programs for an image that is installed already, without the basis that they share with it.
 *
 *   0  "HTPA"   4  version u16   6  0 u16   8  SHA-256 of the basis   40  an image without generators
 *
 * What follows is an image but for three things: its sources name generators of the other image, by their places there;
 * it has no GENERATORS of its own; memory is not planned. No device reads it: `addTo` joins it on a host.
 */

import { HEADER_BYTES, HEADER_CRC_AT, HEADER_TOTAL_AT } from '../../assembly/format.ts';
import type { TableEncoding } from '../arithmetic/channels.ts';
import type { Generator, Model } from '../model/model.ts';
import { ByteWriter } from '../records/bytes.ts';
import { crc32 } from '../records/crc32.ts';
import { ImageError, ImageView } from '../records/view.ts';
import { assembled, packedGenerators } from './pack.ts';
import { joined } from './programs.ts';
import { signed } from './seal.ts';
import { sha256 } from './sha256.ts';
import { type Unpacked, unpack, unpackFor } from './unpack.ts';

const MAGIC = 'HTPA';
const VERSION = 1;
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

/** The programs of a model whose generators are those of an image, all of them and in their order. */
export function packAddOn({ generators, ...model }: Model, tables?: TableEncoding): Uint8Array {
  const image = signed(assembled({ ...model, generators: [] }, { made: generators, tables }));
  return new ByteWriter()
    .bytes(new TextEncoder().encode(MAGIC))
    .u16(VERSION)
    .u16(0)
    .bytes(basisDigest(generators))
    .bytes(image)
    .finish();
}

/**
 * The image, and what pack() must be told, with the programs of an add-on behind its own. Throws ImageError for bytes
 * that are no add-on or damaged, and for one to another basis.
 */
export function addTo(base: ImageView, addOn: Uint8Array): Unpacked {
  const installed = unpack(base);
  return joined(installed, read(addOn, installed.model.generators));
}

function read(addOn: Uint8Array, generators: readonly Generator[]): Unpacked {
  if (!isAddOn(addOn) || addOn.length < IMAGE_AT + HEADER_BYTES)
    throw new ImageError(
      'expected an add-on, which begins with "HTPA", got another file; htpw train --add-on makes one',
    );
  const version = new DataView(addOn.buffer, addOn.byteOffset).getUint16(4, true);
  if (version !== VERSION)
    throw new ImageError(`add-on has version ${version}, this release reads ${VERSION}; train it again`);
  const image = addOn.slice(IMAGE_AT);
  const header = new DataView(image.buffer);
  if (
    header.getUint32(HEADER_TOTAL_AT, true) !== image.length ||
    header.getUint32(HEADER_CRC_AT, true) !== crc32(image.subarray(HEADER_BYTES))
  )
    throw new ImageError('add-on is damaged: its size or CRC-32 is another than its header says; copy it again');
  const [wanted, found] = [addOn.subarray(DIGEST_AT, IMAGE_AT), basisDigest(generators)].map(hex);
  if (wanted !== found)
    throw new ImageError(
      `add-on is for an image whose basis has SHA-256 ${wanted!.slice(0, 16)}..., got one with ` +
        `${generators.length > 0 ? `${found!.slice(0, 16)}...` : 'none'}; add it to the image that it was trained on`,
    );
  return unpackFor(new ImageView(image), generators);
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

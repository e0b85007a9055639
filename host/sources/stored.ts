/** Weights that lie in the image: small integers packed into bytes, or INT8 coded without loss. */
import * as FEATURE from '../../assembly/features.ts';
import * as F from '../../assembly/format.ts';
import type { StoredSource } from '../model/model.ts';
import { ENCODING_CODES, encodingOf, packedBytes, packRows, unpackRows } from '../records/packed.ts';
import { decodeRice, encodeRice, riceBytes } from '../records/rice.ts';
import { generated, type Lossless, type SourceKind } from './source.ts';

/** What decoding its weights in every inference has to save of a layer's bytes. */
const LEAST_SAVING = 1 / 32;

/** Rows of a source coded without loss; null where that is not wanted or hardly takes fewer bytes. */
function codedRows(source: StoredSource, lossless: Lossless): Uint8Array | null {
  if (source.encoding !== 'int8') return null;
  if (typeof lossless === 'function' ? !lossless(source) : !lossless) return null;
  const bytes = encodeRice(source.values, source.rowLength);
  return bytes !== null && bytes.length <= (1 - LEAST_SAVING) * source.values.length ? bytes : null;
}

export const storedSource: SourceKind<StoredSource> = {
  code: 1,
  doc: {
    rows: 'As they lie in the image: INT8 to ternary, or INT8 coded without loss ([encodings](format.md#encodings)).',
    formulas: ['w[r][k] = values[r][k]'],
    fields: {
      SOURCE_ENCODING_AT: '`ENCODING_*`',
      SOURCE_GENERATOR_AT: '`NONE`',
      SOURCE_DATA_AT: 'values: INT8 on 4 bytes, coded without loss on 2',
      SOURCE_CRC_AT: 'of rows that are coded without loss, else 0',
    },
    bytes: { values: 'rows x bytes of a packed row, or what the code takes' },
  },
  materialize: ({ values }) => values,
  pack(source, _, lossless) {
    const coded = codedRows(source, lossless);
    if (coded !== null) return { ...generated(coded), encoding: F.ENCODING_RICE, alignment: F.RICE_UNIT };
    return {
      ...generated(packRows(source.values, source.rowLength, source.encoding)),
      encoding: ENCODING_CODES[source.encoding],
      alignment: source.encoding === 'int8' ? 4 : 1, // read in place, a word at a time
      made: false,
    };
  },
  unpack(image, { encoding: code, data, rows, rowLength }) {
    const at = image.section(F.SECTION_WEIGHTS).offset + data;
    if (code === F.ENCODING_RICE) {
      const values = decodeRice(image.bytes, at, rows, rowLength);
      return { kind: 'stored', encoding: 'int8', rows, rowLength, values };
    }
    const encoding = encodingOf(code);
    const packed = image.bytes.slice(at, at + rows * packedBytes(encoding, rowLength));
    return { kind: 'stored', encoding, rows, rowLength, values: unpackRows(packed, rowLength, encoding) };
  },
  describe: ({ encoding }) => (encoding === F.ENCODING_RICE ? 'int8 rice' : encodingOf(encoding)),
  pieces(image, { index, encoding, data, rows, rowLength }, use) {
    const at = image.section(F.SECTION_WEIGHTS).offset + data;
    const how =
      encoding === F.ENCODING_RICE ? `int8, rice: ${riceBytes(image.bytes, at, rows)} bytes` : encodingOf(encoding);
    return [{ offset: data, category: use, label: `source ${index}: ${rows} x ${rowLength} ${how}` }];
  },
  features: ({ encoding }) => [FEATURE.FEATURE_ENCODING + encoding],
  scratchBytes: () => 0,
  isInPlace: ({ encoding }) => encoding === F.ENCODING_INT8,
};

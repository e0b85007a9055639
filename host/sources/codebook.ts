/** Weights put together from entries of a codebook that layers share, each named by an index. */
import * as F from '../../assembly/format.ts';
import { ENCODING_CODES, indexEncoding, packIndices, unpackIndices } from '../records/packed.ts';
import { mlpScratch } from './mlp.ts';
import { type GeneratorKind, generated, generatorOf, NO_MLP, type SourceKind } from './source.ts';

/** Weights put together from a codebook's entries: in each row, entry after entry, the last cut to the row's length. */
export interface CodebookSource {
  kind: 'codebook';
  generator: number;
  rows: number;
  rowLength: number;
  /** [rows][ceil(rowLength / length)], each below the codebook's entries */
  indices: Uint8Array;
}

/** Entries that layers of all programs can share; up to 16 cost half a byte an index, up to 256 a whole one. */
export interface Codebook {
  kind: 'codebook';
  entries: number;
  /** weights in an entry, 1 to 255 */
  length: number;
  values: Int8Array; // [entries][length]
}

declare module '../model/model.ts' {
  interface WeightSources {
    codebook: CodebookSource;
  }
  interface Generators {
    codebook: Codebook;
  }
}

/** Indices of a row: the last entry is cut to the row's length. */
const rowIndices = (rowLength: number, entryLength: number): number => Math.ceil(rowLength / entryLength);

/** w[r][k] = entry[index[r][floor(k / length)]][k % length]. */
function rowsOfEntries(source: CodebookSource, { entries, length, values }: Codebook): Int8Array {
  const indices = rowIndices(source.rowLength, length);
  return Int8Array.from({ length: source.rows * source.rowLength }, (_, i) => {
    const r = Math.floor(i / source.rowLength);
    const k = i % source.rowLength;
    const index = source.indices[r * indices + Math.floor(k / length)];
    if (!(index < entries))
      throw new RangeError(`codebook source, row ${r}, weight ${k}: no entry ${index} of ${entries}`);
    return values[index * length + (k % length)];
  });
}

export const codebookSource: SourceKind<CodebookSource> = {
  code: 4,
  doc: {
    rows: 'Entry after entry of the codebook, each named by an index; the last one is cut to what is left of the row.',
    formulas: ['w[r][k] = entry[index[r][k / outputs]][k mod outputs]'],
    fields: {
      SOURCE_DATA_AT: 'indices, unsigned; every row begins on a byte, and a nibble that pads one is an index, too',
      GENERATOR_CODE_ENCODING_AT:
        'of indices: `ENCODING_INT8` is a byte, `INT4` a nibble, the first in the lowest bits',
      GENERATOR_CODE_LENGTH_AT: '0',
      GENERATOR_HIDDEN_AT: '0',
      GENERATOR_OUTPUTS_AT: 'weights in an entry',
      GENERATOR_BASIS_ROWS_AT: 'entries, at most 256, with nibbles 16',
      GENERATOR_BASIS_AT: 'entries, INT8, one behind the other; `pack` puts them on 4 bytes, for faster copies',
    },
    bytes: {
      indices: 'rows x bytes of the indices of a row',
      entries: 'entries x weights in an entry, once for all its sources',
    },
  },
  materialize: (source, generators) => rowsOfEntries(source, generatorOf(source, generators)),
  pack(source, generators) {
    const { length, entries } = generatorOf(source, generators);
    return generated(packIndices(source.indices, rowIndices(source.rowLength, length), entries));
  },
  unpack(image, { generator, rows, rowLength, data }, generators) {
    const common = { kind: 'codebook' as const, generator, rows, rowLength };
    const { entries, length } = generatorOf(common, generators);
    const at = image.section(F.SECTION_WEIGHTS).offset + data;
    return { ...common, indices: unpackIndices(image.bytes, at, rows, rowIndices(rowLength, length), entries) };
  },
  describe: ({ generator }) => `codebook ${generator}`,
  pieces(image, { index, generator, data, rows, rowLength }) {
    const { outputs, basisRows } = image.generators[generator];
    const indices = `${rowIndices(rowLength, outputs)} indices a row into ${basisRows} entries`;
    return [{ offset: data, category: 'indices', label: `source ${index}: ${rows} x ${rowLength}, ${indices}` }];
  },
  features: () => [],
  scratchBytes: (image, view) => mlpScratch(image, view, 0),
  isInPlace: () => false,
};

export const codebookGenerator: GeneratorKind<Codebook> = {
  pack({ entries, length, values }, data) {
    if (entries < 1 || entries > 256 || length < 1 || length > 255)
      throw new RangeError(`codebook: expected 1 to 256 entries of 1 to 255 weights, got ${entries} of ${length}`);
    const basis = data.align(4).size; // so that entries of four or two weights can be copied whole
    data.bytes(values);
    return {
      codeEncoding: ENCODING_CODES[indexEncoding(entries)],
      codeLength: 0,
      hidden: 0,
      outputs: length,
      basisEncoding: 0,
      basisRows: entries,
      basisColumns: 0,
      mlp: NO_MLP,
      basis,
    };
  },
  unpack(image, { basis, basisRows: entries, outputs: length }) {
    const at = image.section(F.SECTION_WEIGHTS).offset + basis;
    return { kind: 'codebook', entries, length, values: image.i8s(at, entries * length) };
  },
  pieces({ index, basis, basisRows, outputs }) {
    const label = `generator ${index}: codebook of ${basisRows} entries of ${outputs} weights`;
    return [{ offset: basis, category: 'codebook', label }];
  },
  features: () => [],
};

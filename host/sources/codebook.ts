/** Weights put together from entries of a codebook that layers share, each named by an index. */
import * as F from '../../assembly/format.ts';
import { generatorScratch } from '../../assembly/scratch.ts';
import type { Codebook, CodebookSource } from '../model/model.ts';
import { ENCODING_CODES, indexEncoding, packIndices, unpackIndices } from '../records/packed.ts';
import { type GeneratorKind, generated, generatorOf, NO_MLP, type SourceKind } from './source.ts';

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
  code: F.SOURCE_CODEBOOK,
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
  scratchBytes(image, { generator }) {
    const { codeLength, hidden, outputs } = image.generators[generator];
    return generatorScratch(codeLength, hidden, outputs, 0);
  },
  isInPlace: () => false,
};

export const codebookGenerator: GeneratorKind<Codebook> = {
  pack({ entries, length, values }, data) {
    if (entries < 1 || entries > 256 || length < 1 || length > 255)
      throw new RangeError(`codebook: expected 1 to 256 entries of 1 to 255 weights, got ${entries} of ${length}`);
    const basis = data.size;
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

/** All that the host must know of one kind of weight source, and of the generator that its weights come from. */
import type { QuantizedMultiplier } from '../arithmetic/fixed.ts';
import type { Generator, StoredSource, WeightSource } from '../model/model.ts';
import type { ByteWriter } from '../records/bytes.ts';
import type { Category } from '../records/categories.ts';
import type { GeneratorView, ImageView, SourceView } from '../records/view.ts';

export interface SourceKind<S extends WeightSource> {
  /** in records, as the file of assembly/weights/ has it; a generator has that of the sources it serves */
  code: number;
  doc: SourceDoc;
  /** All rows as INT8, [rows][rowLength]. Throws when source and generator do not belong together. */
  materialize(source: S, generators: readonly Generator[]): Int8Array;
  /** Throws RangeError for a value that its encoding has no level for. */
  pack(source: S, generators: readonly Generator[], lossless: Lossless): PackedSource;
  /** The source of a record that `open` has proved. */
  unpack(image: ImageView, view: SourceView, generators: readonly Generator[]): S;
  /** What its weights are, in a word or two: "int4", "basis 0". */
  describe(view: SourceView): string;
  /** What a record points to; `use` is what its first operator makes of stored weights. */
  pieces(image: ImageView, view: SourceView, use: Category): Piece[];
  /** FEATURE_* of assembly/features.ts that a record needs beside that of its kind. */
  features(view: SourceView): number[];
  /** Bytes of scratch that making its rows takes beside the rows. */
  scratchBytes(image: ImageView, view: SourceView): number;
  /** Whether flash holds the rows as INT8, so that kernels can read them there. */
  isInPlace(view: SourceView): boolean;
}

/** A field of a source's or a generator's record, by its constant in assembly/format.ts. */
export type RecordField = `SOURCE_${string}_AT` | `GENERATOR_${string}_AT`;

/** What docs/sources.md says of a kind. */
export interface SourceDoc {
  /** how its rows come about, in Markdown, and the same in formulas, a line each */
  rows: string;
  formulas: string[];
  /** what it makes of fields that not every kind has */
  fields: Partial<Record<RecordField, string>>;
  /** its bytes in WEIGHTS: what they are, and how many */
  bytes: Record<string, string>;
}

/** Weights that sources share: a micro-MLP, a basis, a codebook. */
export interface GeneratorKind<G extends Generator> {
  /** Appends what the record points to; throws RangeError for what does not fit the record. */
  pack(generator: G, data: ByteWriter): PackedGenerator;
  unpack(image: ImageView, view: GeneratorView): G;
  pieces(view: GeneratorView): Piece[];
  features(view: GeneratorView): number[];
}

/** Which stored INT8 weights are coded without loss, where that saves enough; see PackOptions. */
export type Lossless = boolean | ((source: StoredSource) => boolean);

/** A record of SOURCES as far as its kind decides, and the bytes that it points to. */
export interface PackedSource {
  /** ENCODING_* of stored weights, else 0 */
  encoding: number;
  /** of the bytes in WEIGHTS */
  alignment: number;
  bytes: Uint8Array;
  rowsPerCode: number;
  mix: QuantizedMultiplier;
  /** whether rows are made, so that a CRC-32 of them goes into the record */
  made: boolean;
}

/** A record of GENERATORS; offsets are in WEIGHTS. */
export interface PackedGenerator {
  codeEncoding: number;
  codeLength: number;
  hidden: number;
  outputs: number;
  basisEncoding: number;
  basisRows: number;
  basisColumns: number;
  mlp: PackedMlp;
  basis: number;
}

/** Where an MLP lies, and the numbers of its record. */
export interface PackedMlp {
  offset: number;
  biasShift1: number;
  biasShift2: number;
  factor1: QuantizedMultiplier;
  factor2: QuantizedMultiplier;
}

/** A part of WEIGHTS that begins at `offset` of it. */
export interface Piece {
  offset: number;
  category: Category;
  label: string;
}

const NO_FACTOR: QuantizedMultiplier = { multiplier: 0, shift: 0 };

/** A generated source whose record says no more than where its codes or indices lie. */
export function generated(bytes: Uint8Array): PackedSource {
  return { encoding: 0, alignment: 1, bytes, rowsPerCode: 0, mix: NO_FACTOR, made: true };
}

export const NO_MLP: PackedMlp = { offset: 0, biasShift1: 0, biasShift2: 0, factor1: NO_FACTOR, factor2: NO_FACTOR };

/** The generator of a source; throws where it is missing or of another kind. */
export function generatorOf<K extends Generator['kind']>(
  source: { kind: K; generator: number },
  generators: readonly Generator[],
): Extract<Generator, { kind: K }> {
  const generator = generators[source.generator];
  if (generator?.kind !== source.kind)
    throw new Error(`${source.kind} source: generator ${source.generator} is missing or of another kind`);
  return generator as Extract<Generator, { kind: K }>;
}

/** Every kind of weight source and generator; the compiler lists those that are missing. */
import { GENERATOR_BYTES } from '../../assembly/format.ts';
import type { Generator, Generators, WeightSource, WeightSources } from '../model/model.ts';
import { ByteWriter } from '../records/bytes.ts';
import { ImageError } from '../records/view.ts';
import { basisGenerator, basisSource } from './basis.ts';
import { codebookGenerator, codebookSource } from './codebook.ts';
import { factoredGenerator, factoredSource } from './factored.ts';
import { randomGenerator, randomSource } from './random.ts';
import type { GeneratorKind, SourceKind } from './source.ts';
import { storedSource } from './stored.ts';
import { tileGenerator, tileSource } from './tile.ts';

// as in host/operators/registry.ts
export type { BasisGenerator, BasisSource } from './basis.ts';
export type { Codebook, CodebookSource } from './codebook.ts';
export type { Factor, FactoredSource } from './factored.ts';
export type { MixedSource } from './mix.ts';
export type { Mlp } from './mlp.ts';
export type { RandomGenerator, RandomSource } from './random.ts';
export type { TileGenerator, TileSource } from './tile.ts';

export const SOURCES: { [K in keyof WeightSources]: SourceKind<WeightSources[K]> } = {
  stored: storedSource,
  basis: basisSource,
  tile: tileSource,
  codebook: codebookSource,
  random: randomSource,
  factored: factoredSource,
};

/** A generator goes by the kind of the sources that it serves. */
export const GENERATORS: { [K in keyof Generators]: GeneratorKind<Generators[K]> } = {
  basis: basisGenerator,
  tile: tileGenerator,
  codebook: codebookGenerator,
  random: randomGenerator,
  factored: factoredGenerator,
};

const NAMES = new Map(Object.entries(SOURCES).map(([name, { code }]) => [code, name as WeightSource['kind']]));

/** What is known of a source in an image; throws ImageError for a code that none has. */
export function sourceKind({ at, kind }: { at: number; kind: number }): SourceKind<WeightSource> {
  return SOURCES[nameOf({ at, kind })];
}

/** The same of a generator. */
export function generatorKind({ at, kind }: { at: number; kind: number }): GeneratorKind<Generator> {
  const name = nameOf({ at, kind });
  if (!(name in GENERATORS)) throw new ImageError(`generator at offset ${at}: ${name} weights have none`);
  return GENERATORS[name as Generator['kind']];
}

/** The kind of a source or generator in an image; throws as sourceKind does. */
export function nameOf({ at, kind: code }: { at: number; kind: number }): WeightSource['kind'] {
  const name = NAMES.get(code);
  if (name === undefined) throw new ImageError(`record at offset ${at}: no weight source has the code ${code}`);
  return name;
}

/** All rows of a source, [rows][rowLength]. Throws when source and generator do not belong together. */
export function materialize(source: WeightSource, generators: readonly Generator[]): Int8Array {
  const kind: SourceKind<WeightSource> = SOURCES[source.kind];
  return kind.materialize(source, generators);
}

/** Bytes of a source's values, codes or indices in an image, where nothing is coded without loss. */
export function sourceBytes(source: WeightSource, generators: readonly Generator[]): number {
  const kind: SourceKind<WeightSource> = SOURCES[source.kind];
  return kind.pack(source, generators, false).bytes.length;
}

/** Bytes of a generator in an image, with its record; 0 for none. */
export function generatorBytes(generator: Generator | null): number {
  if (generator === null) return 0;
  const kind: GeneratorKind<Generator> = GENERATORS[generator.kind];
  const data = new ByteWriter();
  kind.pack(generator, data);
  return GENERATOR_BYTES + data.size;
}

/**
 * What tests know of each kind of weight source: a file of test/sources/ for each, found by listing that folder. From
 * here it goes to the table of shapes, to damaged images, to what an operator may read, and through pack and unpack.
 */
import { readdirSync } from 'node:fs';
import type { Generators, WeightSource, WeightSources } from '../host/model/model.ts';
import type { GeneratorView, ImageView, SourceView } from '../host/records/view.ts';
import type { Range } from './reach.ts';
import { ModelBuilder } from './zoo.ts';

/** Changes an image; its CRC is made right afterwards. */
export type Edit = (data: DataView) => void;
/** One precise wrong value, and how `open` refuses it: with a status, at an offset. */
export type Wrong = [what: string, edit: Edit, status: number, offset: number];

export interface SourceFixture<K extends keyof WeightSources> {
  /** Ways to make weights, by the name that they have in the table of shapes; each adds one source to the model. */
  ways: Record<string, (b: ModelBuilder, rows: number, rowLength: number) => void>;
  /** Numbers that weights are made of, with the levels of their encoding: the table sets them to their limits. */
  numbers(
    source: WeightSources[K],
    generator: K extends keyof Generators ? Generators[K] : undefined,
  ): [values: Int8Array, levels: readonly number[]][];
  /** What of WEIGHTS may be read to make the rows of a source. */
  reach(source: SourceView, generator: GeneratorView, image: ImageView): Range[];
  /** Layers that `wrong` damages, each with weights of this kind. */
  layers(b: ModelBuilder): void;
  wrong(image: ImageView): Wrong[];
  /** What holds of this kind alone: a sentence, and what throws where it does not. */
  claims?: Record<string, () => void>;
}

type Fixtures = { [K in keyof WeightSources]: SourceFixture<K> };

const folder = new URL('./sources/', import.meta.url);
const names = readdirSync(folder).map((file) => file.replace('.ts', ''));

/** By kind. */
export const FIXTURES = Object.fromEntries(
  await Promise.all(names.sort().map(async (name) => [name, (await import(`${folder.href}${name}.ts`)).default])),
) as Fixtures;

/** All ways to make weights. */
export const WAYS = Object.assign({}, ...Object.values(FIXTURES).map(({ ways }) => ways)) as Record<
  string,
  SourceFixture<WeightSource['kind']>['ways'][string]
>;

/** A chain of layers with weights of a kind, or of all of them. */
export function ofSources(seed: number, kinds = Object.keys(FIXTURES) as WeightSource['kind'][]): ModelBuilder {
  const b = new ModelBuilder(seed, [1, 3, 11]);
  for (const kind of kinds) FIXTURES[kind].layers(b);
  return b;
}

/** Images taken apart into their programs, and programs of any images joined in one; what is alike is there once. */
import { metadataOf } from '../image/programs.ts';
import type { Unpacked } from '../image/unpack.ts';
import type {
  Generator,
  Metadata,
  Operator,
  ProgramMetadata,
  StoredSource,
  WeightedOperator,
  WeightSource,
} from '../model/model.ts';
import { metadataAt, nameAt } from '../records/names.ts';
import { ImageError } from '../records/view.ts';

/** Each program of a model by itself, with the sources and generators that it uses, and what the metadata say of it. */
export function programsOf({ model, tables, lossless }: Unpacked): Unpacked[] {
  return model.programs.map((program, p) => {
    const [sources, generators] = [new Places<WeightSource>(), new Places<Generator>()];
    const operators = program.operators.map((operator) =>
      'source' in operator ? { ...operator, source: sources.of(model.sources[operator.source]!) } : operator,
    );
    const given = new Map<WeightSource, StoredSource>();
    const own = sources.all.map((source) => {
      const placed =
        'generator' in source
          ? { ...source, generator: generators.of(model.generators[source.generator]!) }
          : { ...source };
      if (source.kind === 'stored') given.set(placed, source);
      return placed;
    });
    const original = new Map<Operator, Operator>(operators.map((operator, o) => [operator, program.operators[o]!]));
    const metadata: ProgramMetadata = { ...metadataAt(model.metadata, p), name: nameAt(model.metadata, p) };
    return {
      model: { programs: [{ ...program, operators }], sources: own, generators: generators.all, metadata },
      tables: (operator) => tables((original.get(operator) ?? operator) as WeightedOperator),
      lossless: (source) => lossless(given.get(source) ?? source),
    };
  });
}

/** Things in the order in which they were asked for, each once. */
class Places<T> {
  readonly all: T[] = [];

  of(thing: T): number {
    const at = this.all.indexOf(thing);
    return at >= 0 ? at : this.all.push(thing) - 1;
  }
}

/** A model of one program under another name. Throws ImageError for one of several. */
export function renamed(unpacked: Unpacked, name: string): Unpacked {
  const { model } = unpacked;
  if (model.programs.length !== 1)
    throw new ImageError(
      `expected one program to call "${name}", got ${model.programs.length}; leave the name out, they have their own`,
    );
  const metadata: ProgramMetadata = { ...metadataAt(model.metadata, 0), name };
  return { ...unpacked, model: { ...model, metadata } };
}

/** What joining saved: sources and generators that another program has, too. */
export interface Shared {
  sources: number;
  generators: number;
}

/**
 * One model of all programs, in the order given. Weights, recipes and generators of the same values are one record for
 * all that use them. Throws ImageError where two programs have the same name.
 */
export function joinPrograms(parts: readonly Unpacked[], name: string): Unpacked & { shared: Shared } {
  assertNames(parts.flatMap(({ model }) => model.programs.map((_, p) => nameAt(model.metadata, p))));
  const [sources, generators] = [new Alike<WeightSource>(), new Alike<Generator>()];
  const tablesOf = new Map<Operator, () => ReturnType<Unpacked['tables']>>();
  const losslessOf = new Map<WeightSource, boolean>();
  const programs = parts.flatMap(({ model, tables, lossless }) => {
    const generatorAt = model.generators.map((generator) => generators.of(generator, keyOf(generator)));
    const sourceAt = model.sources.map((source) => {
      const moved = 'generator' in source ? { ...source, generator: generatorAt[source.generator]! } : source;
      const coded = source.kind === 'stored' && lossless(source);
      const place = sources.of(moved, `${keyOf(moved)} ${coded}`);
      losslessOf.set(sources.all[place]!, coded);
      return place;
    });
    return model.programs.map((program) => ({
      ...program,
      operators: program.operators.map((operator) => {
        if (!('source' in operator)) return operator;
        const moved = { ...operator, source: sourceAt[operator.source]! };
        tablesOf.set(moved, () => tables(operator));
        return moved;
      }),
    }));
  });
  const said = parts.flatMap(({ model }) =>
    model.programs.map(
      (_, p): ProgramMetadata => ({ ...metadataAt(model.metadata, p), name: nameAt(model.metadata, p) }),
    ),
  );
  const metadata: Metadata = metadataOf(said, name);
  return {
    model: { programs, sources: sources.all, generators: generators.all, metadata },
    tables: (operator) => tablesOf.get(operator)?.() ?? 'compact',
    lossless: (source) => losslessOf.get(source) ?? false,
    shared: { sources: sources.saved, generators: generators.saved },
  };
}

/** Programs behind those of an image, whose records and bytes stay where they are. */
export function joinOnto(base: Unpacked, parts: readonly Unpacked[]): Unpacked & { shared: Shared } {
  const { name } = base.model.metadata;
  return joinPrograms([base, ...parts], typeof name === 'string' ? name : 'joined');
}

function assertNames(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new ImageError(
      `join: expected programs of different names, got two called "${twice}"; give one another, as in ${twice}-2=FILE`,
    );
}

/** Things of different values, each once. */
class Alike<T> {
  readonly all: T[] = [];
  saved = 0;
  private readonly places = new Map<string, number>();

  of(thing: T, key: string): number {
    const known = this.places.get(key);
    if (known !== undefined) {
      this.saved++;
      return known;
    }
    this.places.set(key, this.all.length);
    return this.all.push(thing) - 1;
  }
}

/** The same for all things of the same values: fields in the order of their names, typed arrays as their numbers. */
function keyOf(thing: object): string {
  return JSON.stringify(thing, (_, value: unknown) => {
    if (ArrayBuffer.isView(value)) return Array.from(value as Int8Array).join();
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

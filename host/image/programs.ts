/** Models of several programs: what their metadata say of each, and programs joined to an image that has their basis. */
import type { TableEncoding } from '../arithmetic/channels.ts';
import type { Metadata, Model, Operator, ProgramMetadata, WeightedOperator } from '../model/model.ts';
import { metadataAt, nameAt } from '../records/names.ts';
import { ImageError } from '../records/view.ts';
import type { Unpacked } from './unpack.ts';

/** Of programs of one model: a single one speaks for the model, several stand in a list. */
export function metadataOf(programs: readonly ProgramMetadata[], name: string): Metadata {
  const [first, ...others] = programs;
  return first && others.length === 0 ? { ...first } : { name, programs: [...programs] };
}

/** A model that was just made, as if it had been an image that was packed with such tables. */
export const asUnpacked = (model: Model, tables: TableEncoding = 'compact'): Unpacked => ({
  model,
  tables: () => tables,
  lossless: () => false,
});

/**
 * The programs of another model behind those of an image. The first `basis` generators of the other are those of the
 * image, at their places; what it has of its own comes behind all that the image has. Throws ImageError for a program of
 * a name that the image has.
 */
export function joined(base: Unpacked, addition: Unpacked, basis = base.model.generators.length): Unpacked {
  const first = base.model.sources.length;
  const further = base.model.generators.length - basis;
  const originals = new Map<Operator, WeightedOperator>();
  const moved = (operator: Operator): Operator => {
    if (!('source' in operator)) return operator;
    const copy = { ...operator, source: operator.source + first };
    originals.set(copy, operator);
    return copy;
  };
  const { programs, generators } = addition.model;
  const sources = addition.model.sources.map((source) =>
    'generator' in source && source.generator >= basis ? { ...source, generator: source.generator + further } : source,
  );
  return {
    model: {
      programs: [
        ...base.model.programs,
        ...programs.map((program) => ({ ...program, operators: program.operators.map(moved) })),
      ],
      sources: [...base.model.sources, ...sources],
      generators: [...base.model.generators, ...generators.slice(basis)],
      metadata: metadataTogether(base.model, addition.model),
    },
    tables(operator) {
      const original = originals.get(operator);
      return original ? addition.tables(original) : base.tables(operator);
    },
    lossless: (source) => (sources.includes(source) ? addition : base).lossless(source),
  };
}

/** Those of each program in a list, behind what the first say of the image as a whole. */
function metadataTogether(base: Model, addition: Model): Metadata {
  const [installed, added] = [base, addition].map(({ programs, metadata }) =>
    programs.map((_, i): ProgramMetadata => ({ ...metadataAt(metadata, i), name: nameAt(metadata, i) })),
  ) as [ProgramMetadata[], ProgramMetadata[]];
  const names = installed.map(({ name }) => name);
  const twice = added.find(({ name }) => names.includes(name));
  if (twice)
    throw new ImageError(
      `expected a program of another name than ${names.join(', ')}, got another "${twice.name}"; train it under another`,
    );
  const general = Array.isArray(base.metadata.programs) ? base.metadata : { name: names[0]! };
  return { ...general, programs: [...installed, ...added] };
}

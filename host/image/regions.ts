/** Every byte of an image by what it is for: the regions tile the file, so their sizes sum to its length. */
import * as F from '../../assembly/format.ts';
import { kindOf, OPERATOR_NAMES } from '../operators/registry.ts';
import { CATEGORIES, type Category, RARE } from '../records/categories.ts';
import type { ImageView } from '../records/view.ts';
import { generatorKind, sourceKind } from '../sources/registry.ts';

/** A run of bytes of an image with one meaning; all of them together tile the image. */
export interface Region {
  offset: number;
  bytes: number;
  category: Category;
  /** what a reader of a hex dump wants to know */
  label: string;
  /** numbers of the programs that use it; none for what is of the image as a whole */
  programs: readonly number[];
}

/**
 * Regions in file order. Padding belongs to the region before it; data that nothing refers to is counted with its
 * neighbour, and is no error.
 */
export function regionsOf(image: ImageView): Region[] {
  const starts: Omit<Region, 'bytes'>[] = [];
  const add = (offset: number, category: Category, label: string, programs: readonly number[] = []) =>
    starts.push({ offset, category, label, programs });
  const users = usersOf(image);

  add(0, 'header', 'header: magic, version, sizes, CRC-32, counts');
  add(F.HEADER_BYTES, 'header', `section table, ${image.sections.length} entries`);
  image.programs.forEach((program, p) => {
    add(program.at, 'program', `program ${p}: counts, arena and scratch`, [p]);
    add(
      program.at + F.PROGRAM_HEADER_BYTES,
      'program',
      `${program.tensors.length} tensors: height, width, channels, type, zero point`,
      [p],
    );
    add(program.inputs[0]?.at ?? program.planAt, 'program', 'inputs and outputs: tensor, scale', [p]);
    program.operators.forEach((operator, o) => {
      add(operator.at, 'program', `operator ${o}: ${OPERATOR_NAMES[operator.kind]}`, [p]);
    });
    add(program.planAt, 'plan', 'arena offsets of tensors and caches, in units of 16', [p]);
  });
  addSection(F.SECTION_SOURCES, 'program', 'weight source');
  addSection(F.SECTION_GENERATORS, 'generator', 'generator record');
  const tables = image.section(F.SECTION_TABLES);
  if (tables.size > 0) add(tables.offset, 'quantisation tables', 'quantisation tables and operator parameters');
  addTables();
  addWeights();
  addSection(F.SECTION_METADATA, 'metadata', 'metadata, JSON');
  addSection(F.SECTION_TRAILER, 'trailer', 'trailer: SHA-256');

  starts.sort((a, b) => a.offset - b.offset);
  const kept = starts.filter((start, i) => starts[i + 1]?.offset !== start.offset);
  return kept.map((start, i) => ({ ...start, bytes: (kept[i + 1]?.offset ?? image.bytes.length) - start.offset }));

  function addSection(kind: number, category: Category, label: string): void {
    const { offset, size } = image.section(kind);
    if (size === 0) return;
    const records =
      kind === F.SECTION_SOURCES ? image.sources : kind === F.SECTION_GENERATORS ? image.generators : null;
    if (records === null) add(offset, category, label);
    const used = kind === F.SECTION_SOURCES ? users.sources : users.generators;
    records?.forEach((record, i) => {
      add(record.at, category, `${label} ${i}`, used[i]);
    });
  }

  function addTables(): void {
    image.programs.forEach((program, p) => {
      program.operators.forEach((operator, o) => {
        if (operator.table !== F.NO_TABLE)
          add(
            tables.offset + operator.table,
            'quantisation tables',
            `table of operator ${o} (${OPERATOR_NAMES[operator.kind]})`,
            [p],
          );
      });
    });
  }

  function addWeights(): void {
    const base = image.section(F.SECTION_WEIGHTS).offset;
    for (const view of image.generators)
      for (const { offset, category, label } of generatorKind(view).pieces(view))
        add(base + offset, category, label, users.generators[view.index]);
    for (const view of image.sources)
      for (const { offset, category, label } of sourceKind(view).pieces(image, view, storedCategory(view.index)))
        add(base + offset, category, label, users.sources[view.index]);
  }

  /** By the first operator that uses the source: the first convolution is the stem, the first pointwise PW1. */
  function storedCategory(source: number): Category {
    for (const { operators } of image.programs) {
      const at = operators.findIndex((operator) => operator.source === source);
      if (at < 0) continue;
      const kind = kindOf(operators[at]);
      const first = operators.findIndex((operator) => operator.kind === kind.code) === at;
      if ('category' in kind) return kind.category(first);
    }
    return 'pointwise';
  }
}

/** Per source and generator: the programs whose operators are made from it. */
function usersOf({ programs, sources, generators }: ImageView): { sources: number[][]; generators: number[][] } {
  const uses = (p: number, source: number): boolean => programs[p].operators.some((each) => each.source === source);
  const all = programs.map((_, p) => p);
  const ofSources = sources.map((_, i) => all.filter((p) => uses(p, i)));
  const ofGenerators = generators.map((_, g) =>
    all.filter((p) => sources.some(({ generator }, i) => generator === g && ofSources[i].includes(p))),
  );
  return { sources: ofSources, generators: ofGenerators };
}

/** Bytes of a program: those that it alone uses, and those that it shares with others, by their numbers. */
export interface ProgramBytes {
  own: number;
  /** its own, as bytesByCategory */
  categories: Record<string, number>;
  shared: number;
  with: number[];
}

const isShared = ({ programs }: Region): boolean => programs.length > 1;

/** Of every program. What belongs to the image as a whole (header, metadata, trailer) is in none. */
export function bytesByProgram(image: ImageView): ProgramBytes[] {
  const regions = regionsOf(image);
  return image.programs.map((_, p) => {
    const used = regions.filter(({ programs }) => programs.includes(p));
    const sum = (some: Region[]): number => some.reduce((total, { bytes }) => total + bytes, 0);
    const [own, shared] = [used.filter(({ programs }) => programs.length === 1), used.filter(isShared)];
    const others = new Set(shared.flatMap(({ programs }) => programs));
    others.delete(p);
    const categories = bytesByCategory(own);
    return { own: sum(own), categories, shared: sum(shared), with: [...others].sort((a, b) => a - b) };
  });
}

/** Bytes by category; every category of CATEGORIES is there, those that few images have only when used. */
export function bytesByCategory(regions: readonly Region[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const category of CATEGORIES) {
    if (!RARE.has(category)) sums[category] = 0;
  }
  for (const { category, bytes } of regions) sums[category] = (sums[category] ?? 0) + bytes;
  return sums;
}

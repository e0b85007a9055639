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
}

/**
 * Regions in file order. Padding belongs to the region before it; data that nothing refers to is counted with its
 * neighbour, and is no error.
 */
export function regionsOf(image: ImageView): Region[] {
  const starts: Omit<Region, 'bytes'>[] = [];
  const add = (offset: number, category: Category, label: string) => starts.push({ offset, category, label });

  add(0, 'header', 'header: magic, version, sizes, CRC-32, counts');
  add(F.HEADER_BYTES, 'header', `section table, ${image.sections.length} entries`);
  image.programs.forEach((program, p) => {
    add(program.at, 'program', `program ${p}: counts, arena and scratch`);
    add(
      program.at + F.PROGRAM_HEADER_BYTES,
      'program',
      `${program.tensors.length} tensors: height, width, channels, type, zero point`,
    );
    add(program.inputs[0]?.at ?? program.planAt, 'program', 'inputs and outputs: tensor, scale');
    program.operators.forEach((operator, o) => {
      add(operator.at, 'program', `operator ${o}: ${OPERATOR_NAMES[operator.kind]}`);
    });
    add(program.planAt, 'plan', 'arena offsets of tensors and caches, in units of 16');
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
    records?.forEach((record, i) => {
      add(record.at, category, `${label} ${i}`);
    });
  }

  function addTables(): void {
    image.programs.forEach((program) => {
      program.operators.forEach((operator, o) => {
        if (operator.table !== F.NO_TABLE)
          add(
            tables.offset + operator.table,
            'quantisation tables',
            `table of operator ${o} (${OPERATOR_NAMES[operator.kind]})`,
          );
      });
    });
  }

  function addWeights(): void {
    const base = image.section(F.SECTION_WEIGHTS).offset;
    const pieces = [
      ...image.generators.flatMap((view) => generatorKind(view).pieces(view)),
      ...image.sources.flatMap((view) => sourceKind(view).pieces(image, view, storedCategory(view.index))),
    ];
    for (const { offset, category, label } of pieces) add(base + offset, category, label);
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

/** Bytes by category; every category of CATEGORIES is there, those that few images have only when used. */
export function bytesByCategory(regions: readonly Region[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const category of CATEGORIES) {
    if (!RARE.has(category)) sums[category] = 0;
  }
  for (const { category, bytes } of regions) sums[category] = (sums[category] ?? 0) + bytes;
  return sums;
}

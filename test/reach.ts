/**
 * What an operator may read and write, byte for byte, from the records of an image: everything else is out of reach.
 */
import * as F from '../assembly/format.ts';
import { scratchBytes } from '../host/layout/scratch.ts';
import { keptBy, kindOf, OPERATORS } from '../host/operators/registry.ts';
import type { ImageView, OperatorView, ProgramView, SourceView } from '../host/records/view.ts';
import { nameOf } from '../host/sources/registry.ts';
import { FIXTURES } from './sources.ts';

/** Offset and bytes. */
export type Range = [at: number, bytes: number];

export interface Reach {
  /** in the arena: the runtime's state, and the tensors that the operator reads or keeps */
  reads: Range[];
  /** in the arena: the tensor that it makes */
  output: Range;
  /** in the arena: only as much of the scratch as this operator asks for */
  scratch: Range;
  /** in the arena: where its weights are kept, if they are */
  cache: Range[];
  /** in the arena: what it keeps from one inference to the next, which it begins at load */
  state: Range[];
  /** in the image: records, the operator's table, its weights or what they are generated from */
  image: Range[];
}

/** Of operator `index` of a program. */
export function reachOf(image: ImageView, program: ProgramView, index: number): Reach {
  const operator = program.operators[index];
  const works = operator.kind === OPERATORS.logMel.code; // in its second tensor
  const kept = keptBy(operator);
  const inputs =
    operator.input2 === F.NONE || works || kept === operator.input2
      ? [operator.input]
      : [operator.input, operator.input2];
  // what a copy does not write, its output keeps
  if (operator.kind === OPERATORS.copy.code) inputs.push(operator.output);
  const cached = operator.residency === F.RESIDENCY_BOOT || operator.residency === F.RESIDENCY_LAZY;
  const { rows, rowLength } = cached ? image.sources[operator.source] : { rows: 0, rowLength: 0 };
  return {
    reads: [[0, F.ARENA_HEADER_BYTES], ...inputs.map((t) => placeOf(image, program, t))],
    output: placeOf(image, program, operator.output),
    scratch: works
      ? placeOf(image, program, operator.input2)
      : [operator.scratch * F.ARENA_UNIT, scratchBytes(image, program, operator)],
    state: kept === null ? [] : [placeOf(image, program, kept)],
    cache: cached ? [[planned(image, program, program.tensors.length + index), rows * rowLength]] : [],
    image: imageReach(image, program, operator),
  };
}

/** Of a tensor, in the arena. */
export function placeOf(image: ImageView, program: ProgramView, tensor: number): Range {
  return [planned(image, program, tensor), program.tensors[tensor].bytes];
}

/** Offset in the arena of an entry of the plan. */
function planned(image: ImageView, program: ProgramView, entry: number): number {
  return image.u16(program.planAt + 2 * entry) * F.ARENA_UNIT;
}

function imageReach(image: ImageView, program: ProgramView, operator: OperatorView): Range[] {
  const tables = image.section(F.SECTION_TABLES).offset;
  const ranges: Range[] = [[0, tables]];
  const table = tableBytes(image, program, operator);
  if (table > 0) ranges.push([tables + operator.table, table]);
  if (operator.source !== F.NONE) ranges.push(...weightReach(image, image.sources[operator.source]));
  return ranges;
}

function tableBytes(image: ImageView, program: ProgramView, operator: OperatorView): number {
  const { kind, encoding, output, table } = operator;
  const { channels } = program.tensors[output];
  if (encoding === F.TABLE_COMPACT) return F.COMPACT_BYTES_PER_CHANNEL * channels;
  if (encoding === F.TABLE_SHORT) return F.SHORT_BYTES_PER_CHANNEL * channels;
  if (encoding === F.TABLE_Q31) return F.Q31_BYTES_PER_CHANNEL * channels;
  if (encoding === F.TABLE_UNIFORM) return F.UNIFORM_HEADER_BYTES + F.UNIFORM_BYTES_PER_CHANNEL * channels;
  const known = kindOf({ at: 0, kind });
  if (!('parameters' in known) || known.parameters === undefined) return 0;
  // with what stands behind them, to the end of the section: one operator a row
  if (known.parameters.behind) return image.section(F.SECTION_TABLES).size - table;
  return 4 * known.parameters.words;
}

function weightReach(image: ImageView, source: SourceView): Range[] {
  const { offset } = image.section(F.SECTION_WEIGHTS);
  const fixture = FIXTURES[nameOf(source)];
  return fixture.reach(source, image.generators[source.generator], image).map(([at, bytes]) => [offset + at, bytes]);
}

/** Every operator of a program with what it is made of and what it costs. */
import { NO_TABLE, SECTION_TABLES, SECTION_WEIGHTS } from '../../assembly/format.ts';
import { regionsOf } from '../image/regions.ts';
import { sourceMacs } from '../model/weights.ts';
import { operatorNames } from '../operators/names.ts';
import { OPERATOR_NAMES } from '../operators/registry.ts';
import { type ImageView, RESIDENCY_NAMES } from '../records/view.ts';
import { sourceKind } from '../sources/registry.ts';

export interface Layer {
  /** PW1, PW2 ... */
  name: string;
  kind: string;
  /** "25x5x64" */
  output: string;
  /** of its weights, in words; null for an operator without */
  source: string | null;
  residency: string | null;
  /** of its weights and its table in the image; generators and what layers share are not counted */
  bytes: number;
  multiplyAccumulates: number;
}

/** All operators of a program, in order. */
export function layersOf(view: ImageView, program: number): Layer[] {
  const { operators, tensors } = view.programs[program]!;
  const names = operatorNames(view.programs[program]!);
  const sizes = new Map(regionsOf(view).map(({ offset, bytes }) => [offset, bytes]));
  const at = (offset: number): number => sizes.get(offset) ?? 0;
  const tables = view.section(SECTION_TABLES).offset;
  const weights = view.section(SECTION_WEIGHTS).offset;
  return operators.map((operator, o) => {
    const source = view.sources[operator.source];
    const { height, width, channels } = tensors[operator.output]!;
    const pieces = source ? sourceKind(source).pieces(view, source, 'pointwise') : [];
    const stored = pieces.reduce((sum, { offset }) => sum + at(weights + offset), 0);
    return {
      name: names[o]!,
      kind: OPERATOR_NAMES[operator.kind]!,
      output: `${height}x${width}x${channels}`,
      source: source ? `${source.rows}x${source.rowLength} ${sourceKind(source).describe(source)}` : null,
      residency: source ? RESIDENCY_NAMES[operator.residency]! : null,
      bytes: stored + (operator.table === NO_TABLE ? 0 : at(tables + operator.table)),
      multiplyAccumulates: source ? sourceMacs(tensors[operator.output]!, source) : 0,
    };
  });
}

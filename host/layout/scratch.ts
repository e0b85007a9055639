/** What an operator needs of the arena beside its tensors: scratch while it runs, a cache of its weights. */
import * as F from '../../assembly/format.ts';
import { rowScratch, tableScratch, workScratch } from '../../assembly/scratch.ts';
import { type ImageView, type OperatorView, type ProgramView, RESIDENCY_NAMES } from '../records/view.ts';
import { sourceKind } from '../sources/registry.ts';
import { units } from './lifetimes.ts';

/** Scratch of one operator, in bytes; the same sum as in assembly/weights/residency.ts. */
export function scratchBytes(image: ImageView, program: ProgramView, operator: OperatorView): number {
  if (operator.source === F.NONE) return 0;
  const source = image.sources[operator.source];
  const { height, width, channels } = program.tensors[operator.output];
  return (
    tableScratch(operator.kind, operator.residency, channels, source.rowLength) +
    workScratch(operator.kind, source.rowLength, height, width, ...operator.kernel, ...operator.stride) +
    rowScratch(operator.kind, operator.residency, source.rows, source.rowLength) +
    sourceKind(source).scratchBytes(image, source)
  );
}

/** Scratch that an operator needs in any residency that its weights allow. */
export function leastScratch(image: ImageView, program: ProgramView, operator: OperatorView): number {
  return Math.min(...RESIDENCY_NAMES.map((_, residency) => scratchBytes(image, program, { ...operator, residency })));
}

/** Whether the weights of an operator are kept as INT8. */
export function isCached({ source, residency }: OperatorView): boolean {
  return source !== F.NONE && (residency === F.RESIDENCY_BOOT || residency === F.RESIDENCY_LAZY);
}

/** ARENA_UNITs of a layer's weights as INT8. */
export function cacheUnits(image: ImageView, { grain }: ProgramView, { source }: OperatorView): number {
  const { rows, rowLength } = image.sources[source];
  return units(rows * rowLength, grain);
}

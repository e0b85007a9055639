/**
 * How an operator with weights runs: some output channels at a time, often all of them (channelsAtOnce). Their table goes
 * into scratch, their weights too where those cannot be read in place; then comes the kernel.
 */
import { boundSource, boundTables, scratchOf } from '../arena.ts';
import { FEATURE_PADDED_ROWS } from '../features.ts';
import * as F from '../format.ts';
import { isKind, operatorKind, operatorResidency, sourceRowLength, tensorChannels, tensorPositions } from '../image.ts';
import { uses } from '../intrinsics/core.ts';
import { copy } from '../memory.ts';
import { channelsAtOnce, roundUp4, TABLE_ROW_BYTES } from '../scratch.ts';
import { isStreamed, materialise, rowsOf, weightsOf } from '../weights/residency.ts';
import { convolution } from './convolution.ts';
import { depthwise } from './depthwise.ts';
import { activate, expandTable } from './table.ts';
import { ARRANGES_TABLE, arrangeTable, PADS_ROWS, product } from './variant.ts';

export function runWeighted(
  arena: usize,
  index: u32,
  operator: usize,
  inputTensor: usize,
  input: usize,
  outputTensor: usize,
  output: usize,
): void {
  const kind = operatorKind(operator);
  const source = boundSource(arena, operator);
  const residency = operatorResidency(operator);
  const streamed = isStreamed(residency);
  const depth = sourceRowLength(source);
  const padded = PADS_ROWS && uses(FEATURE_PADDED_ROWS) ? roundUp4(depth) : depth;
  const channels = tensorChannels(outputTensor);
  const atOnce = channelsAtOnce(kind, residency, channels, depth);
  const table = scratchOf(arena, operator);
  const work = table + TABLE_ROW_BYTES * atOnce;
  // inputs whose rows do not begin on words are gathered like those of a convolution
  const gathered = kind == F.CONVOLUTION || (padded != depth && kind == F.POINTWISE);
  if (padded != depth && kind == F.FULLY_CONNECTED) {
    // what lies behind the copy is multiplied by 0, but behind the input it is not ours to read
    copy(work, input, depth);
    input = work;
  }
  const weights = weightsOf(arena, index, operator, source);
  for (let c: u32 = 0; c < channels; c += atOnce) {
    const count = min(atOnce, channels - c);
    expandTable(operator, boundTables(arena), outputTensor, c, count, table);
    if (ARRANGES_TABLE) arrangeTable(table, count);
    if (isKind(kind, F.DEPTHWISE)) {
      depthwise(operator, inputTensor, input, weights, c, count, table, outputTensor, output, work);
      continue;
    }
    let from = weights + c * depth;
    if (streamed || padded != depth) {
      const rows = rowsOf(arena, operator, source);
      if (streamed) {
        from = rows;
        materialise(arena, operator, source, c, count, rows);
      }
      padRows(from, count, depth, rows, padded);
      from = rows;
    }
    if (gathered) convolution(operator, inputTensor, input, padded, from, count, table, outputTensor, output + c, work);
    else product(input, tensorPositions(outputTensor), padded, from, count, table, output + c, channels, work);
  }
  activate(operator, output, tensorPositions(outputTensor) * channels);
}

/** Rows of `depth` weights, packed or already in place, to rows of `padded` with zeros behind; the last row first. */
function padRows(from: usize, count: u32, depth: u32, to: usize, padded: u32): void {
  if (depth == padded) return;
  for (let r = count; r > 0; ) {
    r--;
    for (let k = padded; k > 0; ) {
      k--;
      store<i8>(to + r * padded + k, k < depth ? load<i8>(from + r * depth + k) : 0);
    }
  }
}

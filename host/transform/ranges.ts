/** What values each channel can have, whatever the inputs: bounds that hold, not always the closest. */

import type { Model, Program } from '../model/model.ts';
import { anything, type Ranges } from '../operators/ranges.ts';
import { commonKind } from '../operators/registry.ts';

/** By tensor. Every step of the arithmetic keeps order, so the bounds of an output come of those of its inputs. */
export function valueRanges(model: Model, program: Program): Ranges[] {
  const ranges = program.tensors.map(({ shape: [, , channels] }) => anything(channels));
  const writers = program.tensors.map(() => 0);
  for (const { output } of program.operators) writers[output]++;
  for (const operator of program.operators) {
    if (writers[operator.output] === 1)
      ranges[operator.output] = commonKind(operator).ranges(operator, { model, program, ranges });
  }
  return ranges;
}

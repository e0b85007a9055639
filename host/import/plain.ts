/** Lowering of functions of one value. */

import { emitTable } from '../operators/lookup.ts';
import type { Scaled } from '../operators/lowering.ts';
import type { Context } from './context.ts';
import type { OperatorOf } from './graph.ts';
import type { OperatorOptions } from './options.ts';

/** Lowering of an operator that is a function of one value, as a table. */
export function lookup<K extends keyof OperatorOptions>(
  table: (input: Scaled, output: Scaled, operator: OperatorOf<K>) => Int8Array,
): (operator: OperatorOf<K>, to: Context) => void {
  return (operator, to) => {
    const [input, output] = [to.input(operator), to.output(operator)];
    emitTable(operator, to, input, output, () => table(input, output, operator));
  };
}

/** AVERAGE_POOL: mean of each window. */
import { type PoolArguments, pool, poolOperator, poolRule } from './pool.ts';

/** sum / count to nearest, ties away from zero; count >= 1. */
export function roundingDivide(sum: number, count: number): number {
  const magnitude = Math.floor((Math.abs(sum) + Math.floor(count / 2)) / count);
  return sum < 0 && magnitude > 0 ? -magnitude : magnitude;
}

/** Mean of the window's valid elements (padding does not count). Input and output share scale and zero point. */
export function averagePool(operator: PoolArguments): Int8Array {
  return pool(operator, (values) =>
    roundingDivide(
      values.reduce((sum, value) => sum + value, 0),
      values.length,
    ),
  );
}

export const averagePoolOperator = poolOperator(
  5,
  'mean of each window, without the padding',
  { AVERAGE_POOL_2D: poolRule('averagePool') },
  averagePool,
);

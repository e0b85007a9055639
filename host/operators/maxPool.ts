/** MAX_POOL: largest of each window. */
import { type PoolArguments, pool, poolOperator, poolRule } from './pool.ts';

/** Largest of the window's valid elements. */
export function maxPool(operator: PoolArguments): Int8Array {
  return pool(operator, (values) => values.reduce((largest, value) => Math.max(largest, value)));
}

export const maxPoolOperator = poolOperator(
  6,
  'largest of each window, without the padding',
  { MAX_POOL_2D: poolRule('maxPool') },
  maxPool,
);

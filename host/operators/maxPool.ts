/** MAX_POOL: largest of each window. */
import { MAX_POOL } from '../../assembly/format.ts';
import { type PoolArguments, pool, poolOperator } from './pool.ts';

/** Largest of the window's valid elements. */
export function maxPool(operator: PoolArguments): Int8Array {
  return pool(operator, (values) => values.reduce((largest, value) => Math.max(largest, value)));
}

export const maxPoolOperator = poolOperator(MAX_POOL, maxPool);

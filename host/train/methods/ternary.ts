/** Levels -1, 0 and 1, five in a byte, and a scale a row. */
import { ternaryRows } from '../quantizers.ts';
import { storedMethod } from './stored.ts';

export const ternary = storedMethod({
  kind: 'ternary',
  encoding: 'ternary',
  about: 'stored as -1, 0 and 1',
  quantizeRows: ternaryRows,
});

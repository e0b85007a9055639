/** Four bits a weight, levels -7 to 7, and a scale a row. */
import { quantizeRows } from '../quantizers.ts';
import { storedMethod } from './stored.ts';

export const int4 = storedMethod({
  kind: 'int4',
  encoding: 'int4',
  about: 'stored as INT4',
  quantizeRows: (weights) => quantizeRows(weights, 7),
});

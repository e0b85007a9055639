/** Eight bits a weight and a scale a row. */
import { quantizeRows } from '../quantizers.ts';
import { storedMethod } from './stored.ts';

export const int8 = storedMethod({
  kind: 'int8',
  encoding: 'int8',
  about: 'stored as INT8',
  quantizeRows: (weights) => quantizeRows(weights, 127),
});

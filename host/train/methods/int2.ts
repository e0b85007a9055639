/** Two bits a weight, levels -3, -1, 1 and 3, and a scale a row. */
import { quantizeRowsInt2 } from '../quantizers.ts';
import { storedMethod } from './stored.ts';

export const int2 = storedMethod({
  kind: 'int2',
  encoding: 'int2',
  about: 'stored in two bits',
  quantizeRows: quantizeRowsInt2,
});

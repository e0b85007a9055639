/** Signs alone and a scale a row. The image has no encoding of one bit: they take the 1.6 bits of ternary ones. */
import { binaryRows } from '../quantizers.ts';
import { storedMethod } from './stored.ts';

export const binary = storedMethod({
  kind: 'binary',
  encoding: 'ternary',
  about: 'stored as -1 and 1',
  quantizeRows: binaryRows,
});

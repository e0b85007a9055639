/** Methods by kind: one line for each. */
import { basis } from './basis.ts';
import { binary } from './binary.ts';
import { codebook } from './codebook.ts';
import { int2 } from './int2.ts';
import { int4 } from './int4.ts';
import { int8 } from './int8.ts';
import { lowRank } from './lowRank.ts';
import type { MethodKind } from './method.ts';
import { random } from './random.ts';
import { ternary } from './ternary.ts';
import { tile } from './tile.ts';

/** Each checks its own configuration, by its schema, before anything else sees it. */
export const METHODS = {
  int8,
  int4,
  int2,
  ternary,
  binary,
  basis,
  random,
  tile,
  codebook,
  lowRank,
} as unknown as Record<string, MethodKind>;

/** Front ends by kind: one line for each. */
import type { FrontEndKind } from './frontEnd.ts';
import { logMel } from './logMel.ts';
import { mfcc } from './mfcc.ts';
import { none } from './none.ts';
import { standardize } from './standardize.ts';

/** Each checks its own configuration, by its schema, before anything else sees it. */
export const FRONT_ENDS = { standardize, 'log-mel': logMel, mfcc, none } as unknown as Record<string, FrontEndKind>;

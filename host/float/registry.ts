/** The operators that can be computed in float and quantised, by their names in .tflite files. */
import type { FloatKind } from './kind.ts';
import * as elementwise from './kinds/elementwise.ts';
import * as moves from './kinds/moves.ts';
import * as pools from './kinds/pool.ts';
import * as weighted from './kinds/weighted.ts';

const KINDS: Readonly<Record<string, FloatKind>> = {
  ...weighted,
  ...pools,
  ...elementwise,
  ...moves,
  SQUEEZE: moves.RESHAPE,
  EXPAND_DIMS: moves.RESHAPE,
};

export function floatKind(opcode: string): FloatKind | null {
  return Object.hasOwn(KINDS, opcode) ? KINDS[opcode] : null;
}

/**
 * ROUTE: the largest of N scores picks one of the N branches behind it, and the operators of the others do not run. A
 * branch is a stretch of operators: branch 0 begins behind the ROUTE, each other one behind the one before it.
 *
 *   input   [1, 1, N]  i8   N from 2 to 128
 *   output  [1, 1, 1]  i8   the branch, the first of equals
 *
 * parameters: i32[N], how many operators each branch has. openRoutes.ts proves what the branches do.
 */
import { skip } from '../arena.ts';
import { tensorChannels, tensorPositions } from '../image.ts';
import { FEW_OPERATORS, MAX_ARGMAX_CHANNELS } from '../limits.ts';
import { BAD_SHAPE, BAD_TABLE, OK } from '../status.ts';
import { argmax } from './argmax.ts';

export const ROUTE_PARAMETERS: u32 = 1; // that of the first branch; behind it those of the others

/** bytes: of TABLES from the parameters on. */
export function proveRoute(parameters: usize, bytes: u32, input: usize, output: usize): i32 {
  const branches = tensorChannels(input);
  if (tensorPositions(input) != 1 || branches < 2 || branches > MAX_ARGMAX_CHANNELS) return BAD_SHAPE;
  if (tensorPositions(output) != 1 || tensorChannels(output) != 1) return BAD_SHAPE;
  if (bytes < 4 * branches) return BAD_TABLE;
  for (let b: u32 = 0; b < branches; b++) if (branchOperators(parameters, b) > FEW_OPERATORS) return BAD_TABLE;
  return OK;
}

/** How many operators a branch has. */
export function branchOperators(parameters: usize, branch: u32): u32 {
  return load<u32>(parameters + 4 * branch);
}

/** Picks a branch for the operators behind operator `index`, until a ROUTE picks again. */
export function route(arena: usize, index: u32, parameters: usize, input: usize, branches: u32, output: usize): void {
  argmax(input, 1, branches, output);
  const chosen = <u32>load<u8>(output);
  for (let b: u32 = 0; b < branches; b++) {
    for (let left = branchOperators(parameters, b); left > 0; left--) skip(arena, ++index, b != chosen);
  }
}

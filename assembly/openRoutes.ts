/**
 * Proves the branches of a program with ROUTE: they end before the program does, none has a ROUTE of its own, and
 * whichever are taken, no operator and no output reads a tensor that nothing has written. So no operator can read what
 * another branch wrote, and what is read behind the branches is written by each of them.
 *
 * All operators are proved. Programs without ROUTE pass at the price of one look at each operator.
 */
import { FEATURE_LARGE_PROGRAM } from './features.ts';
import * as F from './format.ts';
import {
  inputCount,
  isKind,
  operatorAt,
  operatorCount,
  operatorInput,
  operatorInput2,
  operatorKind,
  operatorOutput,
  portAt,
  portCount,
  portTensor,
  sectionAt,
  tensorAt,
  tensorChannels,
} from './image.ts';
import { uses } from './intrinsics/core.ts';
import { FEW_OPERATORS } from './limits.ts';
import { isBinary, stateOf } from './operators/dispatch.ts';
import { LOG_MEL } from './operators/logMel.ts';
import { branchOperators } from './operators/route.ts';
import { STATE } from './operators/state.ts';
import { isProofAllowed, refuse } from './refusal.ts';
import { BAD_ROUTE, BAD_WORK, OK, UNWRITTEN } from './status.ts';

/** Returns OK, or a refusal whose offset is at `where`. */
export function openRoutes(image: usize, program: usize, where: usize): i32 {
  const tables = sectionAt(image, F.SECTION_TABLES);
  const operators = operatorCount(program);
  let end: u32 = 0; // of the branches of the last ROUTE
  for (let i: u32 = 0; i < operators; i++) {
    const operator = operatorAt(program, i);
    if (operatorKind(operator) != F.ROUTE) continue;
    if (uses(FEATURE_LARGE_PROGRAM) && operators > FEW_OPERATORS)
      return refuse(where, <u32>(operator - image), BAD_ROUTE);
    const nested = i < end;
    end = branchesEnd(program, tables, i);
    if (nested || end > operators) return refuse(where, <u32>(operator - image), BAD_ROUTE);
  }
  return end == 0 ? OK : openReads(image, program, where);
}

/** Every read of a program, operator by operator, then of its outputs; every operator is proved. */
export function openReads(image: usize, program: usize, where: usize): i32 {
  const tables = sectionAt(image, F.SECTION_TABLES);
  const inputs = inputCount(program);
  const operators = operatorCount(program);
  for (let i: u32 = 0; i < operators; i++) {
    const operator = operatorAt(program, i);
    const kind = operatorKind(operator);
    if (isKind(kind, STATE)) continue; // it writes what others read
    const readsTwo = isBinary(kind) && kind != LOG_MEL && stateOf(operator) == F.NONE;
    if (!isProofAllowed(where, (inputs + i) << u32(readsTwo))) return refuse(where, <u32>(operator - image), BAD_WORK);
    if (
      !isWritten(program, tables, operatorInput(operator), i) ||
      (readsTwo && !isWritten(program, tables, operatorInput2(operator), i))
    )
      return refuse(where, <u32>(operator - image), UNWRITTEN);
  }
  const ports = portCount(program);
  for (let i = inputs; i < ports; i++) {
    const port = <u32>(portAt(program, i) - image);
    if (!isProofAllowed(where, inputs + operators)) return refuse(where, port, BAD_WORK);
    if (!isWritten(program, tables, portTensor(program, i), operators)) return refuse(where, port, UNWRITTEN);
  }
  return OK;
}

/** Whether a tensor is written before operator `reader` runs, whatever branches were taken. */
function isWritten(program: usize, tables: usize, tensor: u32, reader: u32): bool {
  const inputs = inputCount(program);
  for (let p: u32 = 0; p < inputs; p++) if (portTensor(program, p) == tensor) return true;
  for (let i: u32 = 0; i < reader; ) {
    const operator = operatorAt(program, i);
    if (operatorOutput(operator) == tensor) return true;
    i++;
    if (operatorKind(operator) != F.ROUTE) continue;
    let byAll: bool = true;
    const parameters = tables + load<u32>(operator, F.OPERATOR_TABLE_AT);
    const branches = tensorChannels(tensorAt(program, operatorInput(operator)));
    for (let b: u32 = 0; b < branches; b++) {
      const end = i + branchOperators(parameters, b);
      const own = i <= reader && reader < end; // it runs only in this branch
      const written = isWrittenIn(program, tensor, i, min(end, reader));
      if (own) return written;
      byAll = byAll && written;
      i = end;
    }
    if (byAll) return true;
  }
  return false;
}

/** Whether one of the operators [first, last), all of which run, writes a tensor. */
function isWrittenIn(program: usize, tensor: u32, first: u32, last: u32): bool {
  for (let i = first; i < last; i++) if (operatorOutput(operatorAt(program, i)) == tensor) return true;
  return false;
}

/** Where the operators go on that run whatever the ROUTE picks. */
function branchesEnd(program: usize, tables: usize, index: u32): u32 {
  const operator = operatorAt(program, index);
  const parameters = tables + load<u32>(operator, F.OPERATOR_TABLE_AT);
  const branches = tensorChannels(tensorAt(program, operatorInput(operator)));
  let end = index + 1;
  for (let b: u32 = 0; b < branches; b++) end += branchOperators(parameters, b);
  return end;
}

/**
 * hypertinypw's runtime: the whole public API. boards/common/htpw.h is the same in C.
 *
 * The caller brings all memory: an image (16-byte aligned, read only, in flash or RAM) and an arena (16-byte aligned,
 * arenaBytes of RAM). `open` proves an image once; every other function trusts it. Nothing allocates or recurses.
 * A status is 0 or a negative code of status.ts; addresses are machine addresses on a microcontroller, offsets into
 * linear memory elsewhere.
 */

import { bindProgram, boundProgram, isBound, isSkipped, tensorAddress } from './arena.ts';
import { CRC_START, crc32Update, fillCrcTable } from './crc32.ts';
import { checkOperatorWeights, copyPorts, prepareOperator } from './executor.ts';
import * as F from './format.ts';
import {
  inputCount,
  operatorAt,
  operatorCount,
  operatorOutput,
  plannedArenaBytes,
  portBytes,
  portCount,
  programAt,
  programCount,
  tensorAt,
  tensorBytes,
} from './image.ts';
import { checkSlice as checkNext, POSITION_AT, prove as proveImage, WORKSPACE_BYTES } from './open.ts';
import { keepsState, resetOperator, runOperator } from './operators/dispatch.ts';
import { ARENA_TOO_SMALL, BAD_ALIGNMENT, NO_SUCH_OPERATOR, NO_SUCH_PROGRAM, NOT_LOADED, OK } from './status.ts';
import { placeFeatures, pushSamples, resetState, streamedBytes } from './stream.ts';
import { programWork } from './work.ts';

/** The image format that this runtime reads. */
export function version(): u32 {
  return F.FORMAT_VERSION;
}

/**
 * Proves `bytes` bytes at `image`. workspace: 4-byte aligned address of workspaceBytes bytes; where the image is refused, its
 * word 16 takes the byte offset of what was refused.
 */
export function open(image: usize, bytes: u32, workspace: usize): i32 {
  const status = check(image, bytes, workspace);
  return status == OK ? prove(image, workspace) : status;
}

/** Whether these are still the bytes that were packed: header, section table, and the CRC of all behind the header. */
export function check(image: usize, bytes: u32, workspace: usize): i32 {
  store<u32>(workspace, 0, POSITION_AT);
  let status: i32 = 0;
  do {
    status = checkSlice(image, bytes, workspace);
  } while (status > OK);
  return status;
}

/**
 * `check` in steps, so that a caller can feed a watchdog between: returns how many bytes are left to read, and in the end a
 * status. Word 16 of the workspace is 0 before the first step.
 */
export function checkSlice(image: usize, bytes: u32, workspace: usize): i32 {
  return checkNext(image, bytes, workspace);
}

/** The rest of `open`, once checkSlice has returned OK. */
export function prove(image: usize, workspace: usize): i32 {
  return proveImage(image, workspace);
}

/** RAM that `open`, `check`, checkWeights and crc32 work in, in bytes. */
export function workspaceBytes(): u32 {
  return WORKSPACE_BYTES;
}

export function programs(image: usize): u32 {
  return programCount(image);
}

/** RAM that `load` needs for a program, in bytes; 0 for a program that is not there. */
export function arenaBytes(image: usize, program: u32): u32 {
  return program < programCount(image) ? plannedArenaBytes(programAt(image, program)) : 0;
}

/**
 * Units of WORK_UNIT multiply-accumulates that neither `load` nor `invoke` of a program exceeds, 0 for a program that is not
 * there: what a watchdog is set by. docs/reliability.md has the instructions of a unit on each core.
 */
export function work(image: usize, program: u32): u32 {
  return program < programCount(image) ? <u32>programWork(image, programAt(image, program)) : 0;
}

/** Bytes of a program's inputs, one after another. */
export function inputBytes(image: usize, program: u32): u32 {
  return program < programCount(image)
    ? portBytes(programAt(image, program), 0, inputCount(programAt(image, program)))
    : 0;
}

/** Bytes of a program's outputs, one after another. */
export function outputBytes(image: usize, program: u32): u32 {
  if (program >= programCount(image)) return 0;
  return portBytes(
    programAt(image, program),
    inputCount(programAt(image, program)),
    portCount(programAt(image, program)),
  );
}

/**
 * Binds a program to an arena, materialises what is resident at boot and begins its state: bind, then prepare every operator.
 */
export function load(image: usize, program: u32, arena: usize, bytes: u32): i32 {
  const status = bind(image, program, arena, bytes);
  if (status != OK) return status;
  const count = operators(arena);
  for (let i: i32 = 0; i < count; i++) prepareOperator(arena, i);
  return OK;
}

export function bind(image: usize, program: u32, arena: usize, bytes: u32): i32 {
  if (program >= programCount(image)) return NO_SUCH_PROGRAM;
  if ((arena & (F.ARENA_UNIT - 1)) != 0) return BAD_ALIGNMENT;
  if (bytes < arenaBytes(image, program)) return ARENA_TOO_SMALL;
  bindProgram(image, program, arena);
  return OK;
}

/** One step of load, so that a caller can feed a watchdog between layers. */
export function prepare(arena: usize, operator: u32): i32 {
  const status = callable(arena, operator);
  if (status == OK) prepareOperator(arena, operator);
  return status;
}

/** Operators of the loaded program, or NOT_LOADED. */
export function operators(arena: usize): i32 {
  return isBound(arena) ? operatorCount(boundProgram(arena)) : NOT_LOADED;
}

/** Begins the state of the loaded program again, as load has: what it keeps from one inference to the next. */
export function reset(arena: usize): i32 {
  const count = operators(arena);
  if (count < OK) return count;
  if (keepsState()) for (let i: i32 = 0; i < count; i++) resetOperator(arena, i);
  return OK;
}

/** Runs the loaded program once: begin, every step, finish. */
export function invoke(arena: usize, input: usize, output: usize): i32 {
  const status = begin(arena, input);
  if (status != OK) return status;
  const count = operators(arena);
  for (let i: i32 = 0; i < count; i++) runOperator(arena, i);
  return finish(arena, output);
}

/** Copies inputBytes bytes into the arena. */
export function begin(arena: usize, input: usize): i32 {
  if (!isBound(arena)) return NOT_LOADED;
  copyPorts(arena, 0, inputCount(boundProgram(arena)), input, true);
  return OK;
}

/** Runs one operator, unless it is in a branch that was not taken; call for each in order. */
export function step(arena: usize, operator: u32): i32 {
  const status = callable(arena, operator);
  if (status == OK) runOperator(arena, operator);
  return status;
}

/** Copies outputBytes bytes out of the arena. */
export function finish(arena: usize, output: usize): i32 {
  if (!isBound(arena)) return NOT_LOADED;
  copyPorts(arena, inputCount(boundProgram(arena)), portCount(boundProgram(arena)), output, false);
  return OK;
}

/**
 * RAM for the state of a stream, in bytes: 4-byte aligned, beside the arena. 0 for a program that cannot be streamed:
 * its first operator must be LOG_MEL over its only input, and nothing else may use that tensor or its workspace.
 */
export function streamBytes(image: usize, program: u32): u32 {
  return program < programCount(image) ? streamedBytes(image, programAt(image, program)) : 0;
}

/** Begins a stream for the program in the arena: no samples yet, the features are those of silence. */
export function resetStream(arena: usize, state: usize): i32 {
  return resetState(arena, state);
}

/**
 * Takes `count` samples, i16, and returns how many frames they have completed, whose features it computes in the
 * arena's workspace: not between the steps of a run.
 */
export function push(arena: usize, state: usize, samples: usize, count: u32): i32 {
  return pushSamples(arena, state, samples, count);
}

/**
 * What `invoke` answers to the latest window, that is, the samples from the first of its frames on: beginStream, every
 * step but the first, finish. Frames that have not come yet are silent.
 */
export function invokeStream(arena: usize, state: usize, output: usize): i32 {
  const status = beginStream(arena, state);
  if (status != OK) return status;
  const count = operators(arena);
  for (let i: i32 = 1; i < count; i++) runOperator(arena, i);
  return finish(arena, output);
}

/** Puts the features of the latest window where the first operator would. */
export function beginStream(arena: usize, state: usize): i32 {
  return placeFeatures(arena, state);
}

/** Where the result of an operator that has just run lies; 0 for one that is not there, or was passed by. */
export function outputAddress(arena: usize, operator: u32): usize {
  return hasRun(arena, operator) ? tensorAddress(arena, outputTensor(arena, operator)) : 0;
}

/** Bytes of that result. */
export function outputSize(arena: usize, operator: u32): u32 {
  return hasRun(arena, operator) ? tensorBytes(tensorAt(boundProgram(arena), outputTensor(arena, operator))) : 0;
}

/**
 * Debug: WEIGHTS_DIFFER unless the operator's generated weights have the CRC that the image carries. Works in the
 * operator's scratch, which other operators' tensors share: not between the steps of a run. workspace: as of `open`.
 */
export function checkWeights(arena: usize, operator: u32, workspace: usize): i32 {
  const status = callable(arena, operator);
  return status == OK ? checkOperatorWeights(arena, operator, workspace) : status;
}

/** CRC-32 (IEEE) of memory, for traces; workspace: as of `open`. */
export function crc32(address: usize, bytes: u32, workspace: usize): u32 {
  return ~continueCrc(beginCrc(workspace), address, bytes, workspace);
}

/** The same in pieces: begin, continue as often as wanted, and invert the last result. */
export function beginCrc(workspace: usize): u32 {
  fillCrcTable(workspace);
  return CRC_START;
}

export function continueCrc(crc: u32, address: usize, bytes: u32, workspace: usize): u32 {
  return crc32Update(crc, address, bytes, workspace);
}

function callable(arena: usize, operator: u32): i32 {
  if (!isBound(arena)) return NOT_LOADED;
  return operator < operatorCount(boundProgram(arena)) ? OK : NO_SUCH_OPERATOR;
}

function hasRun(arena: usize, operator: u32): bool {
  return callable(arena, operator) == OK && !isSkipped(arena, operator);
}

function outputTensor(arena: usize, operator: u32): u32 {
  return operatorOutput(operatorAt(boundProgram(arena), operator));
}

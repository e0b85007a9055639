/**
 * Sound as it comes: samples of any count, from which only the features of new frames are computed. A program can be
 * streamed whose first operator is LOG_MEL over its only input. The state is the caller's, 4-byte aligned:
 *
 *   0  program   4  held   8  oldest   12  i16 samples[frame length]   then  i8 features[frames][bands]
 *
 * held: samples of the next frame that are there; where it is negative, as many are skipped first, since the hop is
 * longer than the frame. oldest: offset of the row that the next frame replaces, as the rows are a ring.
 */
import { boundOperator, boundProgram, boundTables, isBound, tensorAddress } from './arena.ts';
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
  portCount,
  portTensor,
  sectionAt,
  tensorAt,
  tensorBytes,
  tensorZeroPoint,
} from './image.ts';
import { copy, fill } from './memory.ts';
import { isBinary } from './operators/dispatch.ts';
import { frameBands, frameHop, frameLength, LOG_MEL, logMelFrame, silentFeature } from './operators/logMel.ts';
import { NOT_LOADED, NOT_STREAMED, OK } from './status.ts';

const PROGRAM_AT: usize = 0;
const HELD_AT: usize = 4;
const OLDEST_AT: usize = 8;
const SAMPLES_AT: u32 = 12;

/** Bytes of the state of a program; 0 for one that cannot be streamed. */
export function streamedBytes(image: usize, program: usize): u32 {
  if (!canStream(program)) return 0;
  const first = operatorAt(program, 0);
  const parameters = sectionAt(image, F.SECTION_TABLES) + load<u32>(first, F.OPERATOR_TABLE_AT);
  return featuresAt(parameters) + tensorBytes(tensorAt(program, operatorOutput(first)));
}

/** Whether nothing but its first operator, which is LOG_MEL, knows of a program's samples and of its workspace. */
function canStream(program: usize): bool {
  const first = operatorAt(program, 0);
  const samples = operatorInput(first);
  const workspace = operatorInput2(first);
  if (!isKind(operatorKind(first), LOG_MEL) || inputCount(program) != 1 || portTensor(program, 0) != samples)
    return false;
  for (let i: u32 = 1; i < operatorCount(program); i++) {
    if (touches(operatorAt(program, i), samples) || touches(operatorAt(program, i), workspace)) return false;
  }
  for (let i: u32 = 1; i < portCount(program); i++) {
    if (portTensor(program, i) == samples || portTensor(program, i) == workspace) return false;
  }
  return true;
}

function touches(operator: usize, tensor: u32): bool {
  return (
    operatorInput(operator) == tensor ||
    operatorOutput(operator) == tensor ||
    (isBinary(operatorKind(operator)) && operatorInput2(operator) == tensor)
  );
}

/** Makes a state ready for the program in the arena: no samples, and features of silence. */
export function resetState(arena: usize, state: usize): i32 {
  if (!isBound(arena)) return NOT_LOADED;
  const program = boundProgram(arena);
  if (!canStream(program)) return NOT_STREAMED;
  const parameters = streamParameters(arena);
  const output = tensorAt(program, operatorOutput(operatorAt(program, 0)));
  store<usize>(state, program, PROGRAM_AT);
  store<i32>(state, 0, HELD_AT);
  store<u32>(state, 0, OLDEST_AT);
  const silence = silentFeature(parameters, tensorZeroPoint(output));
  fill(state + featuresAt(parameters), <u32>silence, tensorBytes(output));
  return OK;
}

/** OK where the state was reset for the program in the arena. */
function stateStatus(arena: usize, state: usize): i32 {
  if (!isBound(arena)) return NOT_LOADED;
  const streamed = isKind(operatorKind(boundOperator(arena, 0)), LOG_MEL);
  return streamed && load<usize>(state, PROGRAM_AT) == boundProgram(arena) ? OK : NOT_STREAMED;
}

/** Returns how many frames the samples have completed. */
export function pushSamples(arena: usize, state: usize, samples: usize, count: u32): i32 {
  const status = stateStatus(arena, state);
  if (status != OK) return status;
  const length = <i32>frameLength(streamParameters(arena));
  let held = load<i32>(state, HELD_AT);
  let frames: i32 = 0;
  while (count > 0) {
    const taken = min(count, <u32>(held < 0 ? -held : length - held));
    if (held >= 0) copy(state + SAMPLES_AT + 2 * held, samples, 2 * taken);
    samples += 2 * taken;
    count -= taken;
    held += <i32>taken;
    if (held == length) {
      held = endFrame(arena, state);
      frames++;
    }
  }
  store<i32>(state, held, HELD_AT);
  return frames;
}

/** Computes the features of the frame that is there; returns how many samples, moved to the front, the next has too. */
function endFrame(arena: usize, state: usize): i32 {
  const operator = boundOperator(arena, 0);
  const output = tensorAt(boundProgram(arena), operatorOutput(operator));
  const parameters = streamParameters(arena);
  const features = state + featuresAt(parameters);
  const workspace = tensorAddress(arena, operatorInput2(operator));
  const oldest = load<u32>(state, OLDEST_AT);
  logMelFrame(parameters, state + SAMPLES_AT, workspace, features + oldest, tensorZeroPoint(output));
  const next = oldest + frameBands(parameters);
  store<u32>(state, next == tensorBytes(output) ? 0 : next, OLDEST_AT);
  const hop = frameHop(parameters);
  const held = <i32>(frameLength(parameters) - hop);
  if (held > 0) copy(state + SAMPLES_AT, state + SAMPLES_AT + 2 * hop, 2 * <u32>held);
  return held;
}

/** Puts the features, oldest first, where the first operator would. */
export function placeFeatures(arena: usize, state: usize): i32 {
  const status = stateStatus(arena, state);
  if (status != OK) return status;
  const index = operatorOutput(boundOperator(arena, 0));
  const features = state + featuresAt(streamParameters(arena));
  const oldest = load<u32>(state, OLDEST_AT);
  const older = tensorBytes(tensorAt(boundProgram(arena), index)) - oldest;
  const output = tensorAddress(arena, index);
  copy(output, features + oldest, older);
  copy(output + older, features, oldest);
  return OK;
}

/** Of the first operator of the program in the arena. */
function streamParameters(arena: usize): usize {
  return boundTables(arena) + load<u32>(boundOperator(arena, 0), F.OPERATOR_TABLE_AT);
}

function featuresAt(parameters: usize): u32 {
  return SAMPLES_AT + 2 * frameLength(parameters);
}

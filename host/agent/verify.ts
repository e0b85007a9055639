/** Runs windows on a board and compares every byte and every layer with the reference that the caller brings. */
import { resolve } from 'node:path';
import { type Board, counted, counterSeconds, loadBoard } from '../boards/board.ts';
import { buildFirmware, type Firmware } from '../build/firmware.ts';
import { ImageView } from '../records/view.ts';
import { projectRoot } from '../system/root.ts';
import { Recording } from './capture.ts';
import { assertSameImage, type Conversation, type Mismatch, Tally } from './compare.ts';
import { connect } from './connect.ts';
import { Agent } from './protocol.ts';
import { type ReplayOptions, replay } from './replay.ts';

export interface VerifyOptions extends ReplayOptions {
  imagePath: string;
  /** raw input bytes of each window; with `log` they are those found in it */
  windows: Uint8Array[];
  /** serial port of a real board */
  port?: string;
  /** file that takes the conversation with the board */
  record?: string;
  /** such a file from before, verified in place of a board */
  log?: string;
}

/** What inferences took that took a branch, in the unit of the board: how many, their mean, and the longest. */
export interface BranchCounts {
  route: number;
  branch: number;
  windows: number;
  mean: number | null;
  most: number | null;
}

/** Counts are instructions on an emulator, else ticks in `tickUnit`; per inference is the mean over the windows. */
export interface VerifyResult {
  board: string;
  windows: number;
  mismatchingBytes: number;
  mismatchingLayers: number;
  instructionsBoot?: number;
  instructionsPerInference?: number;
  ticksBoot?: number;
  ticksPerInference?: number;
  tickUnit: string;
  stackBytes: number;
  stackUsed: number;
  /** true when every operator's generated weights have the CRC that the image carries; false when a log has no check */
  weightsChecked: boolean;
  firstMismatch: Mismatch | null;
  /** of the program's routes; counts of an inference that takes the branch, null where no window did */
  branches: BranchCounts[];
  /** null when a log was verified */
  firmware: Firmware | null;
}

function counts(board: Board, boot: number, inference: number): Partial<VerifyResult> {
  const count = (ticks: number) => counted(board, ticks);
  return board.ticks.unit === 'instructions'
    ? { instructionsBoot: count(boot), instructionsPerInference: count(inference) }
    : { ticksBoot: count(boot), ticksPerInference: count(inference) };
}

async function converse(agent: Agent, options: VerifyOptions): Promise<Conversation> {
  assertSameImage(await agent.info(), options.image);
  const { ticks: bootTicks } = await agent.load(options.program ?? 0);
  options.restart?.();
  const tally = new Tally();
  for (const input of options.windows) {
    tally.add(await agent.run(input, true), await options.reference(input, true));
    options.onProgress?.(tally.windows, options.windows.length);
  }
  await agent.weights();
  return { tally, bootTicks, info: await agent.info(), weightsChecked: true };
}

function summarize(
  board: Board,
  conversation: Conversation,
  firmware: Firmware | null,
  { image, program = 0 }: VerifyOptions,
): VerifyResult {
  const { tally, bootTicks, info, weightsChecked } = conversation;
  return {
    board: board.name,
    windows: tally.windows,
    mismatchingBytes: tally.mismatchingBytes,
    mismatchingLayers: tally.mismatchingLayers,
    ...counts(board, bootTicks, tally.ticks / Math.max(1, tally.windows)),
    tickUnit: board.ticks.unit,
    stackBytes: info.stackBytes,
    stackUsed: info.stackUsed,
    weightsChecked,
    firstMismatch: tally.firstMismatch,
    branches: tally.branches.of(new ImageView(image).programs[program]).map(({ runs, mean, most, ...place }) => ({
      ...place,
      windows: runs,
      mean: mean === null ? null : counted(board, mean),
      most: most === null ? null : counted(board, most),
    })),
    firmware,
  };
}

export async function verifyBoard(options: VerifyOptions): Promise<VerifyResult> {
  const root = options.root ?? projectRoot();
  if (options.log !== undefined) {
    const conversation = await replay(options.log, options);
    return summarize(loadBoard(options.board ?? conversation.info.board, root), conversation, null, options);
  }
  if (options.board === undefined) throw new Error('verify: expected a board or a log, got neither; name a board');
  const board = loadBoard(options.board, root);
  const record = options.record === undefined ? undefined : new Recording(options.record);
  const firmware = await buildFirmware(board, options.imagePath, { root });
  const agent = new Agent(await connect(board, resolve(firmware.elf), options.port), {
    record,
    counterSeconds: counterSeconds(board),
  });
  try {
    return summarize(board, await converse(agent, options), firmware, options);
  } finally {
    await agent.close();
  }
}

/** Runs windows on a board and compares every byte and every layer with the reference that the caller brings. */
import { resolve } from 'node:path';
import { type Board, loadBoard } from './board.ts';
import { buildFirmware, type Firmware } from './firmware.ts';
import { Agent, type AgentInfo } from './protocol.ts';
import { projectRoot } from './root.ts';
import { connect } from './transport.ts';

export interface Reference {
  output: Uint8Array;
  /** CRC-32 of each operator's result */
  layers: number[];
}

export interface VerifyOptions {
  imagePath: string;
  /** the bytes of imagePath */
  image: Uint8Array;
  board: string;
  /** raw input bytes of each window */
  windows: Uint8Array[];
  reference: (input: Uint8Array) => Reference | Promise<Reference>;
  program?: number;
  /** serial port of a real board */
  port?: string;
  /** file that takes the conversation with the board */
  log?: string;
  onProgress?: (done: number, total: number) => void;
  root?: string;
}

export interface Mismatch {
  window: number;
  /** first operator that differs, or null when only the output does */
  operator: number | null;
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
  /** true when every operator's generated weights have the CRC that the image carries */
  weightsChecked: boolean;
  firstMismatch: Mismatch | null;
  firmware: Firmware;
}

function countDifferences(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  let differences = Math.abs(got.length - expected.length);
  for (let i = 0; i < Math.min(got.length, expected.length); i++) if (got[i] !== expected[i]) differences++;
  return differences;
}

function assertSameImage(info: AgentInfo, board: string, image: Uint8Array): void {
  if (info.image !== 'OK') throw new Error(`${board}: the board refuses its image with ${info.image}; pack it again`);
  if (info.imageBytes === image.length) return;
  throw new Error(
    `${board}: expected an image of ${image.length} bytes, got one of ${info.imageBytes}; flash this build`,
  );
}

const count = (board: Board, ticks: number) => (ticks * board.ticks.multiply) / board.ticks.divide;

function counts(board: Board, boot: number, inference: number): Partial<VerifyResult> {
  const [first, each] = [Math.round(count(board, boot)), Math.round(count(board, inference))];
  return board.ticks.unit === 'instructions'
    ? { instructionsBoot: first, instructionsPerInference: each }
    : { ticksBoot: first, ticksPerInference: each };
}

export async function verifyBoard(options: VerifyOptions): Promise<VerifyResult> {
  const root = options.root ?? projectRoot();
  const board = loadBoard(options.board, root);
  const firmware = await buildFirmware(board.name, options.imagePath, root);
  const agent = new Agent(await connect(board, resolve(firmware.elf), options.port), { log: options.log });
  try {
    assertSameImage(await agent.info(), board.name, options.image);
    const { ticks: boot } = await agent.load(options.program ?? 0);
    let [mismatchingBytes, mismatchingLayers, ticks] = [0, 0, 0];
    let firstMismatch: Mismatch | null = null;
    for (const [window, input] of options.windows.entries()) {
      const got = await agent.run(input, true);
      const expected = await options.reference(input);
      const bytes = countDifferences(got.output, expected.output);
      const layers = countDifferences(got.layers, expected.layers);
      if (!firstMismatch && bytes + layers > 0) {
        const operator = expected.layers.findIndex((crc, index) => crc !== got.layers[index]);
        firstMismatch = { window, operator: operator < 0 ? null : operator };
      }
      mismatchingBytes += bytes;
      mismatchingLayers += layers;
      ticks += got.ticks;
      options.onProgress?.(window + 1, options.windows.length);
    }
    await agent.weights();
    const { stackBytes, stackUsed } = await agent.info();
    return {
      board: board.name,
      windows: options.windows.length,
      mismatchingBytes,
      mismatchingLayers,
      ...counts(board, boot, ticks / Math.max(1, options.windows.length)),
      tickUnit: board.ticks.unit,
      stackBytes,
      stackUsed,
      weightsChecked: true,
      firstMismatch,
      firmware,
    };
  } finally {
    await agent.close();
  }
}

/** Programs of an image loaded in turn at random into one arena of a board, each answer held against the reference. */
import { resolve } from 'node:path';
import { counterSeconds, loadBoard } from '../boards/board.ts';
import { buildFirmware } from '../build/firmware.ts';
import { Random } from '../system/random.ts';
import { projectRoot } from '../system/root.ts';
import { assertSameImage, type Mismatch, type Reference, Tally } from './compare.ts';
import { connect } from './connect.ts';
import { Agent } from './protocol.ts';

export interface SwitchOptions {
  imagePath: string;
  image: Uint8Array;
  board: string;
  /** how often another program is loaded and run */
  switches: number;
  /** of the choice of programs and windows */
  seed: number;
  /** raw input bytes, of each program */
  windows: readonly (readonly Uint8Array[])[];
  reference: (program: number, input: Uint8Array) => Reference;
  /** serial port of a real board */
  port?: string;
  onProgress?: (done: number, total: number) => void;
}

export interface SwitchResult {
  board: string;
  switches: number;
  seed: number;
  /** how often each program was loaded */
  loads: number[];
  mismatchingBytes: number;
  mismatchingLayers: number;
  /** `window`: number of the switch, from 0 */
  firstMismatch: (Mismatch & { program: number }) | null;
}

/** Each switch is to another program than the one before it, which has left its tensors in the arena. */
export async function verifySwitches(options: SwitchOptions): Promise<SwitchResult> {
  const board = loadBoard(options.board, projectRoot());
  const { elf } = await buildFirmware(board, options.imagePath);
  const agent = new Agent(await connect(board, resolve(elf), options.port), { counterSeconds: counterSeconds(board) });
  try {
    return { board: board.name, ...(await switched(agent, options)) };
  } finally {
    await agent.close();
  }
}

async function switched(agent: Agent, options: SwitchOptions): Promise<Omit<SwitchResult, 'board'>> {
  const { image, switches, seed, windows, reference, onProgress } = options;
  assertSameImage(await agent.info(), image);
  const random = new Random(seed);
  const tally = new Tally();
  const loads = windows.map(() => 0);
  let firstMismatch: SwitchResult['firstMismatch'] = null;
  let program = random.below(windows.length);
  for (let i = 0; i < switches; i++) {
    program = (program + 1 + random.below(windows.length - 1)) % windows.length;
    const own = windows[program]!;
    const input = own[random.below(own.length)]!;
    await agent.load(program);
    tally.add(await agent.run(input, true), reference(program, input));
    loads[program]!++;
    firstMismatch ??= tally.firstMismatch && { ...tally.firstMismatch, program };
    onProgress?.(i + 1, switches);
  }
  const { mismatchingBytes, mismatchingLayers } = tally;
  return { switches, seed, loads, mismatchingBytes, mismatchingLayers, firstMismatch };
}

/** A board's agent with an image, for as long as it is used, and what to send it where the input does not matter. */
import { resolve } from 'node:path';
import type { Board } from '../boards/board.ts';
import { type BuildOptions, buildFirmware, type Firmware } from '../build/firmware.ts';
import { connect } from './connect.ts';
import { Agent } from './protocol.ts';

/** An input to count with: samples of 16 or 8 bits. */
export function anyInput(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i & 1 ? 0 : i * 37));
}

/** Builds the firmware of an image, starts it on an emulated or native board, and ends it after `use`. */
export async function onBoard<T>(
  board: Board,
  imagePath: string,
  use: (agent: Agent, firmware: Firmware) => Promise<T>,
  options: BuildOptions = {},
): Promise<T> {
  const firmware = await buildFirmware(board, imagePath, options);
  const agent = new Agent(await connect(board, resolve(firmware.elf)));
  try {
    return await use(agent, firmware);
  } finally {
    await agent.close();
  }
}

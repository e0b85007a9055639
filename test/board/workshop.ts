/** Firmware of the tiny image, and an agent that runs it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { loadBoard } from '../../host/board/board.ts';
import { buildFirmware, type Firmware } from '../../host/board/firmware.ts';
import { Agent } from '../../host/board/protocol.ts';
import { projectRoot } from '../../host/board/root.ts';
import { connect } from '../../host/board/transport.ts';
import { tinyImage } from './tinyImage.ts';

/** Path of an image file under build/; each test file has its own, because test files run at the same time. */
export function imageFile(name: string, image: Uint8Array = tinyImage()): string {
  const folder = join(projectRoot(), 'build', 'test');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}.htpw`);
  writeFileSync(path, image);
  return path;
}

export async function startAgent(boardName: string, imagePath: string): Promise<{ agent: Agent; firmware: Firmware }> {
  const firmware = await buildFirmware(boardName, imagePath);
  const transport = await connect(loadBoard(boardName), resolve(firmware.elf));
  return { agent: new Agent(transport, { timeout: 20_000 }), firmware };
}

const onPath = (tool: string) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, tool)));

export const HAS_ARM_COMPILER = onPath('arm-none-eabi-gcc');

/** Whether this computer can build and run a board: tests that cannot run are reported as skipped. */
export const canRun = (board: string): boolean =>
  board === 'host' ? onPath('gcc') : HAS_ARM_COMPILER && onPath('qemu-system-arm');

/** Boards that need no hardware: the sanitized host, and the emulated cores. */
export const RUNNABLE = ['host', 'mps2-an500', 'mps2-an386', 'mps2-an385', 'microbit'] as const;

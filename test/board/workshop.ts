/** Firmware of the tiny image, and an agent that runs it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { connect } from '../../host/agent/connect.ts';
import { Agent } from '../../host/agent/protocol.ts';
import { type Board, listBoards, loadBoard } from '../../host/boards/board.ts';
import { buildFirmware, type Firmware } from '../../host/build/firmware.ts';
import { projectRoot } from '../../host/system/root.ts';
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

/** Whether this computer has the compiler of a board; a board may be a folder's path. */
export const canBuild = (board: string): boolean => onPath(`${loadBoard(board).toolchain}gcc`);

/** Whether it can also run the firmware: tests that cannot run are reported as skipped. */
export function canRun(board: string): boolean {
  const { runner } = loadBoard(board);
  return canBuild(board) && runner.kind !== 'serial' && (runner.kind === 'native' || onPath(runner.program));
}

/** Boards that need no hardware: the sanitized host, and every emulated core. */
export const RUNNABLE: readonly Board[] = listBoards().filter(({ runner }) => runner.kind !== 'serial');

export const EMULATED = RUNNABLE.filter(({ runner }) => runner.kind === 'qemu');

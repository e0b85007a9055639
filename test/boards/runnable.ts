/** Which boards this computer can build for, and which it can run. */
import { type Board, listBoards, loadBoard } from '../../host/boards/board.ts';
import { onPath } from '../programs.ts';

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

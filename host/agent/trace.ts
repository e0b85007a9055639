/** Firmware in an emulator that says which blocks of code it runs, for as long as somebody listens. */
import { spawn } from 'node:child_process';
import type { Board } from '../boards/board.ts';
import { undoOnInterrupt } from '../system/interrupt.ts';
import { missingTool } from '../system/process.ts';

/**
 * The log of QEMU (`-d in_asm,exec,nochain`), some lines at a time, without an end while the firmware runs; the
 * emulator is ended with the loop over them. The count of instructions is off: it would cut blocks in two. Throws for a board
 * that is not emulated.
 */
export async function* tracedLines(board: Board, elf: string): AsyncGenerator<string[]> {
  const { runner } = board;
  if (runner.kind !== 'qemu') throw new Error(`${board.name}: has no emulator, whose trace could be read`);
  const words = [...runner.arguments];
  const counting = words.indexOf('-icount');
  if (counting >= 0) words.splice(counting, 2);
  const quiet = ['-display', 'none', '-monitor', 'none', '-serial', 'null'];
  const args = ['-M', runner.machine, ...quiet, '-d', 'in_asm,exec,nochain', ...words];
  const child = spawn(
    runner.program,
    args.map((word) => word.replaceAll('{elf}', elf)),
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const settled = undoOnInterrupt(() => child.kill());
  let failed: NodeJS.ErrnoException | null = null;
  child.on('error', (error) => {
    failed = error;
  });
  let rest = '';
  try {
    for await (const text of child.stderr.setEncoding('latin1')) {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      yield lines;
    }
    if (failed) throw failed;
    throw new Error(`${runner.program}: ended before the firmware was done: ${rest.trim()}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw missingTool(runner.program, board.packages?.emulator);
    throw error;
  } finally {
    child.kill();
    settled();
  }
}

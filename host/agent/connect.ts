/** Opens the transport of a board: an emulator or a native process that is started, or a serial port. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Board, Emulator } from '../boards/board.ts';
import { undoOnInterrupt } from '../system/interrupt.ts';
import { missingTool } from '../system/process.ts';
import { openSerial } from './serial.ts';
import type { Transport } from './transport.ts';

/** Ends with what the program last said on stderr: for a sanitizer or an emulator that is the diagnosis. */
function processTransport(command: string, args: string[], packages: readonly string[] = []): Transport {
  const child: ChildProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const settled = undoOnInterrupt(() => child.kill());
  child.on('error', settled).on('close', settled);
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  child.stdin!.on('error', () => {}); // writing to a program that is gone; `ended` tells
  const ended = new Promise<string>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? missingTool(command, packages).message : error.message),
    );
    child.on('close', (code, signal) =>
      resolve(`${command}: ended with ${signal ?? `exit code ${code}`}\n${said}`.trim()),
    );
  });
  const close = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill();
    await ended;
  };
  return { readable: child.stdout!, writable: child.stdin!, greets: true, ended, close };
}

function emulate(board: Board, { program, machine, arguments: words }: Emulator, elf: string): Transport {
  const args = ['-M', machine, '-display', 'none', '-monitor', 'none', '-serial', 'stdio', ...words];
  return processTransport(
    program,
    args.map((word) => word.replaceAll('{elf}', elf)),
    board.packages?.emulator,
  );
}

/** Starts the firmware, or for a real board opens the port that it already runs behind. */
export async function connect(board: Board, elf: string, port?: string): Promise<Transport> {
  const { runner } = board;
  if (runner.kind === 'qemu') return emulate(board, runner, elf);
  if (runner.kind === 'native') return processTransport(elf, []);
  if (port) return openSerial(port, runner.baud);
  const flash = runner.flash.replaceAll('{elf}', elf);
  throw new Error(`${board.name}: no port given; flash with: ${flash} and then give --port, such as /dev/ttyACM0`);
}

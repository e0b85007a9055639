/** Processes: running tools, with their output on success and one readable error otherwise, and who still runs. */
import { spawn } from 'node:child_process';
import { errnoOf } from './errno.ts';
import { undoOnInterrupt } from './interrupt.ts';
import { printable } from './printable.ts';

/** A program that failed: one line here, all that it said in `said`. */
export class ToolError extends Error {
  constructor(
    command: string,
    args: readonly string[],
    how: string,
    readonly said: string,
  ) {
    const lines = said.split('\n').filter((line) => line.trim() !== '');
    const first = lines.find((line) => /error|undefined|overflow|cannot|not found/i.test(line)) ?? lines[0];
    const rest = lines.length > 1 ? '; HTPW_DEBUG=1 shows all that it said' : '';
    super(`${command}: ended with ${how}: ${printable(first?.trim() ?? 'no message', 300)}${rest}`, {
      cause: `${command} ${args.join(' ')}\n${said}`,
    });
  }
}

/** `packages`: Debian's, that have it. */
export function missingTool(command: string, packages: readonly string[] = []): Error {
  const advice = packages.length > 0 ? `apt-get install ${packages.join(' ')}` : 'install it, or run npm install';
  return new Error(`${command}: not found on PATH; ${advice}`);
}

interface RunOptions {
  cwd?: string;
  /** Debian's, that have the program */
  packages?: readonly string[];
}

/** Runs a program to its end; throws ToolError when it fails. A signal to this process ends it, too. */
export function run(command: string, args: string[], { cwd, packages }: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    const settled = undoOnInterrupt(() => child.kill());
    child.on('error', (error: NodeJS.ErrnoException) => {
      settled();
      reject(error.code === 'ENOENT' ? missingTool(command, packages) : error);
    });
    child.on('close', (code, signal) => {
      settled();
      if (code === 0) resolve(out);
      else reject(new ToolError(command, args, signal ?? `exit code ${code}`, (err || out).trim()));
    });
  });
}

/** Runs a Node program, such as the command-line tools of npm packages. */
export function runNode(script: string, args: string[], cwd?: string): Promise<string> {
  return run(process.execPath, [script, ...args], { cwd });
}

/** Whether this machine has a process of this number. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH'; // EPERM: it runs as somebody else
  }
}

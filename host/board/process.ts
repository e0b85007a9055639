/** Running tools: output on success, one readable error otherwise. */
import { spawn } from 'node:child_process';

/** `packages`: Debian's, that have it. */
export function missingTool(command: string, packages: readonly string[] = []): Error {
  const advice = packages.length > 0 ? `apt-get install ${packages.join(' ')}` : 'install it, or run npm install';
  return new Error(`${command}: not found on PATH; ${advice}`);
}

export interface RunOptions {
  cwd?: string;
  /** Debian's, that have the program */
  packages?: readonly string[];
}

/** Runs a program to its end; throws with its first error lines when it fails. */
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
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? missingTool(command, packages) : error),
    );
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(out);
      const said = (err || out).trim().split('\n').slice(0, 20).join('\n');
      reject(new Error(`${command} ${args[0] ?? ''}: ended with ${signal ?? `exit code ${code}`}\n${said}`));
    });
  });
}

/** Runs a Node program, such as the command-line tools of npm packages. */
export function runNode(script: string, args: string[], cwd?: string): Promise<string> {
  return run(process.execPath, [script, ...args], { cwd });
}

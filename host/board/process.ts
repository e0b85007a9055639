/** Running tools: output on success, one readable error otherwise. */
import { spawn } from 'node:child_process';

/** What to install for a tool that is not there, by the beginning of its name. */
const INSTALL: [prefix: string, advice: string][] = [
  ['arm-none-eabi-', 'apt-get install gcc-arm-none-eabi'],
  ['qemu-system-arm', 'apt-get install qemu-system-arm'],
  ['gcc', 'apt-get install gcc libc6-dev'],
];

export function missingTool(command: string): Error {
  const advice = INSTALL.find(([prefix]) => command.startsWith(prefix))?.[1] ?? 'install it, or run npm install';
  return new Error(`${command}: not found on PATH; ${advice}`);
}

/** Runs a program to its end; throws with its first error lines when it fails. */
export function run(command: string, args: string[], cwd?: string): Promise<string> {
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
    child.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? missingTool(command) : error));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(out);
      const said = (err || out).trim().split('\n').slice(0, 20).join('\n');
      reject(new Error(`${command} ${args[0] ?? ''}: ended with ${signal ?? `exit code ${code}`}\n${said}`));
    });
  });
}

/** Runs a Node program, such as the command-line tools of npm packages. */
export function runNode(script: string, args: string[], cwd?: string): Promise<string> {
  return run(process.execPath, [script, ...args], cwd);
}

/** Where htpw train keeps its state while it runs, and what it says of it. */
import { existsSync, lstatSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Output, planOutput, readInput, safeName } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import { targetOf } from '../system/target.ts';
import type { StateOptions } from '../train/index.ts';
import { isState } from '../train/state.ts';
import { harmless, UsageError } from './verb.ts';

export interface StateFlags {
  state?: string;
  resume?: boolean;
  restart?: boolean;
  keepState?: boolean;
}

const ENDING = '.training.safetensors';
const MOST_NAME = 255; // bytes, on every file system in use

/** "build/motion.training.safetensors" of "build/motion.htpw"; null where the output is no file. */
function besideOutput(output: string): string | null {
  const target = targetOf(output);
  if (target.kind !== 'file') return null;
  const isLink = lstatSync(output, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  const own = isLink ? target.path : output; // its folder takes a new file
  const name = `${basename(own).replace(/\.htp[wa]$/, '')}${ENDING}`;
  return join(dirname(own), Buffer.byteLength(name) <= MOST_NAME ? name : `${safeName(basename(own))}${ENDING}`);
}

/** The state of a training; `discard` takes it away when all is done. */
export interface TrainState {
  options: StateOptions | undefined;
  output: Output | undefined;
  discard(): void;
}

/** Throws UsageError for a file that cannot be written, and for options that say nothing. */
export function planState(
  { state, resume, restart, keepState }: StateFlags,
  output: string,
  others: { inputs: readonly (string | undefined)[]; besides: readonly (Output | undefined)[] },
): TrainState {
  if (resume && restart) throw new UsageError('train: --resume and --restart exclude each other; give one of them');
  const path = state ?? besideOutput(output);
  if (path === null) {
    if (resume || restart || keepState)
      throw new UsageError(`train: no file can be beside ${shownPath(output)}; say with --state where the state is`);
    return { options: undefined, output: undefined, discard() {} };
  }
  const planned = planOutput(path, others);
  if (targetOf(path).kind !== 'file')
    throw new UsageError(`--state: ${shownPath(path)}: expected a file, which is read again; give the name of one`);
  if (existsSync(path) && !isState(readInput(path)))
    throw new UsageError(
      `${shownPath(path)}: expected nothing, or the state of a training, which is replaced, got another file; ` +
        'give another name with --state',
    );
  if (resume && !existsSync(path)) tell(`${shownPath(path)}: no state to go on with; training begins`);
  return {
    options: {
      path,
      beginning: resume ? 'resume' : restart ? 'restart' : null,
      onResume: (epoch, step) => tell(`${shownPath(path)}: going on after epoch ${epoch}, step ${step}`),
    },
    output: planned,
    discard() {
      if (!keepState) rmSync(path, { force: true });
    },
  };
}

const tell = (line: string): void => console.error(harmless(line));

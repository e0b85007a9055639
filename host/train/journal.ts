/** The file that a training in progress keeps its state in, so that it can go on when the process has ended. */
import { existsSync } from 'node:fs';
import { UsageError } from '../system/errors.ts';
import { readInput, writeWhole } from '../system/files.ts';
import { shownPath } from '../system/shownPath.ts';
import type { StateOptions } from './run.ts';
import { decodeState, encodeState, type Subject, subjectFault, type TrainingState } from './state.ts';

/** Seconds between two states within an epoch. */
const EVERY = 30;

export class Journal {
  private written = performance.now();

  constructor(
    private readonly options: StateOptions,
    private readonly subject: Subject,
  ) {}

  /** The state to go on from; null to begin. Throws UsageError for one that cannot be gone on with. */
  begin(): TrainingState | null {
    const { subject } = this;
    const { path, beginning } = this.options;
    const where = shownPath(path);
    if (beginning === 'restart' || !existsSync(path)) return null;
    if (beginning === null) {
      const found = unfinished(path);
      if (found === null || subjectFault(subject, found.subject) !== null) return null;
      throw new UsageError(
        `${where}: is of this training, unfinished after step ${found.state.step}; ` +
          'go on with --resume, or begin again with --restart',
      );
    }
    const { subject: of, state } = decodeState(readInput(path), where);
    const fault = subjectFault(subject, of);
    if (fault)
      throw new UsageError(
        `${where}: is of a training of ${fault}; resume it as it was begun, or begin again with --restart`,
      );
    return state;
  }

  isDue(): boolean {
    return performance.now() - this.written >= 1000 * (this.options.every ?? EVERY);
  }

  /** Whole or not at all. Throws UsageError. */
  write(state: TrainingState): void {
    writeWhole(this.options.path, encodeState(this.subject, state));
    this.written = performance.now();
  }
}

/** What is in the way and can be read as a state; all else is replaced. */
function unfinished(path: string): ReturnType<typeof decodeState> | null {
  try {
    return decodeState(readInput(path), shownPath(path));
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

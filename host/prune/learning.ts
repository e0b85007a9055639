/** What both ways of training an auxiliary network are told: behind a frozen trunk, and together with its trunk. */
import type { Progress } from '../train/run.ts';

export interface LearnOptions {
  seed: number;
  /** default: 20 behind a frozen trunk, half of those that a checkpoint was trained for */
  epochs?: number;
  onProgress?(progress: Progress): void;
}

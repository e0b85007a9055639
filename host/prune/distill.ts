/** Distillation (Hinton, Vinyals & Dean 2015): a network learns what another answers, beside the labels or alone. */
import type { WindowSet } from '../data/windows.ts';
import type { DistillationConfig } from '../train/config.ts';
import type { Lesson } from '../train/course.ts';
import { softTargets } from '../train/teacher.ts';

/** Both sets of logits are divided by the temperature, so that answers which are nearly right count as well. */
export const DISTILLATION: DistillationConfig = { teachers: [], temperature: 2, weight: 0.7 };

/**
 * What is learned from the logits [n][classes] of the whole network, and from the labels of the first `known` windows;
 * of those behind them nobody knows, and the whole network alone decides.
 */
export const taught = (windows: WindowSet, logits: Float32Array, known?: number): Pick<Lesson, 'soft' | 'known'> => ({
  soft: softTargets([{ logits: () => logits }], windows, DISTILLATION.temperature),
  known,
});

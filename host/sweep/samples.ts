/**
 * Macro-F1 of what runs have answered, on all windows of a split and on each resample of its groups. The same groups are
 * drawn for every run, so means over seeds, differences and ratios are made draw by draw.
 */
import type { Split } from '../data/part.ts';
import { type Resampled, resampled } from '../evaluate/bootstrap.ts';
import { confusionPerGroup } from '../evaluate/evaluate.ts';
import { type Groups, numbered } from '../evaluate/groups.ts';
import { macroF1, weightedSum } from '../evaluate/metrics.ts';
import { UsageError } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';
import { type LabelledWindows, readAnswers, readWindows } from './answers.ts';
import { RESAMPLES, type RunRecord, type SplitResult } from './record.ts';

/** Windows of a split by label and answer. */
export interface Confused {
  classes: string[];
  /** [label][answer] */
  counts: number[][];
}

/** The windows that all have been judged on, by name. Throws UsageError where they differ: their groups would not pair. */
export function commonWindows(results: readonly SplitResult[], what: string): string {
  const names = [...new Set(results.map(({ windows }) => windows))];
  if (names.length > 1)
    throw new UsageError(
      `${what}: expected the same windows in all runs, got ${names.join(' and ')}; run all on the same recordings`,
    );
  return names[0]!;
}

export class Samples {
  private readonly windowsOf = new Map<string, { windows: LabelledWindows; groups: Groups }>();
  private readonly answersOf = new Map<string, Uint8Array>();
  private readonly made = new Map<string, Resampled>();

  /** of records */
  constructor(private readonly folder: string) {}

  windows(name: string): { windows: LabelledWindows; groups: Groups } {
    return this.once(this.windowsOf, name, () => {
      const windows = readWindows(this.folder, name);
      return { windows, groups: numbered(windows.groups) };
    });
  }

  /** Of a program that was trained in a run. Throws UsageError where answers are missing, or are none of this split. */
  macroF1({ run, results }: Pick<RunRecord, 'run' | 'results'>, program: string, split: Split): Resampled {
    return this.once(this.made, `${run} ${program} ${split}`, () => {
      const { groups, labels, classes, answers } = this.answered({ run, results }, program, split);
      const matrices = confusionPerGroup(groups, labels, answers, classes.length);
      const metric = (times: Float64Array): number => macroF1(weightedSum(matrices, times));
      return resampled(groups.names.length, metric, { resamples: RESAMPLES });
    });
  }

  /** Windows by label and answer, [label][answer], of a program that was trained in a run. Throws as macroF1 does. */
  confusion(record: Pick<RunRecord, 'run' | 'results'>, program: string, split: Split): Confused {
    const { labels, classes, answers } = this.answered(record, program, split);
    const counts = classes.map(() => classes.map(() => 0));
    labels.forEach((label, i) => {
      counts[label]![answers[i]!]!++;
    });
    return { classes, counts };
  }

  private answered({ run, results }: Pick<RunRecord, 'run' | 'results'>, program: string, split: Split) {
    const { windows: name, answersAt } = results.find((one) => one.program === program)!.splits[split]!;
    const { windows, groups } = this.windows(name);
    const { labels, classes } = windows;
    const all = this.once(this.answersOf, run, () => readAnswers(this.folder, run));
    const answers = all.subarray(answersAt, answersAt + labels.length);
    if (answers.length !== labels.length)
      throw new UsageError(
        `${shownPath(this.folder)}: answers of ${run}: expected ${labels.length} of ${split} from ${answersAt} on, got ` +
          `${answers.length}; take the files of one sweep`,
      );
    return { groups, labels, classes, answers };
  }

  private once<T>(known: Map<string, T>, name: string, make: () => T): T {
    const there = known.get(name);
    if (there !== undefined) return there;
    const made = make();
    known.set(name, made);
    return made;
  }
}

/** Draw by draw; all are of the same groups. */
function combined(all: readonly Resampled[], combine: (values: readonly number[]) => number): Resampled {
  const [{ values }] = all as [Resampled];
  return {
    value: combine(all.map((one) => one.value)),
    values: values.map((_, draw) => combine(all.map((one) => one.values[draw]!))),
  };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of runs with several seeds. */
export const meanSample = (seeds: readonly Resampled[]): Resampled => combined(seeds, meanOf);

/** First minus second. */
export const differenceSample = (first: Resampled, second: Resampled): Resampled =>
  combined([first, second], ([a, b]) => a! - b!);

/** First by second. */
export const ratioSample = (first: Resampled, second: Resampled): Resampled =>
  combined([first, second], ([a, b]) => a! / b!);

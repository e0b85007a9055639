/** Any classifier on inputs whose class is known: the scores that it gives, whatever its last operator is. */
import { OPERATOR_NAMES } from '../operators/registry.ts';
import type { ImageView } from '../records/view.ts';
import type { Port } from '../runtime/ports.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { UsageError } from '../system/errors.ts';
import { shownPath } from '../system/shownPath.ts';
import { probabilities } from './scoring.ts';

/** How the answers of a program become a score for each class, higher for what is more likely. */
export interface Scoring {
  classes: number;
  /** names that the image has for them */
  names: string[] | null;
  scoresOf(answer: Uint8Array): ArrayLike<number>;
}

/**
 * The scoring of a loaded program: probabilities as a softmax gives them, those of logits, 1 for the index that an argmax
 * answers with, and of a single value between 0 and 1 itself and the rest. Throws UsageError for one that is no
 * classifier.
 */
export function scoringOf(path: string, runtime: Runtime, view: ImageView, program: number): Scoring {
  const [port, another] = runtime.outputs as [Port, Port | undefined];
  const [height, width, channels] = port.shape;
  const refuse = (got: string): never => {
    throw new UsageError(
      `${shownPath(path)}: expected an image that answers with a score for each class, got ${got}; ` +
        'htpw run --output keeps what it answers',
    );
  };
  if (another || height * width !== 1)
    return refuse(`outputs of ${runtime.outputs.map(({ shape }) => shape.join(' x ')).join(' and ')}`);
  const kind = lastKind(view, program);
  if (kind === 'argmax') {
    if (!port.labels) return refuse('the index of a class, and no names that say how many there are');
    const [names, count] = [port.labels, port.labels.length];
    return {
      classes: count,
      names,
      scoresOf: ([index]) => Float64Array.from({ length: count }, (_, c) => +(c === index)),
    };
  }
  const real = (answer: Uint8Array): Float32Array => runtime.dequantize(answer);
  if (channels === 1) {
    const most = port.scale * (127 - port.zeroPoint);
    if (port.zeroPoint !== -128 || most > 1) return refuse(`one value of up to ${Number(most.toPrecision(4))}`);
    return { classes: 2, names: null, scoresOf: (answer) => [1 - real(answer)[0]!, real(answer)[0]!] };
  }
  const isProbable = kind === 'softmax';
  return {
    classes: channels,
    names: port.labels,
    scoresOf: (answer) => (isProbable ? real(answer) : probabilities(new Int8Array(answer), port.scale)),
  };
}

/** What makes the first output of a program. */
function lastKind(view: ImageView, program: number): string | undefined {
  const { operators, outputs } = view.programs[program]!;
  const last = operators.findLast(({ output }) => output === outputs[0]!.tensor);
  return last && OPERATOR_NAMES[last.kind];
}

/** A class that a network names. */
export interface Ranked {
  index: number;
  label: string | null;
  /** in real units, as the network gives it; null where it answers with an index */
  score: number | null;
}

/** The classes with the highest scores in an answer of a loaded program, best first, the first of equals. */
export function ranked(
  answer: Uint8Array,
  count: number,
  runtime: Runtime,
  view: ImageView,
  program: number,
): Ranked[] {
  const [{ labels, offset }] = runtime.outputs as [Port];
  const label = (index: number): string | null => labels?.[index] ?? null;
  if (lastKind(view, program) === 'argmax') {
    const index = answer[offset]!;
    return [{ index, label: label(index), score: null }];
  }
  const scores = runtime.dequantize(answer);
  return [...scores.keys()]
    .sort((a, b) => scores[b]! - scores[a]! || a - b)
    .slice(0, count)
    .map((index) => ({ index, label: label(index), score: scores[index]! }));
}

/** How many inputs are run between two reports. */
const REPORTED_EVERY = 50;

/** Scores of inputs, [n][classes]; each is judged by itself, whatever the program keeps. */
export function scoreInputs(
  runtime: Runtime,
  { classes, scoresOf }: Scoring,
  inputs: readonly Uint8Array[],
  report: (done: number, total: number) => void = () => {},
): Float64Array {
  const scores = new Float64Array(inputs.length * classes);
  inputs.forEach((input, i) => {
    runtime.reset();
    scores.set(scoresOf(runtime.run(input)), i * classes);
    if (i % REPORTED_EVERY === 0) report(i, inputs.length);
  });
  return scores;
}

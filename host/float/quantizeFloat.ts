/**
 * A float network to an image: ranges, equalisation and bias correction are tried in turn on calibration inputs, and
 * what gives the smaller error of the outputs, measured on the image itself, is kept.
 */
import type { TableEncoding } from '../arithmetic/channels.ts';
import type { Lossless } from '../image/lossless.ts';
import { ImportError } from '../import/error.ts';
import type { Graph } from '../import/graph.ts';
import { type Imported, type ImportOptions, importGraph, packImported } from '../import/import.ts';
import { equalize } from './equalize.ts';
import { Executor } from './execute.ts';
import { answersOf, type Judgement, judge, type RealInputs } from './judge.ts';
import { type Observed, observe, RANGES, type RangeMethod, rangeBy } from './observe.ts';
import { type Corrections, quantizedGraph } from './quantize.ts';
import { floatKind } from './registry.ts';
import { type Plan, planScales } from './scales.ts';
import { type LayerLoss, simulate } from './simulate.ts';

export interface QuantizeOptions extends ImportOptions {
  /** default: the one that measures best */
  ranges?: RangeMethod;
  /** a weight scale for each channel of fully connected layers too, 4 bytes of flash each; default: one for all */
  denseChannels?: boolean;
  tables?: TableEncoding;
  lossless?: Lossless;
  /** what the metadata call the source; default "tflite" */
  source?: string;
}

/** One way that was tried. */
export interface Trial {
  ranges: RangeMethod;
  equalized: boolean;
  corrected: boolean;
  /** squared error of the outputs over their variance, on calibration inputs */
  error: number;
}

export interface Quantized extends Imported {
  image: Uint8Array;
  trials: Trial[];
  chosen: Trial;
  /** what each layer loses, on the inputs that were held out, or on calibration inputs where none were */
  layers: LayerLoss[];
  /** on inputs that were held out; null where none were */
  heldOut: Judgement | null;
}

/** "mse, equalised, bias corrected" */
export const describeTrial = ({ ranges, equalized, corrected }: Omit<Trial, 'error'>): string =>
  [ranges, equalized ? 'equalised' : '', corrected ? 'bias corrected' : ''].filter((part) => part !== '').join(', ');

/** Inputs of each stage at most, spread over all: more changes little. */
const OBSERVED = 256;
const JUDGED = 128;
const CORRECTED = 96;
const SHOWN = 24;
/** Of this many inputs one is held out. */
const HELD_OUT = 5;

/** Every fifth input is held out, from ten on. */
export function heldOutOf<T>(inputs: readonly T[]): { calibration: T[]; heldOut: T[] } {
  const isHeld = (_: T, i: number) => inputs.length >= 2 * HELD_OUT && i % HELD_OUT === HELD_OUT - 1;
  return { calibration: inputs.filter((input, i) => !isHeld(input, i)), heldOut: inputs.filter(isHeld) };
}

/** At most `count` of them, evenly spread. */
export function spread<T>(all: readonly T[], count: number): T[] {
  const taken = Math.min(count, all.length);
  return Array.from({ length: taken }, (_, i) => all[Math.floor((i * all.length) / taken)]);
}

interface Candidate {
  trial: Trial;
  plan: Plan;
  corrections: Corrections;
  imported: Imported & { image: Uint8Array };
}

/** `graph` as plainFloat and fuse leave it. Throws ImportError, also where the quantised form cannot be imported. */
export function quantizeFloat(
  graph: Graph,
  name: string,
  calibration: readonly RealInputs[],
  heldOut: readonly RealInputs[],
  options: QuantizeOptions = {},
  report: (stage: string) => void = () => {},
): Quantized {
  if (calibration.length === 0) throw new ImportError('no calibration inputs; give at least one');
  const { ranges, denseChannels, tables, lossless, ...rest } = options;
  const { seen, judged } = shared(calibration);
  const executor = new Executor(graph);
  report('float network');
  const expected = judged.map((inputs) => executor.run(inputs));
  const candidates: Candidate[] = [];
  const attempt = (trial: Omit<Trial, 'error'>, plan: Plan, corrections: Corrections = new Map()): Candidate => {
    report(describeTrial(trial));
    const imported = packImported(importGraph(quantizedGraph(plan, corrections), name, rest), { tables, lossless });
    const { relativeError } = judge(answersOf(imported.image, judged), expected);
    const candidate = { trial: { ...trial, error: relativeError }, plan, corrections, imported };
    candidates.push(candidate);
    return candidate;
  };
  const planOf = (of: Graph, observed: Map<number, Observed>, method: RangeMethod) =>
    planScales(of, rangesOf(of, observed, method), denseChannels);
  const corrected = (plan: Plan) => simulate(plan, spread(seen, CORRECTED), { correct: true }).corrections;
  const plain = { equalized: false, corrected: false };
  const both = (trial: Omit<Trial, 'error'>, plan: Plan) => {
    attempt(trial, plan);
    attempt({ ...trial, corrected: true }, plan, corrected(plan));
  };
  const best = () => candidates.reduce((a, b) => (b.trial.error < a.trial.error ? b : a));

  const observed = observe(graph, spread(seen, OBSERVED));
  for (const method of ranges === undefined ? RANGES : [ranges])
    both({ ranges: method, ...plain }, planOf(graph, observed, method));
  const isGiven = graph.operators.some(
    ({ opcode, inputs }) => floatKind(opcode)?.weights && graph.tensors[inputs[1]].scales.length > 0,
  );
  const equalized = isGiven ? null : equalize(graph, (tensor) => observed.get(tensor)!.peaks);
  if (equalized !== null) {
    const { ranges: method } = best().trial;
    const again = observe(equalized, spread(seen, OBSERVED));
    both({ ...plain, ranges: method, equalized: true }, planOf(equalized, again, method));
  }
  const { imported, ...taken } = best();
  report('layers');
  const shown = spread(heldOut.length > 0 ? heldOut : calibration, SHOWN);
  return {
    ...imported,
    inputs: imported.inputs.map((port) => ({ ...port, type: 'FLOAT32' })),
    outputs: imported.outputs.map((port) => ({ ...port, type: 'FLOAT32' })),
    trials: candidates.map((candidate) => candidate.trial),
    chosen: taken.trial,
    layers: simulate(taken.plan, shown, { corrections: taken.corrections }).losses,
    heldOut: judgeHeldOut(imported.image, executor, spread(heldOut, OBSERVED)),
  };
}

/** Those that ranges and biases come from, and those that ways are judged by: others, unless there are too few. */
function shared(calibration: readonly RealInputs[]): { seen: RealInputs[]; judged: RealInputs[] } {
  if (calibration.length < 4 * SHOWN) return { seen: [...calibration], judged: [...calibration] };
  const isJudged = (_: RealInputs, i: number) => i % 3 === 2;
  return {
    seen: calibration.filter((inputs, i) => !isJudged(inputs, i)),
    judged: spread(calibration.filter(isJudged), JUDGED),
  };
}

/** Inputs keep all that was seen: what a sensor can say must not be cut. */
const rangesOf = (graph: Graph, observed: ReadonlyMap<number, Observed>, method: RangeMethod) => (tensor: number) =>
  rangeBy(graph.inputs.includes(tensor) ? 'min-max' : method, observed.get(tensor)!);

/** A network whose every scale is in its file, which nothing has to be measured for. Throws ImportError. */
export function importScaled(
  graph: Graph,
  name: string,
  { tables, lossless, ...options }: QuantizeOptions = {},
): Imported & { image: Uint8Array } {
  const plan = planScales(graph, (tensor) => {
    throw new ImportError(`tensor "${graph.tensors[tensor].name}" has no scale; calibrate with inputs`);
  });
  const imported = importGraph(quantizedGraph(plan), name, options);
  const [inputs, outputs] = [imported.inputs, imported.outputs].map((ports) =>
    ports.map((port) => ({ ...port, type: 'FLOAT32' })),
  );
  return packImported({ ...imported, inputs, outputs }, { tables, lossless });
}

function judgeHeldOut(image: Uint8Array, executor: Executor, inputs: readonly RealInputs[]): Judgement | null {
  if (inputs.length === 0) return null;
  return judge(
    answersOf(image, inputs),
    inputs.map((arrays) => executor.run(arrays)),
  );
}

/**
 * A float network to an image: ranges, equalisation, bias correction and rounding of weights are tried in turn on
 * calibration inputs, and what gives the smaller error of the outputs, measured on the image itself, is kept.
 */
import type { TableEncoding } from '../arithmetic/channels.ts';
import type { Lossless } from '../image/lossless.ts';
import { ImportError } from '../import/error.ts';
import type { Graph } from '../import/graph.ts';
import { type Imported, type ImportOptions, importGraph, packImported } from '../import/import.ts';
import type { Model } from '../model/model.ts';
import { equalize } from './equalize.ts';
import { Executor } from './execute.ts';
import { answersOf, type Judgement, judge, type RealInputs } from './judge.ts';
import { withMeans } from './means.ts';
import { type Observed, observe, RANGES, type RangeMethod, rangeBy } from './observe.ts';
import { type Corrections, quantizedGraph } from './quantize.ts';
import { withReals } from './reals.ts';
import { floatKind } from './registry.ts';
import { type Plan, planScales } from './scales.ts';
import { type Fitting, type LayerLoss, simulate } from './simulate.ts';
import { inputsFor, workOf } from './work.ts';

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
  /** whether pools over all positions stay what they are in the file, with one scale for input and output */
  poolsKept: boolean;
  equalized: boolean;
  corrected: boolean;
  /** whether weights are rounded so that their errors make up for one another; then biases are corrected, too */
  rounded: boolean;
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
  /** The model, whose stored weights also have the real ones that they were rounded from. */
  modelInReals: () => Model;
  /** How another image of the network, such as one in fewer bits, does on the inputs that were held out. */
  judgeOther: (image: Uint8Array) => Judgement | null;
}

/** "mse, equalised, bias corrected" */
export const describeTrial = ({ ranges, poolsKept, equalized, corrected, rounded }: Omit<Trial, 'error'>): string =>
  [
    ranges,
    poolsKept && 'pools kept',
    equalized && 'equalised',
    corrected && 'bias corrected',
    rounded && 'errors of weights balanced',
  ]
    .filter((part) => part !== false)
    .join(', ');

/** Inputs of each stage at most, spread over all: more changes little. */
const OBSERVED = 256;
const JUDGED = 128;
const FITTED = 96;
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

/** `file`: a graph as plainFloat and fuse leave it. Throws ImportError, also where the quantised form cannot be imported. */
export function quantizeFloat(
  file: Graph,
  name: string,
  calibration: readonly RealInputs[],
  heldOut: readonly RealInputs[],
  options: QuantizeOptions = {},
  report: (stage: string) => void = () => {},
): Quantized {
  if (calibration.length === 0) throw new ImportError('no calibration inputs; give at least one');
  const { ranges, denseChannels, tables, lossless, ...rest } = options;
  const graph = withMeans(file);
  const work = workOf(graph);
  const some = (all: readonly RealInputs[], most: number) => spread(all, inputsFor(work, most));
  const { seen, judged: others } = shared(calibration);
  const judged = some(others, JUDGED);
  const executor = new Executor(graph);
  report('float network');
  const expected = judged.map((inputs) => executor.run(inputs));
  const candidates: Candidate[] = [];
  const attempt = (trial: Omit<Trial, 'error'>, plan: Plan): Candidate => {
    report(describeTrial(trial));
    const fit: Fitting | undefined = trial.rounded ? 'weights' : trial.corrected ? 'biases' : undefined;
    const corrections: Corrections = fit ? simulate(plan, some(seen, FITTED), { fit }).corrections : new Map();
    const imported = packImported(importGraph(quantizedGraph(plan, corrections), name, rest), { tables, lossless });
    const { relativeError } = judge(answersOf(imported.image, judged), expected);
    const candidate = { trial: { ...trial, error: relativeError }, plan, corrections, imported };
    candidates.push(candidate);
    return candidate;
  };
  const planOf = (of: Graph, observed: Map<number, Observed>, method: RangeMethod) =>
    planScales(of, rangesOf(of, observed, method), denseChannels);
  const plain = { poolsKept: false, equalized: false, corrected: false, rounded: false };
  const both = (trial: Omit<Trial, 'error'>, plan: Plan) => {
    attempt(trial, plan);
    attempt({ ...trial, corrected: true }, plan);
  };
  const best = () => candidates.reduce((a, b) => (b.trial.error < a.trial.error ? b : a));

  const observed = observe(graph, some(seen, OBSERVED));
  for (const method of ranges === undefined ? RANGES : [ranges])
    both({ ranges: method, ...plain }, planOf(graph, observed, method));
  const hasMeans = graph.operators.some(({ opcode }, i) => opcode !== file.operators[i].opcode);
  if (hasMeans) {
    const { ranges: method } = best().trial;
    attempt({ ...plain, ranges: method, poolsKept: true }, planOf(file, observed, method));
  }
  const isGiven = graph.operators.some(
    ({ opcode, inputs }) => floatKind(opcode)?.weights && graph.tensors[inputs[1]].scales.length > 0,
  );
  const equalized = isGiven ? null : equalize(graph, (tensor) => observed.get(tensor)!.peaks);
  if (equalized !== null) {
    const { ranges: method } = best().trial;
    const again = observe(equalized, some(seen, OBSERVED));
    both({ ...plain, ranges: method, equalized: true }, planOf(equalized, again, method));
  }
  if (!isGiven) {
    const { trial, plan } = best();
    attempt({ ...trial, corrected: true, rounded: true }, plan);
  }
  const { imported, ...taken } = best();
  report('layers');
  const judgeOther = (image: Uint8Array) => judgeHeldOut(image, executor, some(heldOut, OBSERVED));
  const shown = some(heldOut.length > 0 ? heldOut : calibration, SHOWN);
  return {
    ...imported,
    inputs: imported.inputs.map((port) => ({ ...port, type: 'FLOAT32' })),
    outputs: imported.outputs.map((port) => ({ ...port, type: 'FLOAT32' })),
    trials: candidates.map((candidate) => candidate.trial),
    chosen: taken.trial,
    layers: simulate(taken.plan, shown, { corrections: taken.corrections }).losses,
    heldOut: judgeOther(imported.image),
    modelInReals: () => withReals(taken.plan, taken.corrections, name, rest),
    judgeOther,
  };
}

/** Those that ranges and biases come from, and those that ways are judged by: others, unless there are too few. */
function shared(calibration: readonly RealInputs[]): { seen: RealInputs[]; judged: RealInputs[] } {
  if (calibration.length < 4 * SHOWN) return { seen: [...calibration], judged: [...calibration] };
  const isJudged = (_: RealInputs, i: number) => i % 3 === 2;
  return {
    seen: calibration.filter((inputs, i) => !isJudged(inputs, i)),
    judged: calibration.filter(isJudged),
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

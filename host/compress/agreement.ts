/** How far a changed model's outputs are from the original's, in the runtime, on given samples. */
import { type PackOptions, pack } from '../image/pack.ts';
import type { Model } from '../model/model.ts';
import { Runtime } from '../runtime/runtime.ts';
import type { Samples } from './samples.ts';

/** Outputs of the last layer that is no softmax or argmax, which hide errors: [samples][size] */
export interface Outputs {
  size: number;
  values: Int8Array;
}

export interface Agreement {
  samples: number;
  /** mean squared error over the variance of the original's outputs */
  relativeError: number;
  /** share of samples with the same largest output, the first of equals */
  top1: number;
  /** between all outputs of both, zero point taken off */
  cosine: number;
  /** largest difference of one output, in steps */
  maxError: number;
}

/** The operator whose result is compared. */
function lastLayer(model: Model): number {
  const { operators, outputs } = model.programs[0];
  const producer = (tensor: number) => operators.findLastIndex(({ output }) => output === tensor);
  let at = producer(outputs[0]);
  while (at >= 0 && (operators[at].kind === 'softmax' || operators[at].kind === 'argmax'))
    at = producer(operators[at].input);
  if (at < 0) throw new Error('compress: expected an output that a layer makes, got one that is an input');
  return at;
}

/** How many outputs are compared: of a classifier, its classes. */
export function outputCount(model: Model): number {
  const [{ tensors, operators }] = model.programs;
  return tensors[operators[lastLayer(model)].output].shape.reduce((a, b) => a * b);
}

/** Runs all samples through the runtime. */
export function outputsOf(model: Model, { inputs, wasm }: Samples, tables: PackOptions['tables'] = 'compact'): Outputs {
  const operator = lastLayer(model);
  const size = outputCount(model);
  const runtime = new Runtime(pack(model, { tables }), wasm).load();
  const values = new Int8Array(inputs.length * size);
  inputs.forEach((input, i) => {
    runtime.trace(input, (at, result) => {
      if (at === operator) values.set(new Int8Array(result.buffer, result.byteOffset, size), i * size);
    });
  });
  return { size, values };
}

/** The zero point of the outputs that are compared. */
export function outputZeroPoint(model: Model): number {
  const [program] = model.programs;
  return program.tensors[program.operators[lastLayer(model)].output].zeroPoint;
}

/** What a step of the compared outputs is as a logit, of which softmax makes class probabilities. */
export function logitUnit(model: Model): number {
  const [{ tensors, operators }] = model.programs;
  const at = lastLayer(model);
  const { output } = operators[at];
  const softmax = operators.find((operator) => operator.kind === 'softmax' && operator.input === output);
  return tensors[output].scale * (softmax?.kind === 'softmax' ? softmax.beta : 1);
}

/**
 * How far class probabilities are from the original's: their Kullback-Leibler divergence in nats, mean over the samples.
 * `unit` is what a step of the outputs is as a logit.
 */
export function divergence(original: Outputs, changed: Outputs, unit: number): number {
  const { size, values } = original;
  let sum = 0;
  for (let at = 0; at < values.length; at += size) {
    const [mine, theirs] = [logarithms(original, at, unit), logarithms(changed, at, unit)];
    for (let i = 0; i < size; i++) sum += Math.exp(mine[i]) * (mine[i] - theirs[i]);
  }
  return (sum * size) / values.length;
}

/** Logarithms of the class probabilities of the sample whose outputs begin at `at`. */
function logarithms({ size, values }: Outputs, at: number, unit: number): Float64Array {
  const logits = Float64Array.from({ length: size }, (_, i) => unit * values[at + i]);
  const largest = logits.reduce((a, b) => Math.max(a, b));
  const total = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
  return logits.map((logit) => logit - total);
}

export function compare(original: Outputs, changed: Outputs, zeroPoint: number): Agreement {
  const { size, values } = original;
  const samples = values.length / size;
  let [squares, product, ofOriginal, ofChanged, maxError, same] = [0, 0, 0, 0, 0, 0];
  const sums = new Float64Array(size);
  for (let i = 0; i < values.length; i++) {
    const [a, b] = [values[i] - zeroPoint, changed.values[i] - zeroPoint];
    squares += (a - b) ** 2;
    product += a * b;
    ofOriginal += a * a;
    ofChanged += b * b;
    maxError = Math.max(maxError, Math.abs(a - b));
    sums[i % size] += a;
  }
  const [mine, theirs] = [largestOf(original), largestOf(changed)];
  mine.forEach((index, i) => {
    if (index === theirs[i]) same++;
  });
  const variance = ofOriginal - sums.reduce((total, sum) => total + (sum * sum) / samples, 0);
  return {
    samples,
    relativeError: squares / Math.max(variance, 1),
    top1: same / samples,
    cosine: ofOriginal > 0 && ofChanged > 0 ? product / Math.sqrt(ofOriginal * ofChanged) : 1,
    maxError,
  };
}

/** Index of each sample's largest output, the first of equals. */
export function largestOf({ size, values }: Outputs): Int32Array {
  return Int32Array.from({ length: values.length / size }, (_, i) => {
    let best = i * size;
    for (let at = best; at < (i + 1) * size; at++) if (values[at] > values[best]) best = at;
    return best - i * size;
  });
}

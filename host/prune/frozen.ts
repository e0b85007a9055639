/**
 * An auxiliary network behind a trunk that stays as it is: it learns from the integers that the runtime makes of the trunk,
 * and from what the whole network answers.
 */
import type { Signal } from '../data/signal.ts';
import { countClasses, selectWindows, type WindowSet, windowAt } from '../data/windows.ts';
import type { Model } from '../model/model.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import type { Task } from '../task/task.ts';
import type { TrainConfig } from '../train/config.ts';
import { exportModel } from '../train/export.ts';
import { train, untrained } from '../train/loop.ts';
import { specOf } from '../train/network.ts';
import type { NetworkConfig } from '../train/networkConfig.ts';
import { startArrays } from '../train/start.ts';
import { type Auxiliary, kernelAt, layersOf } from './auxiliary.ts';
import { type Cut, onlyProgram } from './cuts.ts';
import { DISTILLATION, taught } from './distill.ts';
import { classesOf, grafted, linearEnd, type Part, trunkOf } from './graft.ts';
import type { LearnOptions } from './learning.ts';
import type { Material } from './material.ts';
import { withMixtures } from './mixtures.ts';
import type { Network } from './network.ts';

/** How it learns; it is small, and its inputs are made once. */
const FROZEN = {
  epochs: 20,
  batch: 32,
  learningRate: 0.005,
  codeRate: 1,
  warmupSteps: 20,
  weightDecay: 0.01,
  clip: 2,
};

/** Windows that an auxiliary network learns from at least: mixtures of two fill up what is missing. */
const LEAST_WINDOWS = 3000;

/** What an auxiliary network learns from, whatever the cut. */
export interface Examples {
  /** labels beyond `known` are the answers of the whole network: an epoch is drawn by them */
  windows: WindowSet;
  known: number;
  /** real logits of the whole network [n][classes] */
  logits: Float32Array;
}

/** The training windows of the material, with mixtures where they are few, and what the whole network answers. */
export function examplesOf(network: Network, { train: set, labelled }: Material, seed: number): Examples {
  const all = withMixtures(set, LEAST_WINDOWS, seed);
  const known = labelled ? set.labels.length : 0;
  const logits = teacherLogits(network, all);
  const answered = largest(logits, set.classNames.length);
  return {
    windows: { ...all, labels: answered.map((label, i) => (i < known ? set.labels[i]! : label)) },
    known,
    logits,
  };
}

/** What the whole network answers, real logits [n][classes]. */
export function teacherLogits(network: Network, set: WindowSet): Float32Array {
  const program = onlyProgram(network.model);
  const { operators, tensors } = program;
  const at = linearEnd(program);
  const { scale, zeroPoint } = tensors[operators[at].output];
  const [last] = operators.slice(at + 1);
  const unit = scale * (last?.kind === 'softmax' ? last.beta : 1);
  const head = trunkOf(network.model, { block: 'all', operator: at, tensor: operators[at].output });
  return Float32Array.from(answers(network, head, set), (value) => unit * (value - zeroPoint));
}

/** What a part of a network makes of windows, one after another; all variants of the runtime give the same. */
function answers(network: Network, part: Part, set: WindowSet): Int8Array<ArrayBuffer> {
  const runtime = new Runtime(network.packed(part), FASTEST).load();
  const size = runtime.outputBytes();
  const all = new Int8Array(set.labels.length * size);
  for (let i = 0; i < set.labels.length; i++)
    all.set(new Int8Array(runtime.run(windowAt(set, i) as Int8Array | Int16Array).buffer), i * size);
  return all;
}

/** The trunk as it is, and behind it an auxiliary network that has learned from what the whole network answers. */
export async function learnedBehind(
  network: Network,
  cut: Cut,
  auxiliary: Auxiliary,
  { windows, known, logits }: Examples,
  options: LearnOptions,
): Promise<Part> {
  await startArrays();
  const classes = classesOf(network.model);
  const set = handedOver(network, cut, windows);
  const config = configBehind(network.model, cut, auxiliary, set, options);
  const sets = { train: set, validation: selectWindows(set, []) };
  const lesson = { config, spec: specOf(config, classes), sets, ...taught(set, logits, known) };
  const { checkpoint } = await train([lesson], { onProgress: options.onProgress });
  return grafted(network.model, cut, await exportModel(checkpoint, config));
}

/** The same, but with weights at random: what it takes is known before it has learned. */
export async function unlearnedBehind(network: Network, cut: Cut, auxiliary: Auxiliary): Promise<Part> {
  await startArrays();
  const classes = classesOf(network.model);
  const names = Array.from({ length: classes }, (_, c) => `${c}`);
  const empty = { classNames: names, labels: new Uint8Array() };
  const config = configBehind(network.model, cut, auxiliary, empty, { seed: 1 });
  const checkpoint = untrained([{ config, spec: specOf(config, classes) }]);
  return grafted(network.model, cut, await exportModel(checkpoint, config));
}

/** What the trunk hands over for windows, made once. */
function handedOver(network: Network, cut: Cut, set: WindowSet): WindowSet {
  const signal = signalAt(network.model, cut);
  return { ...set, signal, samples: answers(network, trunkOf(network.model, cut), set) };
}

/** Index of the largest logit of each window, the first of equals. */
export function largest(logits: Float32Array, classes: number): Uint8Array {
  return Uint8Array.from({ length: logits.length / classes }, (_, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
}

function signalAt(model: Model, { tensor }: Cut): Signal {
  const { shape, scale, zeroPoint } = onlyProgram(model).tensors[tensor];
  return { name: 'trunk', shape, type: 'i8', scale, zeroPoint, rate: null, event: null };
}

function configBehind(
  model: Model,
  cut: Cut,
  auxiliary: Auxiliary,
  set: Pick<WindowSet, 'classNames' | 'labels'>,
  { seed, epochs = FROZEN.epochs }: LearnOptions,
): TrainConfig {
  const counts = countClasses(set);
  const network: NetworkConfig = { layers: layersOf(auxiliary, kernelAt(onlyProgram(model), cut)), methods: {} };
  const task: Task = {
    name: 'auxiliary',
    about: 'what a trunk hands over',
    data: { set: 'trunk', standIn: null, options: {} },
    input: signalAt(model, cut),
    frontEnd: { kind: 'none' },
    classes: Object.fromEntries(set.classNames.map((name) => [name, [name]])),
    augmentation: {},
    metrics: { among: null, versusRest: null },
    caveats: [],
  };
  return {
    ...FROZEN,
    name: auxiliary.name,
    task,
    data: task.data.set,
    seed,
    epochs,
    batch: Math.max(1, Math.min(FROZEN.batch, set.labels.length)),
    network,
    distillation: DISTILLATION,
    windowsPerEpoch: Object.fromEntries(set.classNames.map((name, c) => [name, counts[c]!])),
  };
}

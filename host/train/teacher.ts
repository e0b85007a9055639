/**
 * Distillation: what trained networks answer on the training windows, for a smaller one to learn from. A teacher is an
 * image or a checkpoint; it answers each window once, as it is and not varied.
 */
import { type WindowSet, windowAt } from '../data/windows.ts';
import { programName } from '../records/names.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { dequantize, type Port, type Ports } from '../runtime/ports.ts';
import { FASTEST } from '../runtime/variants.ts';
import { named, UsageError } from '../system/errors.ts';
import { describeFile, SAFETENSORS } from '../system/fileKind.ts';
import { readInput } from '../system/files.ts';
import { sha256Hex } from '../system/sha256Hex.ts';
import { shownPath } from '../system/shownPath.ts';
import { takesWindows } from '../task/inputs.ts';
import { classNamesOf } from '../task/task.ts';
import { decodeCheckpoint } from './checkpoint.ts';
import { type TrainConfig, trainedConfigs } from './config.ts';
import { checkpointLogits } from './evaluate.ts';
import { specsOf } from './network.ts';
import { assertFits } from './tensors.ts';

export interface Teacher {
  /** [n][classes] of every window of the set, in order */
  logits(set: WindowSet): Float32Array;
}

/** Those of a configuration. Throws UsageError, one line, for a file that is none for its windows and classes. */
export const teachersOf = (config: TrainConfig): Teacher[] =>
  (config.distillation?.teachers ?? []).map((path) => openTeacher(path, config));

function openTeacher(path: string, config: TrainConfig): Teacher {
  const bytes = readInput(path);
  const where = `${shownPath(path)}: teacher of ${config.name}`;
  return describeFile(bytes).kind === SAFETENSORS.kind
    ? openCheckpoint(bytes, where, config)
    : openImage(bytes, where, config);
}

/** "windows of 1 x 64 x 3 (i16) and classes rest, walk" */
const wanted = ({ task: { input, ...task } }: Pick<TrainConfig, 'task'>): string =>
  `${input.shape.join(' x ')} values of ${input.type}, for classes ${classNamesOf(task).join(', ')}`;

/** The one that fits, or that fits and has the name. */
function chosen(
  names: readonly string[],
  fits: (index: number) => boolean,
  where: string,
  config: TrainConfig,
): number {
  const fitting = [...names.keys()].filter(fits);
  const index = fitting.length > 1 ? fitting.find((i) => names[i] === config.name) : fitting[0];
  if (index !== undefined) return index;
  throw fitting.length > 1
    ? new UsageError(`${where}: expected one of ${names.join(', ')} to have its name, as several take its windows`)
    : new UsageError(`${where}: expected a network that takes ${wanted(config)}, got none; train one on the same task`);
}

function openImage(bytes: Uint8Array, where: string, config: TrainConfig): Teacher {
  const { kind } = describeFile(bytes);
  const runtime = named(`${where}: expected an image or a checkpoint, got ${kind}`, () => new Runtime(bytes, FASTEST));
  const view = new ImageView(bytes);
  const names = view.programs.map((_, i) => programName(view, i));
  const index = chosen(names, (i) => answers(runtime.portsOf(i), config), where, config);
  if (isProbability(runtime.portsOf(index).outputs[0]!))
    throw new UsageError(`${where}: expected logits, got probabilities behind a softmax; give one without`);
  const key = `${sha256Hex(bytes)} ${index}`;
  return { logits: (set) => oncePerTeacher(set, key, () => logitsOf(runtime.load(index), set)) };
}

function logitsOf(runtime: Runtime, set: WindowSet): Float32Array {
  const classes = set.classNames.length;
  const result = new Float32Array(set.labels.length * classes);
  const port = runtime.outputs[0]!;
  set.labels.forEach((_, i) => {
    result.set(dequantize(port, runtime.run(windowAt(set, i))), i * classes);
  });
  return result;
}

/** Of windows that are asked about again, as trainings of one grid do, what each teacher answered. */
const ANSWERS = new WeakMap<WindowSet['samples'], Map<string, Float32Array>>();

function oncePerTeacher({ samples }: WindowSet, teacher: string, ask: () => Float32Array): Float32Array {
  const answers = ANSWERS.get(samples) ?? new Map<string, Float32Array>();
  ANSWERS.set(samples, answers);
  const logits = answers.get(teacher) ?? ask();
  answers.set(teacher, logits);
  return logits;
}

/** As a softmax answers: steps of 1/256 from -128 on. */
const isProbability = ({ scale, zeroPoint }: Port): boolean => scale === 1 / 256 && zeroPoint === -128;

function answers({ inputs, outputs }: Ports, { task }: TrainConfig): boolean {
  const classes = classNamesOf(task);
  const [port, ...others] = outputs as [Port, ...Port[]];
  const isLabelled = port.labels === null || String(port.labels) === String(classes);
  return takesWindows(inputs, task.input) && others.length === 0 && port.bytes === classes.length && isLabelled;
}

function openCheckpoint(bytes: Uint8Array, where: string, config: TrainConfig): Teacher {
  const checkpoint = decodeCheckpoint(bytes, where);
  const configs = trainedConfigs(checkpoint.metadata, where);
  const specs = specsOf(configs);
  assertFits(checkpoint, specs, where);
  const names = configs.map(({ name }) => name);
  const index = chosen(names, (i) => wanted(configs[i]!) === wanted(config), where, config);
  return { logits: (set) => checkpointLogits(checkpoint, configs[index]!, set, specs[index]) };
}

/** Probabilities at a temperature, mean over the teachers: [n][classes]. */
export function softTargets(teachers: readonly Teacher[], set: WindowSet, temperature: number): Float32Array {
  const classes = set.classNames.length;
  const sums = new Float64Array(set.labels.length * classes);
  for (const teacher of teachers) {
    const logits = teacher.logits(set);
    for (let row = 0; row < sums.length; row += classes)
      softmax(logits.subarray(row, row + classes), temperature).forEach((value, c) => {
        sums[row + c]! += value / teachers.length;
      });
  }
  return Float32Array.from(sums);
}

function softmax(logits: Float32Array, temperature: number): Float64Array {
  const largest = Math.max(...logits);
  const exponentials = Float64Array.from(logits, (value) => Math.exp((value - largest) / temperature));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

/**
 * The trunk of a checkpoint and an auxiliary network behind it, trained together: the trunk begins as it was, and both
 * learn from the labels and from what the whole network answers.
 */
import type { WindowSet } from '../data/windows.ts';
import type { Model } from '../model/model.ts';
import { frontEndOf } from '../task/task.ts';
import type { Checkpoint, StoredArray } from '../train/checkpoint.ts';
import type { TrainConfig } from '../train/config.ts';
import type { TrainingSets } from '../train/course.ts';
import { checkpointLogits } from '../train/evaluate.ts';
import { exportModel } from '../train/export.ts';
import { train } from '../train/loop.ts';
import { buildNetwork, listOf, type NetworkSpec, type NodeSpec, specOf } from '../train/network.ts';
import type { LayerConfig } from '../train/networkConfig.ts';
import { startArrays } from '../train/start.ts';
import { type Auxiliary, kernelAt, layersOf } from './auxiliary.ts';
import { type Cut, onlyProgram } from './cuts.ts';
import { DISTILLATION, taught } from './distill.ts';
import type { LearnOptions } from './learning.ts';

/** Of the learning rate that the checkpoint was trained with: its trunk has learned already. */
const FINE = 0.5;

/** A network that was trained here, as the integer model that it is exported to, too. */
export interface TrainedNetwork {
  checkpoint: Checkpoint;
  config: TrainConfig;
  model: Model;
}

/** What the whole network answers in the float simulation of its integers, [n][classes]. */
export async function simulatedLogits({ checkpoint, config }: TrainedNetwork, set: WindowSet): Promise<Float32Array> {
  await startArrays();
  return checkpointLogits(checkpoint, config, set);
}

/** Both as one model; `logits` are those of the whole network for the training windows. */
export async function learnedTogether(
  network: TrainedNetwork,
  cut: Cut,
  auxiliary: Auxiliary,
  sets: TrainingSets,
  logits: Float32Array,
  { seed, epochs, onProgress }: LearnOptions,
): Promise<Model> {
  await startArrays();
  const { checkpoint, config: base, model } = network;
  const classes = sets.train.classNames.length;
  const trunk = trunkLayers(network, cut, classes);
  const whole = specOf(base, classes);
  const kept = whole.layers.filter(({ name }) => trunk.names.has(name));
  const config: TrainConfig = {
    ...base,
    seed,
    epochs: epochs ?? Math.ceil(base.epochs / 2),
    learningRate: base.learningRate * FINE,
    distillation: DISTILLATION,
    network: {
      layers: [...trunk.layers, ...layersOf(auxiliary, kernelAt(onlyProgram(model), cut))],
      methods: Object.fromEntries(kept.map(({ name, method }) => [name, method])), // the auxiliary network is INT8
    },
  };
  const start = startOf(checkpoint, trunk.names, whole);
  const lesson = { config, spec: specOf(config, classes), sets, start, ...taught(sets.train, logits) };
  const learned = await train([lesson], { onProgress });
  return exportModel(learned.checkpoint, config);
}

/** Layers of a configuration in front of a cut, and the names of the nodes that become of them. */
interface Trunk {
  layers: LayerConfig[];
  names: Set<string>;
}

function trunkLayers({ config: { network, task }, model }: TrainedNetwork, cut: Cut, classes: number): Trunk {
  const end = onlyProgram(model).operators[cut.operator].name;
  const all = listOf(network);
  for (const count of all.keys()) {
    const layers = all.slice(0, count + 1);
    const { nodes } = buildNetwork({ layers, methods: {} }, frontEndOf(task).output.shape, classes);
    const names = nodes.map(nameOf).filter((name) => name !== 'pool' && name !== 'fc');
    if (names.at(-1) === end) return { layers, names: new Set(names) };
  }
  throw new Error(`prune: expected a layer of the configuration that ends in ${end}, got none`);
}

const nameOf = (node: NodeSpec): string => (node.kind === 'layer' ? node.layer.name : node.name);

/** What the trunk begins with: the arrays of its layers and sums, and what its layers share with others. */
function startOf(
  { tensors }: Checkpoint,
  trunk: ReadonlySet<string>,
  { shared, layers }: NetworkSpec,
): Map<string, StoredArray> {
  const ownerOf = (name: string): string => name.slice(0, name.lastIndexOf('.'));
  const isOfLayer = (name: string): boolean => layers.some((layer) => layer.name === ownerOf(name));
  const methods = shared.filter((method) => method.layers.some(({ name }) => trunk.has(name)));
  const together = new Set(methods.flatMap((method) => method.shapes().map(([name]) => name)));
  const isTaken = (name: string): boolean => (isOfLayer(name) || !together.has(name) ? trunk.has(ownerOf(name)) : true);
  const isTrained = (name: string): boolean => !/\.(mean|variance)$/.test(name);
  return new Map([...tensors].filter(([name]) => isTrained(name) && isTaken(name)));
}

/**
 * Depth pruning of MLPerf Tiny's networks, beside the figures of the paper, and of networks that were trained here:
 * bench/prune.json.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseLabels, splitSamples } from '../compress/samples.ts';
import { auxiliaryNamed, DEFAULT_AUXILIARY } from '../prune/auxiliary.ts';
import { cutsOf } from '../prune/cuts.ts';
import { classesOf } from '../prune/graft.ts';
import { type Material, materialOf, materialOfInputs } from '../prune/material.ts';
import { checkpointNetwork, importedNetwork, type Network } from '../prune/network.ts';
import { chosenOf, type Outcome, type PruneOptions, prune, type Row, sizesOf } from '../prune/prune.ts';
import { Runtime } from '../runtime/node.ts';
import { UsageError } from '../system/errors.ts';
import { readInput, writeWhole } from '../system/files.ts';
import { buildFolder, projectRoot } from '../system/root.ts';
import { openTask } from '../task/task.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../train/checkpoint.ts';
import { readConfig, type TrainConfig } from '../train/config.ts';
import { trainModel } from '../train/index.ts';
import { instructionsOf } from './instructions.ts';

/** The core of the paper's hardware figures is a Cortex-M0+; this board counts as one. */
export const PRUNED_ON = 'mps2-an385-m0';

/** A network, cut everywhere. */
export interface PrunedNetwork {
  /** nothing; an auxiliary network behind a trunk that stays as it is; or both together */
  learned: 'nothing' | 'behind' | 'together';
  /** what `auto` takes; null where nothing was learned, or none is good enough */
  chosen: string | null;
  rows: Row[];
}

/** bench/prune.json */
export interface PruneRecord {
  board: string;
  auxiliary: string;
  networks: Partial<Record<PrunedName, PrunedNetwork>>;
}

const NETWORKS = {
  /** visual wake words as TensorFlow Lite Micro runs it, with every channel */
  vww: () => imported('vww_96_int8', { keepDead: true, trunkBiases: false }),
  /** the same without channels that no output depends on, which the importer leaves out */
  'vww-live': () => imported('vww_96_int8', { keepDead: false, trunkBiases: false }),
  kws: () => imported('kws_ref_model', { keepDead: false, trunkBiases: true, material: keywordClips }),
  /** made up: this one needs no recordings */
  'synthetic-motion': () => trainedHere('synthetic-motion'),
  'uci-har': () => trainedHere('uci-har'),
  'ecg-beats': () => trainedHere('ecg-beats-int8'),
} satisfies Record<string, () => Promise<PrunedNetwork>>;

export type PrunedName = keyof typeof NETWORKS;
export const PRUNED_NAMES = Object.keys(NETWORKS) as PrunedName[];

const SEED = 1;

/** Measures the named networks, beside what `before` then has of others. Needs HTPW_DATA and the emulator. */
export async function measurePruned(
  names: readonly PrunedName[],
  before: () => PruneRecord | null,
  report: (done: number, total: number, note: string) => void = () => {},
): Promise<PruneRecord> {
  const measured: PruneRecord['networks'] = {};
  for (const [i, name] of names.entries()) {
    report(i, names.length, name);
    measured[name] = await NETWORKS[name]();
  }
  const networks = { ...before()?.networks, ...measured };
  const ordered = PRUNED_NAMES.flatMap((name) => (networks[name] ? [[name, networks[name]] as const] : []));
  return { board: PRUNED_ON, auxiliary: DEFAULT_AUXILIARY, networks: Object.fromEntries(ordered) };
}

const optionsFor = (name: string, trunkBiases: boolean): PruneOptions => ({
  auxiliary: auxiliaryNamed(DEFAULT_AUXILIARY)!,
  trunkBiases,
  seed: SEED,
  instructions: (image) => instructionsOf(PRUNED_ON, name, image),
});

/** A file of HTPW_DATA. */
function dataFile(...path: string[]): Uint8Array {
  const root = process.env.HTPW_DATA;
  if (root === undefined) throw new UsageError('bench: --prune needs recordings; set HTPW_DATA to their folder');
  return readInput(join(root, ...path));
}

interface ImportedOptions {
  keepDead: boolean;
  trunkBiases: boolean;
  /** what an auxiliary network learns from; without, it learns nothing */
  material?(network: Network): Material;
}

async function imported(name: string, { keepDead, trunkBiases, material }: ImportedOptions): Promise<PrunedNetwork> {
  const network = importedNetwork(dataFile('tflite', `${name}.tflite`), name, keepDead);
  const options = optionsFor(name, trunkBiases);
  if (!material) return { learned: 'nothing', chosen: null, rows: (await sizesOf(network, options)).rows };
  return described('behind', await prune(network, cutsOf(network.model), material(network), options));
}

/** The 700 test clips that the benchmark publishes features of: one half to learn from, the other to judge by. */
function keywordClips({ image, model }: Network): Material {
  const runtime = new Runtime(image).load();
  const inputs = splitSamples(dataFile('mlperf-tiny', 'kws01_mfcc_int8.bin'), runtime.inputBytes());
  const csv = new TextDecoder().decode(dataFile('mlperf-tiny', 'kws01_labels.csv'));
  const classes = classesOf(model);
  const names = Array.from({ length: classes }, (_, c) => `class ${c}`);
  const half = inputs.length / 2;
  return materialOfInputs(inputs, runtime.inputs[0]!, parseLabels(csv, inputs.length, classes), names, [0, half]);
}

/** A network of models/configs/, trained whole and then cut everywhere. */
async function trainedHere(name: string): Promise<PrunedNetwork> {
  const config = readConfig(join(projectRoot(), 'models', 'configs', `${name}.json`));
  const network = await checkpointNetwork(await wholeOf(config), config);
  const material = materialOf(openTask(config.task), Number.POSITIVE_INFINITY, SEED);
  return described('together', await prune(network, cutsOf(network.model), material, optionsFor(name, false)));
}

const described = (learned: PrunedNetwork['learned'], outcome: Outcome): PrunedNetwork => ({
  learned,
  chosen: chosenOf(outcome)?.cut.block ?? null,
  rows: outcome.rows,
});

/** The checkpoint of a configuration: one from before under build/ where it is of this very one, else trained now. */
async function wholeOf(config: TrainConfig): Promise<Checkpoint> {
  const path = join(buildFolder(), 'prune', `${config.name}.safetensors`);
  if (existsSync(path)) {
    const kept = decodeCheckpoint(new Uint8Array(readFileSync(path)), path);
    if (kept.metadata.config === JSON.stringify(config)) return kept;
  }
  const { checkpoint } = await trainModel(config);
  writeWhole(path, encodeCheckpoint(checkpoint));
  return checkpoint;
}

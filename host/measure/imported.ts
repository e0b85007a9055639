/**
 * Imported models beside TensorFlow Lite Micro: output bytes on all targets; flash, arena, instructions on one core.
 */
import { verifyBoard } from '../agent/verify.ts';
import { BARE, measureFirmware } from '../build/firmware.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import type { Lossless } from '../image/lossless.ts';
import { importImage } from '../import/import.ts';
import type { Model } from '../model/model.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST, VARIANT_NAMES, type VariantName } from '../runtime/variants.ts';
import { type GoldenSet, readGolden } from './golden.ts';
import { PEERS, type PeerNetwork } from './peers.ts';

/** In Node the fastest variant, which runs all samples. */
const WHOLE: VariantName = FASTEST;
/** Its firmware and instructions stand beside those of TensorFlow Lite Micro. */
export const MEASURED = 'mps2-an500';

/** TensorFlow Lite Micro with CMSIS-NN on the same network, by the name of the recorded set. */
const PEER_OF: Record<string, PeerNetwork> = {
  kws_ref_model: PEERS.kws,
  pretrainedResnet_quant: PEERS.ic,
  vww_96_int8: PEERS.vww,
  vww_96_int8_cifar: PEERS.vww,
  ad01_int8: PEERS.ad,
  tflm_person_detect: PEERS.personDetection,
};

export interface Target {
  target: string;
  samples: number;
  /** output bytes */
  differing: number;
}

export interface GoldenResult {
  name: string;
  targets: Target[];
  imageBytes: number;
  arenaBytes: number;
  /** of the measured board's firmware without the agent; null where that board was not asked for, as in instructions */
  flashBytes: number | null;
  instructions: number | null;
  peer: { flashBytes: number; arenaBytes?: number; instructions?: number } | null;
}

export interface CompareOptions {
  boards: readonly string[];
  /** the most on every target but one, which takes all */
  samples: number;
  lossless: Lossless;
}

/** Imports the model of a set and counts the output bytes that differ from the recorded ones, in Node and on boards. */
export async function compareGolden(
  set: GoldenSet,
  { boards, samples, lossless }: CompareOptions,
): Promise<GoldenResult> {
  const { name, model, expected } = set;
  const { image } = importImage(model, name, { lossless });
  const some = Math.min(samples, set.samples.length);
  const result: GoldenResult = {
    name,
    targets: VARIANT_NAMES.map((variant) => inNode(set, image, variant, variant === WHOLE ? set.samples.length : some)),
    imageBytes: image.length,
    arenaBytes: new Runtime(image).arenaBytes(),
    flashBytes: null,
    instructions: null,
    peer: peerOf(name),
  };
  const imagePath = placeUnderBuild(name, image);
  const runtime = new Runtime(image).load();
  for (const board of boards) {
    let next = 0;
    const { mismatchingBytes, instructionsPerInference } = await verifyBoard({
      imagePath,
      image,
      board,
      windows: set.samples.slice(0, some),
      reference: (input) => ({ layers: runtime.traceCrcs(input).layers, output: expected[next++] }),
    });
    result.targets.push({ target: board, samples: some, differing: mismatchingBytes });
    if (board !== MEASURED) continue;
    result.flashBytes = (await measureFirmware(board, imagePath, { main: BARE })).flashBytes;
    result.instructions = Math.round(instructionsPerInference ?? 0);
  }
  return result;
}

function inNode({ samples, expected }: GoldenSet, image: Uint8Array, variant: VariantName, count: number): Target {
  const runtime = new Runtime(image, variant).load();
  let differing = 0;
  for (let i = 0; i < count; i++)
    runtime.run(samples[i]).forEach((byte, at) => {
      if (byte !== expected[i][at]) differing++;
    });
  return { target: `node ${variant}`, samples: count, differing };
}

function peerOf(name: string): GoldenResult['peer'] {
  if (!(name in PEER_OF)) return null;
  const { flashBytes, cores } = PEER_OF[name];
  return { flashBytes, arenaBytes: cores.M7?.arenaBytes, instructions: cores.M7?.inference };
}

/** One of MLPerf Tiny's trained networks, imported, as bench/imported.json records it. Of a Cortex-M7. */
export interface ImportedFigure {
  network: keyof typeof PEERS;
  lossless: Lossless;
  imageBytes: number;
  /** image, runtime and start-up code */
  flashBytes: number;
  arenaBytes: number;
  instructions: number;
  /** output channels of all layers with weights, and how many of them no output depends on */
  channels: number;
  deadChannels: number;
}

/** bench/imported.json */
export interface ImportedRecord {
  board: string;
  networks: ImportedFigure[];
}

const RECORDED: [set: string, network: keyof typeof PEERS, lossless: Lossless][] = [
  ['kws_ref_model', 'kws', null],
  ['vww_96_int8', 'vww', null],
  ['pretrainedResnet_quant', 'ic', null],
  ['pretrainedResnet_quant', 'ic', 'arena'],
  ['ad01_int8', 'ad', null],
];

/** Inputs that each is run with; counts of them hardly differ. */
const SAMPLES = 4;

/**
 * What the trained networks of MLPerf Tiny take. Needs the folder of recorded answers; throws when an output byte
 * differs from them, since figures of a network that computes something else mean nothing.
 */
export async function measureImported(
  folder: string,
  report: (done: number, total: number, note: string) => void = () => {},
): Promise<ImportedRecord> {
  const networks: ImportedFigure[] = [];
  for (const [i, [name, network, lossless]] of RECORDED.entries()) {
    report(i, RECORDED.length, name);
    const set = readGolden(folder, name);
    const { targets, imageBytes, flashBytes, arenaBytes, instructions } = await compareGolden(set, {
      boards: [MEASURED],
      samples: SAMPLES,
      lossless,
    });
    const wrong = targets.find(({ differing }) => differing > 0);
    if (wrong) throw new Error(`${name}: ${wrong.differing} output bytes differ on ${wrong.target}; htpw golden`);
    const all = channels(importImage(set.model, name, { keepDead: true }).model);
    networks.push({
      network,
      lossless,
      imageBytes,
      flashBytes: flashBytes!,
      arenaBytes,
      instructions: instructions!,
      channels: all,
      deadChannels: all - channels(importImage(set.model, name).model),
    });
  }
  return { board: MEASURED, networks };
}

/** Output channels of all layers with weights. */
const channels = ({ programs }: Model): number =>
  programs[0].operators.reduce((sum, operator) => sum + ('source' in operator ? operator.bias.length : 0), 0);

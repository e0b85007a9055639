/**
 * What strips take back of the memory of feature aggregation: the routes of models/configs before training, with and
 * without it, sliced and not, on emulated cores. What weights have
 * learnt changes no sizes, and counts little.
 */
import { join } from 'node:path';
import { anyInput } from '../agent/session.ts';
import { verifyBoard } from '../agent/verify.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { takingBranch } from '../image/branches.ts';
import { pack } from '../image/pack.ts';
import { unpack } from '../image/unpack.ts';
import { Unsupported } from '../model/unsupported.ts';
import { ImageView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { FASTEST } from '../runtime/variants.ts';
import { slice } from '../strips/slice.ts';
import { projectRoot } from '../system/root.ts';
import type { TrainConfig } from '../train/config.ts';
import { readConfig, untrainedModel } from '../train/index.ts';

/** A route in so many strips; all branches take the same, so one of them is counted. */
export interface SlicedRoute {
  /** null: as it was */
  strips: number | null;
  arenaBytes: number;
  operators: number;
  bytes: number;
  /** of an inference, by board */
  instructions: Record<string, number>;
  /** output bytes otherwise than those of the route as it was, in WebAssembly, and layers otherwise than there */
  mismatches: number;
}

export interface SlicedTask {
  task: string;
  /** of the same route whose classifiers read no features of the selector */
  withoutAggregation: number;
  routes: SlicedRoute[];
}

/** bench/slices.json */
export interface SliceRecord {
  boards: string[];
  tasks: SlicedTask[];
}

const BOARDS = ['mps2-an500', 'mps2-an386', 'mps2-an385-m0'];
const CONFIGS = ['route-uci-har', 'route-wisdm', 'route-digits'];
const STRIPS = [2, 3, 4];
/** What more may be multiplied, so that it is not what decides. */
const MOST_MACS = 1.5;

export async function measureSlices(
  report: (done: number, total: number, note?: string) => void,
): Promise<SliceRecord> {
  const tasks: SlicedTask[] = [];
  for (const [i, name] of CONFIGS.entries()) {
    report(i, CONFIGS.length, name);
    tasks.push(await taskOf(name));
  }
  return { boards: BOARDS, tasks };
}

async function taskOf(name: string): Promise<SlicedTask> {
  const config = readConfig(join(projectRoot(), 'models', 'configs', `${name}.json`)) as TrainConfig;
  const image = pack(await untrainedModel(config));
  const plain = pack(await untrainedModel({ ...config, route: { ...config.route!, aggregate: [] } }));
  const routes = [await routeOf(name, null, image, image)];
  for (const strips of STRIPS) {
    const sliced = slicedOrNull(image, strips);
    if (sliced) routes.push(await routeOf(name, strips, sliced, image));
  }
  return { task: config.task.name, withoutAggregation: arenaOf(plain), routes };
}

/** null where strips save nothing, as other operators need most. */
function slicedOrNull(image: Uint8Array, strips: number): Uint8Array | null {
  try {
    return slice(unpack(new ImageView(image)), { program: 0, mostMacs: MOST_MACS, strips }).image;
  } catch (error) {
    if (error instanceof Unsupported) return null;
    throw error;
  }
}

const arenaOf = (image: Uint8Array): number => new Runtime(image, FASTEST).arenaBytes(0);

async function routeOf(
  name: string,
  strips: number | null,
  image: Uint8Array,
  whole: Uint8Array,
): Promise<SlicedRoute> {
  const taken = takingBranch(image, 0, 0);
  const imagePath = placeUnderBuild(`${name}-${strips ?? 'whole'}.htpw`, taken);
  const runtime = new Runtime(taken, FASTEST).load(0);
  const before = new Runtime(takingBranch(whole, 0, 0), FASTEST).load(0);
  const windows = [anyInput(runtime.inputs[0]!.bytes)];
  const instructions: Record<string, number> = {};
  let mismatches = 0;
  for (const board of BOARDS) {
    const result = await verifyBoard({
      imagePath,
      image: taken,
      board,
      windows,
      reference: (input) => ({ layers: runtime.traceCrcs(input).layers, output: before.run(input) }),
    });
    instructions[board] = result.instructionsPerInference!;
    mismatches += result.mismatchingBytes + result.mismatchingLayers;
  }
  const [program] = new ImageView(image).programs;
  return {
    strips,
    arenaBytes: arenaOf(image),
    operators: program!.operators.length,
    bytes: image.length,
    instructions,
    mismatches,
  };
}

/** All choices of residency that are worth taking for a program, from smallest arena to fastest inference. */
import * as F from '../../assembly/format.ts';
import { allowedResidencies, withResidencies } from '../image/seal.ts';
import { units } from '../layout/lifetimes.ts';
import { MAX_UNITS, placeTensors } from '../layout/plan.ts';
import { cacheUnits, scratchBytes } from '../layout/scratch.ts';
import type { Residency } from '../model/model.ts';
import { operatorNames } from '../operators/names.ts';
import { programName } from '../records/names.ts';
import { ImageView, type OperatorView, RESIDENCY_NAMES } from '../records/view.ts';
import { bestChoices, type Option } from './choose.ts';
import type { ProgramCosts } from './measure.ts';

/** Residencies that need measuring; what stays in flash costs the same in all of them. */
export const MEASURED = ['boot', 'lazy', 'stream'] as const;
/** Per measured residency, given to all layers whose weights need materialising; per program. */
export type Costs = Record<(typeof MEASURED)[number], ProgramCosts[]>;

/** A layer as one plan has it; costs in instructions. */
export interface PlannedLayer {
  operator: number;
  /** PW1, PW2 ... for pointwise layers in order, and so for the others */
  name: string;
  weights: string;
  residency: Residency;
  cacheBytes: number;
  scratchBytes: number;
  /** of an inference, after the first */
  steady: number;
  /** of boot, for making its weights */
  boot: number;
  /** of the first inference, for making its weights */
  firstUse: number;
}

/** A residency for every layer and what it comes to. */
export interface ProgramPlan {
  arenaBytes: number;
  steady: number;
  boot: number;
  /** the first inference */
  first: number;
  layers: PlannedLayer[];
}

/** The residency plans of a program that are worth taking. */
export interface Curve {
  name: string;
  /** by arena rising and cost falling; the last is the fastest of all */
  best: ProgramPlan[];
  /** everything at boot, on first use, never kept: whether among the best or not */
  boot: ProgramPlan;
  lazy: ProgramPlan;
  stream: ProgramPlan;
  /** of any arena of this program, in bytes */
  headerBytes: number;
  tensorBytes: number;
}

interface LayerOption extends Option {
  layer: PlannedLayer;
}

/**
 * The curve of one program. Weights that are kept are made on first use, which saves boot and takes the same RAM and
 * the same inferences (but for a branch, 5 instructions a layer); with `lazy` false at boot, for applications whose
 * first answer must take no longer than the others.
 */
export function residencyCurve(view: ImageView, index: number, costs: Costs, { lazy = true } = {}): Curve {
  const program = view.programs[index];
  const { end } = placeTensors(view, program);
  const all = layerOptions(view, index, costs);
  const offered = all.map((options) => options.filter(({ layer }) => layer.residency !== (lazy ? 'boot' : 'lazy')));
  const total = (chosen: LayerOption[]) => sum(costs, index, end, chosen);
  const uniform = (residency: Residency) =>
    total(all.map((options) => options.find(({ layer }) => layer.residency === residency) ?? options[0]));
  return {
    name: programName(view, index),
    best: bestChoices(end, offered)
      .filter((choice) => choice.units <= MAX_UNITS * view.programs[index].grain)
      .map(({ chosen }) => total(chosen.map((option, l) => offered[l][option]))),
    boot: uniform('boot'),
    lazy: uniform('lazy'),
    stream: uniform('stream'),
    headerBytes: F.ARENA_HEADER_BYTES,
    tensorBytes: end * F.ARENA_UNIT - F.ARENA_HEADER_BYTES,
  };
}

/** Per operator of a program, for the image's `withResidencies`; null without weights. */
export function residenciesOf(view: ImageView, index: number, { layers }: ProgramPlan): (Residency | null)[] {
  const byOperator = new Map(layers.map(({ operator, residency }) => [operator, residency]));
  return view.programs[index].operators.map((_, o) => byOperator.get(o) ?? null);
}

/** The image with a plan for each of its programs. */
export function withPlans(image: Uint8Array, plans: readonly ProgramPlan[]): Uint8Array {
  const view = new ImageView(image);
  return withResidencies(
    image,
    plans.map((plan, p) => residenciesOf(view, p, plan)),
  );
}

/** Stored INT8 weights are best where they are: reading them from a cache or flash takes the same instructions. */
export function choicesFor(view: ImageView, operator: OperatorView, o: number): Residency[] {
  const allowed = allowedResidencies(view, operator, o);
  if (allowed.includes('flash')) return ['flash'];
  return RESIDENCY_NAMES.filter((name) => allowed.includes(name));
}

function layerOptions(view: ImageView, index: number, costs: Costs): LayerOption[][] {
  const program = view.programs[index];
  const placing = placeTensors(view, program);
  const names = operatorNames(program);
  return program.operators.flatMap((operator, o) => {
    if (operator.source === F.NONE) return [];
    const { rows, rowLength } = view.sources[operator.source];
    const common = { operator: o, name: names[o], weights: `${rows}x${rowLength}` };
    const options = choicesFor(view, operator, o).map((residency): LayerOption => {
      const cost = costs[residency === 'flash' ? 'stream' : residency][index].operators[o];
      const code = RESIDENCY_NAMES.indexOf(residency);
      const scratch = scratchBytes(view, program, { ...operator, residency: code });
      const size = units(scratch, program.grain);
      const cache = residency === 'boot' || residency === 'lazy' ? cacheUnits(view, program, operator) : 0;
      // what load does for a layer with nothing to make is in the costs of a load
      const boot = cost.boot - costs.stream[index].operators[o].boot;
      const layer = {
        ...common,
        residency,
        cacheBytes: cache * F.ARENA_UNIT,
        scratchBytes: scratch,
        steady: cost.steady,
        boot,
        firstUse: cost.first - cost.steady,
      };
      return {
        cacheUnits: cache,
        scratchEnd: placing.gap(o, size) + size,
        steady: cost.steady,
        boot,
        layer,
      };
    });
    return [options];
  });
}

/** Costs add up: what the streaming run took, with each layer's own replaced. */
function sum(costs: Costs, index: number, fixedEnd: number, chosen: LayerOption[]): ProgramPlan {
  const streamed = costs.stream[index];
  const layers = chosen.map(({ layer }) => layer);
  const steady = layers.reduce(
    (total, layer) => total + layer.steady - streamed.operators[layer.operator].steady,
    streamed.steady,
  );
  const end = Math.max(fixedEnd, ...chosen.map(({ scratchEnd }) => scratchEnd));
  const caches = chosen.reduce((total, option) => total + option.cacheUnits, 0);
  return {
    arenaBytes: (end + caches) * F.ARENA_UNIT,
    steady,
    boot: layers.reduce((total, layer) => total + layer.boot, streamed.boot),
    first: layers.reduce((total, layer) => total + layer.firstUse, steady),
    layers,
  };
}

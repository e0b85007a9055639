/** A network before it shares codebooks: its layers, what they are given, and what its answers are. */
import { type Outputs, outputsOf, outputZeroPoint } from '../compress/agreement.ts';
import type { Weighed } from '../compress/codebook.ts';
import { type Layer, layersOf } from '../compress/layers.ts';
import { equalMoments, type Moments, momentsOf } from '../compress/moments.ts';
import { quadratics } from '../compress/quadratic.ts';
import type { Samples } from '../compress/samples.ts';
import type { Unpacked } from '../image/unpack.ts';

/** One program, and what it is calibrated on. */
export interface Network {
  name: string;
  /** of one program */
  unpacked: Unpacked;
  /** null: errors are those of the weights alone, as if all inputs were alike */
  samples: Samples | null;
}

export interface Prepared extends Network {
  layers: Layer[];
  moments: Moments[];
  weighed: Weighed[];
  /** whether a layer may change: all but the first and the last with weights */
  inner: boolean[];
  /** the network's own, on the samples by which it is judged */
  answers: { samples: Samples; outputs: Outputs; zeroPoint: number } | null;
}

/** Of so many samples one is held out. */
export const HELD_OUT = 5;

/**
 * `holdOut`: every fifth sample is not calibrated on and judges alone, since answers to inputs that weights are fitted to
 * stay more often than others do. Otherwise all samples do both.
 */
export function prepareNetwork(given: Network, holdOut = false): Prepared {
  const { unpacked } = given;
  const samples = holdOut ? part(given.samples, (i) => i % HELD_OUT !== 0) : given.samples;
  const judging = holdOut ? part(given.samples, (i) => i % HELD_OUT === 0) : given.samples;
  const network = { ...given, samples };
  const { model, tables } = unpacked;
  const layers = layersOf(model);
  const moments = samples ? momentsOf(model, layers, samples) : layers.map(equalMoments);
  const [first, last] = ends(model.programs[0]!.operators);
  const outputs = judging && outputsOf(model, judging, tables);
  return {
    ...network,
    layers,
    moments,
    weighed: layers.map((layer, i) => ({ layer, forms: quadratics(moments[i]!, layer.channels) })),
    inner: layers.map(({ operator }) => operator !== first && operator !== last),
    answers: outputs && { samples: judging, outputs, zeroPoint: outputZeroPoint(model) },
  };
}

const part = (samples: Samples | null, has: (i: number) => boolean): Samples | null =>
  samples && { ...samples, inputs: samples.inputs.filter((_, i) => has(i)) };

/** The first and the last operator with weights. */
function ends(operators: readonly object[]): [first: number, last: number] {
  const hasWeights = (operator: object) => 'source' in operator;
  return [operators.findIndex(hasWeights), operators.findLastIndex(hasWeights)];
}

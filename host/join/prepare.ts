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
  /** the network's own on its samples */
  answers: { outputs: Outputs; zeroPoint: number } | null;
}

export function prepareNetwork(network: Network): Prepared {
  const { unpacked, samples } = network;
  const { model, tables } = unpacked;
  const layers = layersOf(model);
  const moments = samples ? momentsOf(model, layers, samples) : layers.map(equalMoments);
  const [first, last] = ends(model.programs[0]!.operators);
  const outputs = samples && outputsOf(model, samples, tables);
  return {
    ...network,
    layers,
    moments,
    weighed: layers.map((layer, i) => ({ layer, forms: quadratics(moments[i]!, layer.channels) })),
    inner: layers.map(({ operator }) => operator !== first && operator !== last),
    answers: outputs && { outputs, zeroPoint: outputZeroPoint(model) },
  };
}

/** The first and the last operator with weights. */
function ends(operators: readonly object[]): [first: number, last: number] {
  const hasWeights = (operator: object) => 'source' in operator;
  return [operators.findIndex(hasWeights), operators.findLastIndex(hasWeights)];
}

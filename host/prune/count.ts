/**
 * Parameters and multiply-accumulates of a network and of each of its cuts, counted as the paper counts: of a model in
 * Keras, before batch normalisation is folded into its layers.
 */
import type { Model } from '../model/model.ts';
import { sourceMacs } from '../model/weights.ts';
import { depthOf, positionsOf, taps } from '../train/layerSpec.ts';
import { buildNetwork } from '../train/network.ts';
import { type Auxiliary, kernelAt, layersOf } from './auxiliary.ts';
import { type Cut, onlyProgram } from './cuts.ts';

export interface Counts {
  parameters: number;
  /** of an inference, padding included */
  macs: number;
}

/** Of a channel that is normalised: gamma, beta, mean and variance. */
const NORMALIZATION = 4;

/**
 * What an image does not say, since normalisation is folded into its tables: whether convolutions of the trunk had biases
 * of their own as well, which Keras gives them unless told otherwise.
 */
export interface Counting {
  trunkBiases: boolean;
}

/** Of the operators of a model up to `end`, all by default. */
export function countOperators(model: Model, { trunkBiases }: Counting, end = Number.POSITIVE_INFINITY): Counts {
  const { operators, tensors } = onlyProgram(model);
  let [parameters, macs] = [0, 0];
  operators.slice(0, end + 1).forEach((operator) => {
    if (!('source' in operator)) return;
    const source = model.sources[operator.source];
    const [height, width, channels] = tensors[operator.output].shape;
    const perChannel = operator.kind === 'fullyConnected' ? 1 : NORMALIZATION + Number(trunkBiases);
    parameters += source.rows * source.rowLength + perChannel * channels;
    macs += sourceMacs({ height, width }, source);
  });
  return { parameters, macs };
}

/** Of the trunk in front of a cut and the auxiliary network behind it. */
export function countPruned(model: Model, cut: Cut, auxiliary: Auxiliary, classes: number, counting: Counting): Counts {
  const trunk = countOperators(model, counting, cut.operator);
  const program = onlyProgram(model);
  const layers = layersOf(auxiliary, kernelAt(program, cut));
  const spec = buildNetwork({ layers, methods: {} }, program.tensors[cut.tensor].shape, classes);
  return spec.layers.reduce(({ parameters, macs }, layer) => {
    const weights = taps(layer) * layer.output[2] * (layer.kind === 'depthwise' ? 1 : depthOf(layer));
    // its convolutions have biases in the paper, beside the normalisation
    const perChannel = layer.normalized ? NORMALIZATION + 1 : 1;
    return {
      parameters: parameters + weights + perChannel * layer.output[2],
      macs: macs + positionsOf(layer.output) * weights,
    };
  }, trunk);
}

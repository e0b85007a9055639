/**
 * Layers whose weights are what a source can hold come back as they were; a changed model runs as the reference does.
 */
import { describe, expect, it } from 'vitest';
import { foldZeroPoint } from '../../host/arithmetic/channels.ts';
import { canShare, fromBasis } from '../../host/compress/basis.ts';
import { fromCodebook, trainCodebook } from '../../host/compress/codebook.ts';
import { inSourceOrder, layersOf } from '../../host/compress/layers.ts';
import { type FewLevels, inLevels } from '../../host/compress/levels.ts';
import { equalMoments, momentsOf } from '../../host/compress/moments.ts';
import { quadratics } from '../../host/compress/quadratic.ts';
import { ownBytes, type Replacement, withReplacements } from '../../host/compress/replacement.ts';
import { pack } from '../../host/image/pack.ts';
import type { Model } from '../../host/model/model.ts';
import { execute } from '../../host/reference/executor.ts';
import { moduleOf, Runtime } from '../../host/runtime/node.ts';
import { generatorBytes, materialize } from '../../host/sources/registry.ts';
import { LEVELS } from '../weights.ts';
import { ModelBuilder, random } from '../zoo.ts';

/** Convolution with padding, depthwise, pointwise twice, fully connected; all stored INT8. */
function network(seed: number): { model: Model; samples: Uint8Array[] } {
  const b = new ModelBuilder(seed, [5, 6, 3]);
  b.convolution(8, { kernel: [3, 3], stride: [1, 2], pad: [1, 1] });
  b.depthwise(1, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] });
  b.pointwise(8).pointwise(8).fullyConnected(5);
  const model = b.build();
  for (const operator of model.programs[0].operators) if ('activation' in operator) operator.activation = [-128, 127];
  return { model, samples: Array.from({ length: 20 }, () => b.input()) };
}

const { model, samples } = network(1);
const layers = layersOf(model);
const moments = momentsOf(model, layers, { inputs: samples, wasm: moduleOf('simd') });

describe('moments', () => {
  it('are those of the inputs under each weight, padding 0, as the reference computes the tensors', () => {
    const { operators, tensors } = model.programs[0];
    const [, depthwise] = operators;
    if (depthwise.kind !== 'depthwise') throw new Error('no depthwise');
    const [height, width, channels] = tensors[depthwise.input].shape;
    const zeroPoint = tensors[depthwise.input].zeroPoint;
    const [channel, tap, other] = [3, 0, 4]; // top left, centre
    const pairs = samples.flatMap((sample) => {
      const input = execute(model, model.programs[0], [sample], { tables: 'compact' })[depthwise.input];
      const at = (y: number, x: number) =>
        y < 0 || x < 0 || y >= height || x >= width ? 0 : input[(y * width + x) * channels + channel] - zeroPoint;
      return Array.from({ length: height * width }, (_, p) => {
        const [y, x] = [Math.floor(p / width), p % width];
        return [at(y - 1, x - 1), at(y, x)];
      });
    });
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    const [first, second] = [mean(pairs.map(([a]) => a)), mean(pairs.map(([, b]) => b))];
    expect(moments[1].mean[channel * 9 + tap]).toBeCloseTo(first, 6);
    expect(moments[1].mean[channel * 9 + other]).toBeCloseTo(second, 6);
    const covariance = mean(pairs.map(([a, b]) => (a - first) * (b - second)));
    expect(moments[1].covariance[(channel * 9 + tap) * 9 + other]).toBeCloseTo(covariance, 4);
    expect(moments[1].covariance[(channel * 9 + other) * 9 + tap]).toBeCloseTo(covariance, 4);
  });
});

describe.each(['int4', 'int2', 'ternary'] as FewLevels[])(
  'weights that are %s times a scale, up to the largest',
  (encoding) => {
    it.each([0, 1, 4])('come back as they were, layer %i', (index) => {
      const layer = { ...layers[index] };
      const next = random(7);
      const scales = Float64Array.from({ length: layer.channels }, () => 3 + Math.floor(next() * 12));
      const all = LEVELS[encoding];
      const levels = layer.weights.map((_, i) =>
        i % layer.depth === 0 ? all.at(-1)! : all[Math.floor(next() * all.length)],
      );
      layer.weights = levels.map((level, i) => level * scales[Math.floor(i / layer.depth)]);
      const fit = inLevels(layer, quadratics(moments[index], layer.channels), encoding);
      layer.weights.forEach((weight, i) => {
        expect(fit.scales[Math.floor(i / layer.depth)] * fit.levels[i]).toBeCloseTo(weight, 6);
      });
      expect(fit.source).toMatchObject({ values: inSourceOrder(layer, fit.levels) });
    });
  },
);

describe('a codebook', () => {
  it('of 256 single weights loses less than a thousandth of their power', () => {
    for (const [index, layer] of layers.entries()) {
      const weighed = { layer, forms: quadratics(moments[index], layer.channels) };
      const fit = fromCodebook(weighed, trainCodebook([weighed], 256, 1), false);
      let [lost, power] = [0, 0];
      layer.weights.forEach((weight, i) => {
        lost += (weight - fit.scales[Math.floor(i / layer.depth)] * fit.levels[i]) ** 2;
        power += weight ** 2;
      });
      expect(lost).toBeLessThan(power / 1000);
    }
  });

  it('is the same for the same seed', () => {
    const weighed = { layer: layers[2], forms: quadratics(moments[2], layers[2].channels) };
    expect(trainCodebook([weighed], 16, 4)).toEqual(trainCodebook([weighed], 16, 4));
  });
});

/** Every source, one layer after another. */
const replaced: [name: string, index: number, make: (index: number) => Replacement][] = layers.flatMap(
  (layer, index) => {
    const forms = quadratics(moments[index], layer.channels);
    const weighed = { layer, forms };
    return [
      ['int4', index, () => inLevels(layer, forms, 'int4')],
      ['int2', index, () => inLevels(layer, forms, 'int2')],
      ['ternary', index, () => inLevels(layer, forms, 'ternary')],
      [
        'a codebook of runs that end in a tail',
        index,
        () => fromCodebook(weighed, trainCodebook([weighed], 20, 5), false),
      ],
      ['a codebook of nibbles', index, () => fromCodebook(weighed, trainCodebook([weighed], 16, 4), false)],
    ] as [string, number, (index: number) => Replacement][];
  },
);
const shared = canShare(layers);
for (const [at, layer] of shared.entries()) {
  const weighed = shared.map((one) => ({ layer: one, forms: quadratics(equalMoments(one), one.channels) }));
  replaced.push(['two matrices', layers.indexOf(layer), () => fromBasis(weighed, 2, 'int4')[at]]);
}

describe('a layer made of', () => {
  it.each(replaced)('%s (layer %i) computes in the runtime what it does in the reference', (_, index, make) => {
    const replacement = make(index);
    const changed = withReplacements(
      model,
      layers,
      layers.map((_, i) => (i === index ? replacement : null)),
      moments,
    );
    const source = changed.sources[layers[index].source];
    expect(materialize(source, changed.generators)).toEqual(inSourceOrder(layers[index], replacement.levels));
    const image = pack(changed);
    const runtime = new Runtime(image).load();
    runtime.checkWeights();
    const [program] = changed.programs;
    for (const sample of samples.slice(0, 3)) {
      const expected = execute(changed, program, [sample], { tables: 'compact' })[program.outputs[0]];
      expect(new Int8Array(runtime.run(sample).buffer)).toEqual(expected);
    }
    const saved = layers[index].weights.length - ownBytes(replacement) - generatorBytes(replacement.generator);
    expect(Math.abs(pack(model).length - image.length - saved)).toBeLessThan(32); // sections begin on 16 bytes
  });
});

describe('the bias', () => {
  it('takes back by how much the accumulators would move on average', () => {
    const layer = layers[0];
    const replacement = inLevels(layer, quadratics(moments[0], layer.channels), 'int2');
    const changed = withReplacements(model, layers, [replacement], [moments[0]]);
    const operator = changed.programs[0].operators[0];
    if (operator.kind !== 'convolution') throw new Error('no convolution');
    const original = model.programs[0].operators[0] as typeof operator;
    for (let c = 0; c < layer.channels; c++) {
      const average = (weights: (k: number) => number) =>
        Array.from({ length: layer.depth }, (_, k) => weights(k) * moments[0].mean[k]).reduce((a, b) => a + b, 0);
      const before = average((k) => layer.weights[c * layer.depth + k]) + original.bias[c];
      const after =
        replacement.scales[c] * (average((k) => replacement.levels[c * layer.depth + k]) + operator.bias[c]);
      expect(Math.abs(before - after)).toBeLessThanOrEqual(replacement.scales[c]); // the bias is whole
    }
    expect(() => foldZeroPoint(operator.bias, new Int32Array(layer.channels), 0)).not.toThrow();
  });
});

/**
 * The reference against layer dumps of TensorFlow Lite Micro, for the operators that need no weights.
 * Reads HTPW_DATA/golden; skipped, and reported so, where that folder is missing.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Shape } from '../../host/model/model.ts';
import { add, addFactors } from '../../host/operators/add.ts';
import { averagePool } from '../../host/operators/averagePool.ts';
import { softmax, softmaxFactors } from '../../host/operators/softmax.ts';

const golden = join(process.env.HTPW_DATA ?? join('..', 'shared', 'data'), 'golden');

interface Layer {
  shape: number[];
  scale: number;
  zero_point: number;
  offset: number;
  bytes: number;
}

function readLayers(name: string) {
  const folder = join(golden, name);
  const entries: Layer[] = JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')).layers.entries;
  const dump = new Int8Array(readFileSync(join(folder, 'layers.bin')));
  return entries.map(({ shape, scale, zero_point, offset, bytes }) => ({
    shape: shape.slice(1) as Shape,
    scale,
    zeroPoint: zero_point,
    values: dump.subarray(offset, offset + bytes),
  }));
}

const KWS = 'kws_ref_model';
const RESNET = 'pretrainedResnet_quant';

describe.skipIf(!existsSync(golden))('bit for bit as TensorFlow Lite Micro', () => {
  it.each([
    [KWS, 8, 9],
    [RESNET, 11, 12],
  ])('average pool of %s', (name, from, to) => {
    const layers = readLayers(name);
    const [input, output] = [layers[from], layers[to]];
    const [height, width] = input.shape;
    const pooled = averagePool({
      input: input.values,
      inputShape: input.shape,
      outputShape: output.shape,
      kernel: [height, width],
      stride: [1, 1],
      pad: [0, 0],
      activation: [-128, 127],
    });
    expect(pooled).toEqual(output.values);
  });

  it.each([
    [KWS, 11, 12],
    [RESNET, 14, 15],
  ])('softmax of %s', (name, from, to) => {
    const layers = readLayers(name);
    const input = layers[from];
    expect(softmax(input.values, input.values.length, softmaxFactors(1, input.scale))).toEqual(layers[to].values);
  });

  it.each([
    [0, 2, 3],
    [6, 5, 7],
    [10, 9, 11],
  ])('add of layers %i and %i of the residual network', (first, second, to) => {
    const layers = readLayers(RESNET);
    const [a, b, sum] = [layers[first], layers[second], layers[to]];
    const output = add({
      input1: a.values,
      zeroPoint1: a.zeroPoint,
      input2: b.values,
      zeroPoint2: b.zeroPoint,
      factors: addFactors(a.scale, b.scale, sum.scale),
      outputZeroPoint: sum.zeroPoint,
      activation: [-128, 127],
    });
    expect(output).toEqual(sum.values);
  });
});

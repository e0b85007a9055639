/** Layers and quantisers of training: forwards against plain loops, backwards against differences. */
import { grad, numpy as np, valueAndGrad } from '@jax-js/jax';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../../host/train/layers.ts';
import { samePadding } from '../../host/train/network.ts';
import { learningRate } from '../../host/train/optimizer.ts';
import { binaryRows, quantizeInt2, quantizeRows, quantizeRowsInt2, ternaryRows } from '../../host/train/quantizers.ts';
import { startArrays } from '../../host/train/start.ts';
import {
  depthwise,
  moments,
  normalize,
  patchesOf,
  pointwise,
  quantizeActivation,
  quantizeSigned,
  type WindowSpec,
} from './reference.ts';

beforeAll(startArrays);

/** Of a kernel that goes along one row. */
const rowWindow = (kernel: number, stride: number, left: number, width: number, outputWidth: number): WindowSpec => ({
  kernel: [1, kernel],
  stride: [1, stride],
  pad: [0, left],
  input: [1, width, 2],
  output: [1, outputWidth, 2],
});

describe('layers', () => {
  it.each([
    [1, 2, 5, 4],
    [2, 1, 5, 4],
    [2, 3, 7, 6],
    [1, 1, 3, 3],
  ])('depthwise and plain convolution over a plane equal the loops: stride %d x %d on %d x %d', (...sizes) => {
    const [down, along, height, width] = sizes;
    const [kernel, channels, batch] = [[3, 2] as const, 2, 2];
    const out = [Math.ceil(height / down), Math.ceil(width / along)] as const;
    const pad = [samePadding(height, out[0], kernel[0], down), samePadding(width, out[1], kernel[1], along)] as const;
    const shape = { input: [height, width, channels], output: [...out, channels] };
    const window: WindowSpec = { kernel, stride: [down, along], pad, ...shape };
    const x = Float32Array.from({ length: batch * height * width * channels }, (_, i) => Math.sin(i));
    const w = Float32Array.from({ length: 6 * channels }, (_, i) => Math.cos(i));
    const input = () => np.array(x, { shape: [batch, height * width, channels] });
    const weights = np.array(w, { shape: [6, channels] });
    const y = depthwise(input(), weights, window).dataSync();
    const patches = patchesOf(input(), window, 16);
    expect(patches.shape).toEqual([batch, out[0] * out[1], 16]);
    const values = patches.dataSync();
    for (let i = 0; i < batch * out[0] * out[1]; i++) {
      const [n, row, column] = [Math.floor(i / (out[0] * out[1])), Math.floor(i / out[1]) % out[0], i % out[1]];
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let t = 0; t < 6; t++) {
          const [from, at] = [row * down + Math.floor(t / 2) - pad[0], column * along + (t % 2) - pad[1]];
          const inside = from >= 0 && from < height && at >= 0 && at < width;
          const value = inside ? x[((n * height + from) * width + at) * channels + c]! : 0;
          expect(values[i * 16 + t * channels + c]).toBe(value);
          sum += value * w[t * channels + c]!;
        }
        expect(y[i * channels + c]).toBeCloseTo(sum, 5);
      }
    }
  });

  it('depthwise convolution equals the plain loops, for both strides', () => {
    for (const [stride, outputWidth, padLeft] of [
      [1, 6, 2],
      [2, 3, 1],
    ] as const) {
      const x = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
      const w = Float32Array.from({ length: 10 }, (_, i) => Math.cos(i));
      const weights = np.array(w, { shape: [5, 2] });
      const window = rowWindow(5, stride, padLeft, 6, outputWidth);
      const y = depthwise(np.array(x, { shape: [1, 6, 2] }), weights, window).dataSync();
      weights.dispose();
      for (let p = 0; p < outputWidth; p++)
        for (let c = 0; c < 2; c++) {
          let sum = 0;
          for (let t = 0; t < 5; t++) sum += (x[(p * stride + t - padLeft) * 2 + c] ?? 0) * w[t * 2 + c]!;
          expect(y[p * 2 + c]).toBeCloseTo(sum, 5);
        }
    }
  });

  it('gradients of a smooth net agree with differences', () => {
    // float64, no rounding, no ReLU and no exponential (the library's is a single precision one): differences are exact
    // enough to compare with
    // The library cannot take Float64Array without a Float16Array beside it, which Node 20 lacks.
    const double = (count: number, value: (i: number) => number, shape: number[] = [count]): Tensor =>
      np
        .array(Float32Array.from({ length: count }, (_, i) => value(i)))
        .astype(np.float64)
        .reshape(shape);
    const start = (i: number): number => 0.5 * Math.cos(2 * i);
    const loss = (flat: Tensor): Tensor => {
      const taps = flat.ref.slice([0, 10]).reshape([5, 2]);
      const weights = flat.ref.slice([10, 16]).reshape([3, 2]);
      const beta = flat.slice([16, 19]);
      let y = double(24, (i) => Math.sin(3 * i), [2, 6, 2]);
      y = depthwise(y, taps, rowWindow(5, 2, 1, 6, 3));
      y = pointwise(y, weights);
      y = normalize(
        y,
        moments(y),
        double(3, (i) => 1 + i),
        beta,
      );
      return np
        .square(y)
        .mul(double(18, (i) => i % 5, [2, 3, 3]))
        .sum();
    };
    const gradient: number[] = Array.from((grad(loss)(double(19, start)) as Tensor).dataSync() as Float64Array);
    const step = 1e-5;
    gradient.forEach((value: number, i: number) => {
      const moved = (delta: number): Tensor => double(19, start).add(double(19, (k) => (k === i ? 1 : 0)).mul(delta));
      const difference = (loss(moved(step)).item() - loss(moved(-step)).item()) / (2 * step);
      expect(value).toBeCloseTo(difference, 5);
    });
  });
});

describe('quantizers', () => {
  const levelsOf = ({ levels, scale }: { levels: Tensor; scale: Tensor }): number[] => {
    scale.dispose();
    return Array.from(levels.dataSync() as Float32Array, (level) => Math.round(level) || 0);
  };
  const weights = () => np.array([0.6, -1, 0.26, 0, 2, -0.2], { dtype: np.float32 }).reshape([2, 3]);

  it('map the largest weight of a row to the highest level', () => {
    expect(levelsOf(quantizeRows(weights(), 127))).toEqual([76, -127, 33, 0, 127, -13]);
    expect(levelsOf(quantizeRows(weights(), 7))).toEqual([4, -7, 2, 0, 7, -1]);
    expect(levelsOf(ternaryRows(weights()))).toEqual([1, -1, 0, 0, 1, 0]);
    expect(levelsOf(binaryRows(weights()))).toEqual([1, -1, 1, 0, 1, -1]);
    expect(levelsOf(quantizeRowsInt2(weights()))).toEqual([1, -3, 1, 1, 3, -1]);
  });

  it('know only four levels in two bits', () => {
    const spread = np.linspace(-2, 2, 64).reshape([8, 8]);
    expect(new Set(levelsOf(quantizeInt2(spread)))).toEqual(new Set([-3, -1, 1, 3]));
  });

  it('let the gradient through where a weight is rounded, and stop it where an activation is clipped', () => {
    const byWeight = (
      grad((w: Tensor) => {
        const { levels, scale } = quantizeRows(w, 127);
        w.dispose();
        return levels.mul(scale).sum();
      })(weights()) as Tensor
    ).dataSync();
    for (const value of byWeight) expect(value).toBeCloseTo(1, 5);

    const bothSides = quantizeSigned(np.array([-5, -0.3, 0, 5]), np.array([2])).dataSync();
    expect(Array.from(bothSides as Float32Array, (value) => value.toFixed(3))).toEqual([
      '-2.000',
      '-0.299',
      '0.000',
      '2.000',
    ]);
    const [, [byInput, byRange]] = valueAndGrad((x: Tensor, range: Tensor) => quantizeActivation(x, range).sum(), {
      argnums: [0, 1],
    })(np.array([-1, 0.3, 5]), np.array([2])) as unknown as [Tensor, [Tensor, Tensor]];
    expect(Array.from(byInput.dataSync())).toEqual([0, 1, 0]);
    expect(Array.from(byRange.dataSync())).toEqual([1]);
  });
});

describe('learning rate', () => {
  it('rises linearly, then falls to almost nothing', () => {
    expect(learningRate(0, 100, 1, 10)).toBeCloseTo(0.1);
    expect(learningRate(10, 100, 1, 10)).toBeCloseTo(1);
    expect(learningRate(99, 100, 1, 10)).toBeLessThan(0.001);
  });
});

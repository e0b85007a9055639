/** Layers and quantisers of training: forwards against plain loops, backwards against differences. */
import { grad, numpy as np, valueAndGrad } from '@jax-js/jax';
import { beforeAll, describe, expect, it } from 'vitest';
import { depthwise, moments, normalize, pointwise, type Tensor } from '../../host/train/layers.ts';
import { learningRate } from '../../host/train/optimizer.ts';
import { quantizeActivation, quantizeInt2, quantizeRows } from '../../host/train/quantizers.ts';
import { startArrays } from '../../host/train/start.ts';

beforeAll(startArrays);

describe('layers', () => {
  it('depthwise convolution equals the plain loops, for both strides', () => {
    for (const [stride, outputWidth, padLeft] of [
      [1, 6, 2],
      [2, 3, 1],
    ] as const) {
      const x = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
      const w = Float32Array.from({ length: 10 }, (_, i) => Math.cos(i));
      const weights = np.array(w, { shape: [5, 2] });
      const window = { kernel: 5, stride, padLeft, outputWidth };
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
      y = depthwise(y, taps, { kernel: 5, stride: 2, padLeft: 1, outputWidth: 3 });
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
    expect(levelsOf(quantizeRows(weights(), 'int8'))).toEqual([76, -127, 33, 0, 127, -13]);
    expect(levelsOf(quantizeRows(weights(), 'int4'))).toEqual([4, -7, 2, 0, 7, -1]);
    expect(levelsOf(quantizeRows(weights(), 'ternary'))).toEqual([1, -1, 0, 0, 1, 0]);
  });

  it('know only four levels in two bits', () => {
    const spread = np.linspace(-2, 2, 64).reshape([8, 8]);
    expect(new Set(levelsOf(quantizeInt2(spread)))).toEqual(new Set([-3, -1, 1, 3]));
  });

  it('let the gradient through where a weight is rounded, and stop it where an activation is clipped', () => {
    const byWeight = (
      grad((w: Tensor) => {
        const { levels, scale } = quantizeRows(w, 'int8');
        w.dispose();
        return levels.mul(scale).sum();
      })(weights()) as Tensor
    ).dataSync();
    for (const value of byWeight) expect(value).toBeCloseTo(1, 5);

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

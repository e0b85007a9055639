/** The reference operators against values worked out by hand. */
import { describe, expect, it } from 'vitest';
import { makeTable } from '../../host/arithmetic/channels.ts';
import { add, addFactors } from '../../host/operators/add.ts';
import { argmax } from '../../host/operators/argmax.ts';
import { averagePool, roundingDivide } from '../../host/operators/averagePool.ts';
import { convolution } from '../../host/operators/convolution.ts';
import { copy } from '../../host/operators/copy.ts';
import { depthwise } from '../../host/operators/depthwise.ts';
import { fullyConnected } from '../../host/operators/fullyConnected.ts';
import { lookup } from '../../host/operators/lookup.ts';
import { maxPool } from '../../host/operators/maxPool.ts';
import { mean, meanFactor } from '../../host/operators/mean.ts';
import { multiply, multiplyFactor } from '../../host/operators/multiply.ts';
import { pointwise } from '../../host/operators/pointwise.ts';
import type { WindowedArguments } from '../../host/operators/weighted.ts';

const FULL: [number, number] = [-128, 127];
const unitTable = (channels: number) => makeTable(new Int32Array(channels), new Float64Array(channels).fill(1), 'q31');

describe('windowed operators', () => {
  const signal: Omit<WindowedArguments, 'weights' | 'table' | 'outputShape'> = {
    input: Int8Array.of(1, 10, 2, 20, 3, 30), // [1, 3, 2]
    inputShape: [1, 3, 2],
    inputZeroPoint: 5,
    outputZeroPoint: 0,
    activation: FULL,
    kernel: [1, 3],
    stride: [1, 1],
    pad: [0, 1],
  };

  it('convolution sums kernel and depth, with the zero point as padding', () => {
    const weights = Int8Array.of(1, 0, 1, 0, 1, 0); // three taps of channel 0
    const output = convolution({ ...signal, weights, table: unitTable(1), outputShape: [1, 3, 1] });
    expect([...output]).toEqual([5 + 1 + 2, 1 + 2 + 3, 2 + 3 + 5]);
  });

  it('convolution with a stride of 2 leaves out every second position', () => {
    const weights = Int8Array.of(0, 1, 0, 0, 0, 0);
    const output = convolution({ ...signal, stride: [1, 2], weights, table: unitTable(1), outputShape: [1, 2, 1] });
    expect([...output]).toEqual([5, 20]);
  });

  it('depthwise keeps channels apart and repeats them for a multiplier', () => {
    const weights = Int8Array.of(0, 0, 0, 0, 1, 2, 1, 2, 0, 0, 0, 0); // middle tap, C = 4
    const output = depthwise({ ...signal, multiplier: 2, weights, table: unitTable(4), outputShape: [1, 3, 4] });
    expect([...output]).toEqual([1, 2, 10, 20, 2, 4, 20, 40, 3, 6, 30, 60]);
  });

  it('clamp to the activation range after the zero point', () => {
    const weights = Int8Array.of(0, 0, 0, 1, 0, 0);
    const clamped = { ...signal, outputZeroPoint: -20, activation: [-5, 9] as [number, number] };
    const output = convolution({ ...clamped, weights, table: unitTable(1), outputShape: [1, 3, 1] });
    expect([...output]).toEqual([-5, 0, 9]);
  });
});

describe('pointwise and fully connected', () => {
  const table = makeTable(Int32Array.of(1, -1), Float64Array.of(1, 0.5), 'q31');
  const weights = Int8Array.of(1, 2, 3, 4);
  const rest = { weights, table, outputZeroPoint: 0, activation: FULL };

  it('pointwise applies one matrix at every position', () => {
    expect([...pointwise({ ...rest, input: Int8Array.of(1, 1, 2, 0), positions: 2 })]).toEqual([4, 3, 3, 3]);
  });

  it('fully connected is pointwise at one position', () => {
    expect([...fullyConnected({ ...rest, input: Int8Array.of(1, 1) })]).toEqual([4, 3]);
  });
});

describe('pooling', () => {
  it.each([
    [5, 2, 3],
    [-5, 2, -3],
    [1, 2, 1],
    [-1, 2, -1],
    [4, 3, 1],
    [5, 3, 2],
    [-4, 3, -1],
    [-5, 3, -2],
    [0, 7, 0],
  ])('the mean %i / %i is rounded to %i', (sum, count, expected) => {
    expect(roundingDivide(sum, count)).toBe(expected);
  });

  const window = {
    input: Int8Array.of(-3, -4, 9),
    inputShape: [1, 3, 1] as [number, number, number],
    outputShape: [1, 2, 1] as [number, number, number],
    kernel: [1, 2] as [number, number],
    stride: [1, 2] as [number, number],
    pad: [0, 0] as [number, number],
    activation: FULL,
  };

  it('counts only what lies inside the input', () => {
    expect([...averagePool(window)]).toEqual([-4, 9]); // -3.5 away from zero; 9 alone
    expect([...maxPool(window)]).toEqual([-3, 9]);
  });
});

describe('add', () => {
  it('is within one step of the real sum for different scales', () => {
    const [scale1, scale2, outputScale] = [0.05, 0.11, 0.13];
    const factors = addFactors(scale1, scale2, outputScale);
    for (let q = -128; q < 128; q++) {
      const [sum] = add({
        input1: Int8Array.of(q),
        zeroPoint1: 3,
        input2: Int8Array.of(-q / 2),
        zeroPoint2: -7,
        factors,
        outputZeroPoint: 4,
        activation: FULL,
      });
      const real = (scale1 * (q - 3) + scale2 * (Math.trunc(-q / 2) + 7)) / outputScale + 4;
      expect(Math.abs(sum - Math.min(Math.max(real, -128), 127))).toBeLessThanOrEqual(0.51);
    }
  });

  it('refuses a second tensor of another length, of which it would read past the end', () => {
    const usual = { zeroPoint1: 3, zeroPoint2: -7, factors: addFactors(1, 1, 1), outputZeroPoint: 4, activation: FULL };
    expect(() => add({ ...usual, input1: Int8Array.of(1, 2), input2: Int8Array.of(1) })).toThrow(
      'expected two tensors of 2 values, got 1',
    );
  });
});

describe('argmax', () => {
  it('takes the first of equals, at every position', () => {
    expect([...argmax(Int8Array.of(1, 7, 7, -128, -128, -128), 3)]).toEqual([1, 0]);
  });
});

describe('lookup', () => {
  const table = Int8Array.from({ length: 256 }, (_, i) => (i < 128 ? 7 : i - 128)); // 7 below 0, else the value

  it('has the value of -128 first and that of 127 last', () => {
    expect([...lookup(Int8Array.of(-128, -1, 0, 5, 127), table)]).toEqual([7, 7, 0, 5, 127]);
  });

  it('refuses a table that leaves inputs out', () => {
    expect(() => lookup(Int8Array.of(0), table.subarray(1))).toThrow('table: expected 256 values, got 255');
  });
});

describe('multiply', () => {
  const usual = { zeroPoint1: 3, zeroPoint2: -2, outputZeroPoint: 10, activation: FULL };

  it('rounds the product twice, adds the zero point and clamps', () => {
    const product = (q1: number, q2: number, activation = FULL) => {
      const factor = multiplyFactor(0.5, 0.1, 0.5); // 0.1: multiplier 0.8, then an eighth
      const [q] = multiply({ ...usual, input1: Int8Array.of(q1), input2: Int8Array.of(q2), factor, activation });
      return q;
    };
    expect(product(8, -1)).toBe(10 + 1); // 5 * 1 = 5, times 0.8 is 4, 4 / 8 away from 0
    expect(product(-2, -1)).toBe(10 - 1); // -0.5 away from 0
    expect(product(23, 3)).toBe(10 + 10); // 20 * 5 * 0.1
    expect(product(127, 127)).toBe(127); // 124 * 129 * 0.1 and more
    expect(product(23, 3, [-5, 6])).toBe(6);
  });

  it('takes a tensor of one position at every position', () => {
    const factor = multiplyFactor(1, 1, 1);
    const input1 = Int8Array.of(4, 4, 5, 5);
    expect([...multiply({ ...usual, input1, input2: Int8Array.of(0, 1), factor })]).toEqual([12, 13, 14, 16]);
  });

  it('refuses a second tensor that is neither of one shape nor one position', () => {
    const factor = multiplyFactor(1, 1, 1);
    for (const input2 of [Int8Array.of(), Int8Array.of(1, 2), Int8Array.of(1, 2, 3, 4)])
      expect(() => multiply({ ...usual, input1: Int8Array.of(1, 2, 3), input2, factor })).toThrow('expected 3 values');
  });

  it('refuses a factor that nothing could be multiplied by', () => {
    expect(() => multiplyFactor(2 ** 7, 2 ** 7, 1)).toThrow('factor must be below 2^14, got 16384');
    expect(multiplyFactor(2 ** 7, 2 ** 7, 1.001).shift).toBe(14);
  });
});

describe('mean', () => {
  it.each([
    // quotient of the scales 1 is 2^30, shift 1; by 3: (2^30 << 1) / 3 rounded down, shift 1 - 1
    [1, 1, 3, 715827882, 0],
    [1, 1, 4, 2 ** 30, -1],
    [1, 1, 1, 2 ** 30, 1],
    [1, 1, 49, 701219150, -4], // (2^30 << 5) / 49 = 701219150.4
    [0.1, 0.2, 3, 715827882, -1],
    [2 ** -30, 1, 6, 2 ** 32 / 6, -31], // 2^30 and shift -29: room for 2 bits, and 6 has 2 behind its first
    [2 ** -32, 1, 6, 2 ** 30 / 6, -31], // no room: the multiplier shrinks
  ])(
    'from scale %f to %f over %i values takes multiplier %f and shift %i',
    (scale, outputScale, count, multiplier, shift) => {
      expect(meanFactor(scale, outputScale, count)).toEqual({ multiplier: Math.floor(multiplier), shift });
    },
  );

  it('divides the sum of differences, ties away from zero where the shift is to the right', () => {
    const of = (values: number[], inputZeroPoint: number) =>
      mean(Int8Array.from(values), 1, inputZeroPoint, meanFactor(1, 1, values.length), 10)[0];
    expect(of([1, 2, 3, 4], 0)).toBe(10 + 3); // 2.5
    expect(of([-1, -2, -3, -4], 0)).toBe(10 - 3);
    expect(of([1, 2, 3, 4], 3)).toBe(10 - 1); // -2 / 4 = -0.5
    expect(of([127, 127, 127], -128)).toBe(127); // 255 and the zero point
    expect(of([5], 2)).toBe(10 + 3);
  });

  it('keeps channels apart', () => {
    expect([...mean(Int8Array.of(1, 10, 3, 30), 2, 0, meanFactor(1, 1, 2), 0)]).toEqual([2, 20]);
  });

  it('refuses scales with which a sum would wrap', () => {
    expect(() => meanFactor(2 ** 22, 1, 1)).toThrow('mean of 1 values: scale 4194304 of the input is too large for 1');
  });
});

describe('copy', () => {
  const input = Int8Array.of(1, 2, 3, 4, 5, 6); // 2 x 3
  const one = { count: [1, 1, 1], inputStep: [0, 0, 0], outputStep: [0, 0, 0], inputOffset: 0, outputOffset: 0 };
  const whole = { ...one, run: 6, fill: false } as Parameters<typeof copy>[0];
  const before = new Int8Array(6).fill(9);

  it('transposes with a step on each side', () => {
    const steps = { count: [1, 3, 2], inputStep: [0, 1, 3], outputStep: [0, 2, 1], run: 1 } as Partial<typeof whole>;
    expect([...copy({ ...whole, ...steps }, input, before, 0)]).toEqual([1, 4, 2, 5, 3, 6]);
  });

  it('leaves what it does not write, or the zero point where it fills', () => {
    const part = { ...whole, run: 2, inputOffset: 4, outputOffset: 1 };
    expect([...copy(part, input, before, -7)]).toEqual([9, 5, 6, 9, 9, 9]);
    expect([...copy({ ...part, fill: true }, input, before, -7)]).toEqual([-7, 5, 6, -7, -7, -7]);
    expect([...before]).toEqual([9, 9, 9, 9, 9, 9]);
  });

  it('repeats with a step of 0', () => {
    const rows = { ...whole, run: 3, inputOffset: 3, count: [1, 1, 2], outputStep: [0, 0, 3] } as typeof whole;
    expect([...copy(rows, input, before, 0)]).toEqual([4, 5, 6, 4, 5, 6]);
  });

  it('says which run leaves a tensor', () => {
    const wide = { ...whole, run: 2, count: [1, 2, 1], inputStep: [0, 5, 0] } as typeof whole;
    expect(() => copy(wide, input, before, 0)).toThrow('run (0, 1, 0) of 2 values: expected inside 6 and 6 values');
  });
});

/** Float networks: what they compute, and what is left of it when they are quantised. */
import { describe, expect, it } from 'vitest';
import { equalize } from '../../host/float/equalize.ts';
import { Executor } from '../../host/float/execute.ts';
import { realsOf } from '../../host/float/graph.ts';
import { Histogram } from '../../host/float/histogram.ts';
import { answersOf } from '../../host/float/judge.ts';
import { withMeans } from '../../host/float/means.ts';
import { floatTflite } from '../../host/float/network.ts';
import { observe, rangeBy } from '../../host/float/observe.ts';
import { type Layer, quantizedGraph, quantizeLayer } from '../../host/float/quantize.ts';
import { heldOutOf, quantizeFloat } from '../../host/float/quantizeFloat.ts';
import { withReals } from '../../host/float/reals.ts';
import { planScales } from '../../host/float/scales.ts';
import { simulate } from '../../host/float/simulate.ts';
import { importGraph, packImported } from '../../host/import/import.ts';
import type { Model } from '../../host/model/model.ts';
import { conv, FIXTURES, fullyConnected, single } from '../import/fixtures.ts';
import { tflite } from '../import/tflite.ts';
import { asTflite, build, dice, inputsOf, type NetworkSpec } from './networks.ts';

const SMALL: NetworkSpec = {
  input: [8, 8, 3],
  layers: [
    { kind: 'conv', input: 'x', output: 'a', channels: 8, kernel: [3, 3], stride: 1, relu: true },
    { kind: 'depthwise', input: 'a', output: 'd', channels: 8, kernel: [3, 3], stride: 1, relu: true },
    { kind: 'conv', input: 'd', output: 'b', channels: 8, kernel: [1, 1], stride: 1 },
    { kind: 'add', input: 'a', other: 'b', output: 'r', relu: true },
    { kind: 'average', input: 'r', output: 'mean', kernel: [8, 8] },
    { kind: 'dense', input: 'mean', output: 'y', channels: 4 },
  ],
};
const { graph } = floatTflite(tflite(asTflite(SMALL, build(SMALL))))!;
const inputs = inputsOf(SMALL, 24);

describe('a float .tflite', () => {
  it('is told from one in INT8', () => {
    expect(floatTflite(tflite(FIXTURES['CONV_2D, 1x1'].file))).toBeNull();
  });

  it.each([
    ['a scale per channel', { scale: [0.5, 0.25], data: [1, 2, 3, -4] }],
    ['one scale', { scale: 0.25, data: [2, 4, 3, -4] }],
    ['UINT8 and a zero point', { scale: 0.25, zeroPoint: 7, type: 'UINT8', data: [9, 11, 10, 3] }],
  ])('with integer weights, as dynamic range leaves them, computes with these times their scales: %s', (_, weights) => {
    const file = single(
      'CONV_2D',
      [
        { shape: [1, 1, 2, 2], type: 'FLOAT32' },
        { shape: [2, 1, 1, 2], quantizedDimension: 0, ...weights },
        { shape: [2], type: 'FLOAT32', data: [10, 20] },
        { shape: [1, 1, 2, 2], type: 'FLOAT32' },
      ],
      conv(1, 1),
    );
    const [output] = new Executor(floatTflite(tflite(file))!.graph).run([Float32Array.of(1, 2, 3, 4)]);
    expect(Array.from(output)).toEqual([12.5, 18.75, 15.5, 18.25]);
  });

  it('with FLOAT16 weights and bias behind DEQUANTIZE computes with these, and is quantised as any other', () => {
    const real = (shape: number[]) => ({ shape, type: 'FLOAT32' });
    const file = {
      tensors: [
        real([1, 4]),
        { shape: [1, 4], type: 'FLOAT16', data: [0x3c00, 0xc000, 0x3800, 0x0400] }, // 1, -2, 0.5, 2^-14
        real([1, 4]),
        { shape: [1], type: 'FLOAT16', data: [0x4900] }, // 10
        real([1]),
        real([1, 1]),
      ],
      operators: [
        { opcode: 'DEQUANTIZE', inputs: [1], outputs: [2] },
        { opcode: 'DEQUANTIZE', inputs: [3], outputs: [4] },
        { opcode: 'FULLY_CONNECTED', inputs: [0, 2, 4], outputs: [5], ...fullyConnected() },
      ],
      inputs: [0],
      outputs: [5],
    };
    const own = floatTflite(tflite(file))!.graph;
    const given = [Float32Array.of(1, 2, 4, 2 ** 14), Float32Array.of(0, 0, 0, 0)];
    expect(given.map((input) => new Executor(own).run([input])[0][0])).toEqual([10, 10]);
    const { image } = quantizeFloat(own, 'half', [[Float32Array.of(1, 2, -1, 0)], [Float32Array.of(-1, 1, 2, 1)]], []);
    expect(answersOf(image, [[Float32Array.of(1, 2, -1, 0)]])[0][0][0]).toBeCloseTo(6.5, 1);
  });

  it('with MUL and ADD per channel and RELU behind a convolution leaves one operator with the same outputs', () => {
    const real = (shape: number[], data?: number[]) => ({ shape, type: 'FLOAT32', data });
    const file = {
      tensors: [
        real([1, 1, 1, 2]),
        real([2, 1, 1, 2], [1, 2, 3, 4]),
        real([1, 1, 1, 2]),
        real([2], [2, -1]),
        real([1, 1, 1, 2]),
        real([2], [5, 6]),
        real([1, 1, 1, 2]),
        real([1, 1, 1, 2]),
      ],
      operators: [
        { opcode: 'CONV_2D', inputs: [0, 1], outputs: [2], ...conv(1, 1) },
        { opcode: 'MUL', inputs: [2, 3], outputs: [4] },
        { opcode: 'ADD', inputs: [5, 4], outputs: [6] },
        { opcode: 'RELU', inputs: [6], outputs: [7] },
      ],
      inputs: [0],
      outputs: [7],
    };
    const network = floatTflite(tflite(file))!.graph;
    expect(network.operators.map(({ opcode }) => opcode)).toEqual(['CONV_2D']);
    expect(Array.from(new Executor(network).run([Float32Array.of(1, 1)])[0])).toEqual([11, 0]);
  });
});

describe('quantised', () => {
  const observed = observe(graph, inputs);
  const plan = planScales(graph, (tensor) => rangeBy('min-max', observed.get(tensor)!));

  it('the image answers as the simulation of it does, to a step of the output', () => {
    const { image } = packImported(importGraph(quantizedGraph(plan), 'net'));
    const last = simulate(plan, inputs).losses.at(-1)!;
    const executor = new Executor(graph);
    const largest = Math.max(
      ...answersOf(image, inputs).flatMap(([own], s) =>
        Array.from(own, (value, i) => Math.abs(value - executor.run(inputs[s])[0][i])),
      ),
    );
    const { scale } = plan.scaled.get(graph.outputs[0])!;
    expect(Math.abs(largest - last.maxError)).toBeLessThanOrEqual(1.01 * scale);
    expect(last.noise).toBeGreaterThan(0);
  });

  it('corrected biases leave less noise at the output', () => {
    const { corrections, losses } = simulate(plan, inputs, { fit: 'biases' });
    expect(corrections.size).toBe(4);
    const noise = (all: typeof losses) => all.at(-1)!.noise;
    expect(noise(losses)).toBeLessThan(noise(simulate(plan, inputs).losses));
  });

  it('weights whose errors balance one another give sums nearer to float, and the same bytes every time', () => {
    const random = dice(5);
    const list = (count: number, of: () => number) => Array.from({ length: count }, of);
    const tensors = [
      { shape: [1, 32], type: 'FLOAT32' },
      { shape: [4, 32], type: 'FLOAT32', data: list(128, random) },
      { shape: [1, 4], type: 'FLOAT32' },
    ];
    const layer = floatTflite(tflite(single('FULLY_CONNECTED', tensors, fullyConnected())))!.graph;
    // neighbours that are nearly alike, as pixels are
    const alike = list(64, random).map((level) => [Float32Array.from({ length: 32 }, () => level + 0.05 * random())]);
    const seen = observe(layer, alike);
    const own = planScales(layer, (tensor) => rangeBy('min-max', seen.get(tensor)!));
    const [operator] = layer.operators;
    const weights = realsOf(layer.tensors[operator.inputs[1]]);
    const [nearest, balanced, again] = (['biases', 'weights', 'weights'] as const).map((fit) =>
      quantizeLayer(own, operator, simulate(own, alike, { fit }).corrections),
    );
    const errorOf = ({ values, scales }: Layer) =>
      alike.reduce((sum, [input]) => {
        const off = (_: unknown, c: number) =>
          input.reduce((total, x, k) => total + x * (weights[32 * c + k] - scales[0] * values[32 * c + k]), 0);
        return (
          sum +
          list(4, () => 0)
            .map(off)
            .reduce((squares, error) => squares + error ** 2, 0)
        );
      }, 0);
    expect(errorOf(balanced)).toBeLessThan(errorOf(nearest) / 4);
    expect(again).toEqual(balanced);
  });

  it('a pool over all positions becomes a MEAN with a scale of its own, and computes the same', () => {
    const own = withMeans(graph);
    expect(own.operators.map(({ opcode }) => opcode)).toContain('MEAN');
    expect(own.operators.map(({ opcode }) => opcode)).not.toContain('AVERAGE_POOL_2D');
    expect(new Executor(own).run(inputs[0])).toEqual(new Executor(graph).run(inputs[0]));
    const seen = observe(own, inputs);
    const { scaled } = planScales(own, (tensor) => rangeBy('min-max', seen.get(tensor)!));
    const mean = own.operators.find(({ opcode }) => opcode === 'MEAN')!;
    expect(scaled.get(mean.outputs[0])!.scale).toBeLessThan(scaled.get(mean.inputs[0])!.scale);
  });

  it('keeps the real weights to two hundredths of a step, also of a model that lost its dead channels', () => {
    const { corrections } = simulate(plan, inputs, { fit: 'weights' });
    const storedOf = ({ sources }: Model) => sources.filter((source) => source.kind === 'stored');
    const [first, ...others] = storedOf(withReals(plan, corrections, 'net'));
    const { model } = importGraph(quantizedGraph(plan, corrections), 'net');
    expect([first, ...others].map(({ values }) => values)).toEqual(storedOf(model).map(({ values }) => values));
    const [convolution] = graph.operators;
    const { scales } = quantizeLayer(plan, convolution, corrections);
    const weights = realsOf(graph.tensors[convolution.inputs[1]]);
    const distances = first.reals!.map((value, i) => Math.abs(value - weights[i] / scales[Math.floor(i / 27)]));
    expect(distances).toHaveLength(weights.length);
    expect(Math.max(...distances)).toBeLessThan(0.02);
    expect(first.reals!.some((value, i) => Math.abs(value - first.values[i]) > 0.5)).toBe(true); // not the nearest
  });

  it('equalised layers compute the same, with channels that fill their range better', () => {
    const equalized = equalize(graph, (tensor) => observed.get(tensor)!.peaks)!;
    const [before, after] = [graph, equalized].map((own) => new Executor(own).run(inputs[0])[0]);
    for (const [i, value] of after.entries()) expect(value).toBeCloseTo(before[i], 4);
    const again = observe(equalized, inputs);
    const [, depthwise] = graph.operators;
    const spreadOf = (peaks: Float64Array) => Math.max(...peaks) / Math.min(...peaks);
    const [tensor] = depthwise.outputs;
    expect(spreadOf(again.get(tensor)!.peaks)).toBeLessThan(spreadOf(observed.get(tensor)!.peaks));
  });

  it('takes of all that was tried what has the least error, and judges it on inputs held out', () => {
    const { calibration, heldOut } = heldOutOf(inputs);
    const { trials, chosen, heldOut: judged, layers } = quantizeFloat(graph, 'net', calibration, heldOut);
    expect(chosen.error).toBe(Math.min(...trials.map(({ error }) => error)));
    expect(new Set(trials.map(({ ranges }) => ranges)).size).toBe(3);
    expect(judged).toMatchObject({ inputs: 4 });
    expect(judged!.relativeError).toBeLessThan(0.01);
    expect(layers.map(({ opcode }) => opcode)).toContain('DEPTHWISE_CONV_2D');
  });
});

describe('the range of a tensor', () => {
  const histogram = new Histogram();
  const random = dice(3);
  const values = Float32Array.from({ length: 20_000 }, () => random() * random());
  values[77] = 50;
  histogram.add(values.subarray(0, 70));
  histogram.add(values.subarray(70));

  it('by min-max holds everything, by percentile and least squares leaves an outlier out', () => {
    expect(histogram.minMax()[1]).toBe(50);
    expect(histogram.percentile(1e-4)[1]).toBeLessThan(2);
    expect(histogram.leastSquares(255)[1]).toBeLessThan(50);
  });

  it('of values that are not finite is refused', () => {
    expect(() => new Histogram().add(Float32Array.of(1, Number.NaN))).toThrow('a value is NaN');
  });
});

/** Float networks: what they compute, and what is left of it when they are quantised. */
import { describe, expect, it } from 'vitest';
import { equalize } from '../../host/float/equalize.ts';
import { Executor } from '../../host/float/execute.ts';
import { Histogram } from '../../host/float/histogram.ts';
import { answersOf } from '../../host/float/judge.ts';
import { floatTflite } from '../../host/float/network.ts';
import { observe, rangeBy } from '../../host/float/observe.ts';
import { quantizedGraph } from '../../host/float/quantize.ts';
import { heldOutOf, quantizeFloat } from '../../host/float/quantizeFloat.ts';
import { planScales } from '../../host/float/scales.ts';
import { simulate } from '../../host/float/simulate.ts';
import { importGraph, packImported } from '../../host/import/import.ts';
import { conv, FIXTURES, single } from '../import/fixtures.ts';
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

  it('with INT8 weights, as dynamic range leaves them, computes with these times their scales', () => {
    const file = single(
      'CONV_2D',
      [
        { shape: [1, 1, 2, 2], type: 'FLOAT32' },
        { shape: [2, 1, 1, 2], scale: [0.5, 0.25], quantizedDimension: 0, data: [1, 2, 3, -4] },
        { shape: [2], type: 'FLOAT32', data: [10, 20] },
        { shape: [1, 1, 2, 2], type: 'FLOAT32' },
      ],
      conv(1, 1),
    );
    const [output] = new Executor(floatTflite(tflite(file))!.graph).run([Float32Array.of(1, 2, 3, 4)]);
    expect(Array.from(output)).toEqual([12.5, 18.75, 15.5, 18.25]);
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
    const { corrections, losses } = simulate(plan, inputs, { correct: true });
    expect(corrections.size).toBe(4);
    const noise = (all: typeof losses) => all.at(-1)!.noise;
    expect(noise(losses)).toBeLessThan(noise(simulate(plan, inputs).losses));
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

/** ONNX networks become what the same networks become as .tflite. */
import { describe, expect, it } from 'vitest';
import { Executor } from '../../host/float/execute.ts';
import { floatTflite } from '../../host/float/network.ts';
import { observe, rangeBy } from '../../host/float/observe.ts';
import { quantizedGraph, quantizeLayer } from '../../host/float/quantize.ts';
import { importScaled, quantizeFloat } from '../../host/float/quantizeFloat.ts';
import { floatKind } from '../../host/float/registry.ts';
import { planScales } from '../../host/float/scales.ts';
import { importGraph, packImported } from '../../host/import/import.ts';
import { floatOnnx } from '../../host/onnx/onnx.ts';
import { asTflite, build, inputsOf, KWS, RESNET } from '../float/networks.ts';
import { tflite } from '../import/tflite.ts';
import { asOnnx, type NodeSpec, type OnnxSpec, onnx } from './writer.ts';

const NETWORKS = { 'keyword spotting': KWS, ResNet: RESNET };

describe.each(Object.entries(NETWORKS))('%s as ONNX', (_, spec) => {
  const built = build(spec);
  const fromTflite = floatTflite(tflite(asTflite(spec, built)))!;
  const inputs = inputsOf(spec, 3);

  it('in float gives the image of the float .tflite, byte for byte', async () => {
    const { graph } = await floatOnnx(asOnnx(spec, built));
    const [one, other] = [fromTflite.graph, graph].map((own) =>
      quantizeFloat(own, 'net', inputs, [], { ranges: 'min-max', source: 'test' }),
    );
    expect(one.image.length).toBeGreaterThan(20_000);
    expect(Buffer.compare(one.image, other.image)).toBe(0);
  }, 120_000);

  it('between Q and DQ gives the image of the INT8 network with the same scales, without calibration', async () => {
    const observed = observe(fromTflite.graph, inputs);
    const plan = planScales(fromTflite.graph, (tensor) => rangeBy('min-max', observed.get(tensor)!));
    const place = (name: string) => plan.graph.tensors.findIndex((tensor) => tensor.name === name);
    const quantized = asOnnx(spec, built, {
      activation: (name) => {
        const { scale, zeroPoint } = plan.scaled.get(place(name))!;
        return { scales: [scale], zeroPoints: [zeroPoint] };
      },
      layer: (output) => {
        const operator = plan.graph.operators.find(
          ({ opcode, outputs }) => floatKind(opcode)?.weights && outputs[0] === place(output),
        )!;
        const inputScale = plan.scaled.get(operator.inputs[0])!.scale;
        return { ...quantizeLayer(plan, operator, new Map()), inputScale };
      },
    });
    const network = await floatOnnx(quantized);
    expect(network.isQuantized).toBe(true);
    const expected = packImported(importGraph(quantizedGraph(plan), 'net', { source: 'test' }));
    const { image } = importScaled(network.graph, 'net', { source: 'test' });
    expect(Buffer.compare(image, expected.image)).toBe(0);
  }, 120_000);

  it('takes inputs with channels first and gives the answers of the .tflite in float', async () => {
    const { graph, inputs: ports } = await floatOnnx(asOnnx(spec, built));
    const [height, width, channels] = spec.input;
    const first = new Float32Array(height * width * channels);
    for (let p = 0; p < height * width; p++)
      for (let c = 0; c < channels; c++) first[c * height * width + p] = inputs[0][0][p * channels + c];
    expect(ports[0].arrange(first)).toEqual(inputs[0][0]);
    expect(new Executor(graph).run(inputs[0])).toEqual(new Executor(fromTflite.graph).run(inputs[0]));
  }, 60_000);
});

const FLOATS = { dims: [2, 3, 1, 1], values: [1, 2, 3, -1, 0.5, 0.25] };

/** Nodes over x [1, 3, 2, 2], whose values are 0 to 11 in ONNX's order. */
async function answers(
  nodes: NodeSpec[],
  initializers: OnnxSpec['initializers'] = {},
  shape = [1, 3, 2, 2],
  opset = 13,
) {
  const spec = { inputs: { x: shape }, outputs: ['y'], initializers, nodes, opset };
  const { graph, inputs } = await floatOnnx(onnx(spec));
  const size = shape.reduce((a, b) => a * b, 1);
  const [output] = new Executor(graph).run([inputs[0].arrange(Float32Array.from({ length: size }, (_, i) => i))]);
  return { values: Array.from(output), opcodes: graph.operators.map(({ opcode }) => opcode) };
}

const one = (op: string, more: string[] = [], attributes: NodeSpec['attributes'] = {}): NodeSpec[] => [
  { op, inputs: ['x', ...more], outputs: ['y'], attributes },
];

describe('an ONNX node', () => {
  it.each<[string, NodeSpec[], OnnxSpec['initializers'], number[]]>([
    ['1x1 Conv sums channels', one('Conv', ['w']), { w: FLOATS }, [32, 4, 38, 3.75, 44, 3.5, 50, 3.25]],
    ['GlobalAveragePool means height and width', one('GlobalAveragePool'), {}, [1.5, 5.5, 9.5]],
    ['MaxPool takes the largest of each channel', one('MaxPool', [], { kernel_shape: [2, 2] }), {}, [3, 7, 11]],
    [
      'Add of one number per channel, channels first',
      one('Add', ['b']),
      { b: { dims: [3, 1, 1], values: [100, 200, 300] } },
      [100, 204, 308, 101, 205, 309, 102, 206, 310, 103, 207, 311],
    ],
    ['Flatten keeps the order C, H, W', one('Flatten'), {}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    [
      'Reshape with -1 and 0',
      one('Reshape', ['s']),
      { s: { dims: [3], type: 'INT64', values: [0, -1, 4] } },
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
    ],
    [
      'Div by a number',
      one('Div', ['b']),
      { b: { dims: [], values: [4] } },
      [0, 1, 2, 0.25, 1.25, 2.25, 0.5, 1.5, 2.5, 0.75, 1.75, 2.75],
    ],
    ['Clip from 0 to 6', one('Clip', [], { min: 0, max: 6 }), {}, [0, 4, 6, 1, 5, 6, 2, 6, 6, 3, 6, 6]],
    [
      'Slice of channels',
      one('Slice', ['from', 'to', 'axis']),
      {
        from: { dims: [1], type: 'INT64', values: [1] },
        to: { dims: [1], type: 'INT64', values: [99] },
        axis: { dims: [1], type: 'INT64', values: [1] },
      },
      [4, 8, 5, 9, 6, 10, 7, 11],
    ],
    ['ReduceMean over height and width', one('ReduceMean', [], { axes: [2, 3], keepdims: 0 }), {}, [1.5, 5.5, 9.5]],
    [
      'Concat along channels',
      [{ op: 'Concat', inputs: ['x', 'x'], outputs: ['y'], attributes: { axis: 1 } }],
      {},
      [0, 4, 8, 0, 4, 8, 1, 5, 9, 1, 5, 9, 2, 6, 10, 2, 6, 10, 3, 7, 11, 3, 7, 11],
    ],
    [
      'Transpose to channels last moves nothing',
      [
        { op: 'Relu', inputs: ['x'], outputs: ['r'] },
        { op: 'Transpose', inputs: ['r'], outputs: ['y'], attributes: { perm: [0, 2, 3, 1] } },
      ],
      {},
      [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
    ],
  ])('%s', async (_, nodes, initializers, expected) => {
    expect((await answers(nodes, initializers)).values).toEqual(expected);
  });

  it('BatchNormalization and Relu behind a Conv leave one operator', async () => {
    const norm = { dims: [2], values: [2, 3] };
    const { opcodes, values } = await answers(
      [
        { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] },
        {
          op: 'BatchNormalization',
          inputs: ['c', 'n', 'n', 'n', 'v'],
          outputs: ['b'],
          attributes: { epsilon: 0.0 },
        },
        { op: 'Relu', inputs: ['b'], outputs: ['y'] },
      ],
      { w: FLOATS, n: norm, v: { dims: [2], values: [4, 9] } },
    );
    expect(opcodes).toEqual(['CONV_2D']);
    expect(values.map((value) => Number(value.toFixed(4)))).toEqual([32, 4, 38, 3.75, 44, 3.5, 50, 3.25]);
  });

  it('Gemm behind Flatten moves no values: the columns of its weights are put into the order of the image', async () => {
    const { opcodes, values } = await answers(
      [
        { op: 'Relu', inputs: ['x'], outputs: ['r'] },
        { op: 'Flatten', inputs: ['r'], outputs: ['f'] },
        { op: 'Gemm', inputs: ['f', 'w'], outputs: ['y'], attributes: { transB: 1 } },
      ],
      { w: { dims: [1, 12], values: Array.from({ length: 12 }, (_, i) => 2 ** i) } },
    );
    expect(opcodes).toEqual(['RELU', 'RESHAPE', 'FULLY_CONNECTED']);
    expect(values).toEqual([Array.from({ length: 12 }, (_, i) => i * 2 ** i).reduce((a, b) => a + b)]);
  });

  it.each<[string, NodeSpec[], OnnxSpec['initializers'], RegExp]>([
    ['that is not known', one('Einsum'), {}, /0 Einsum "Einsum" \(no such operator here\)/],
    ['with weights that are computed', one('Conv', ['x']), {}, /0 Conv "Conv" \(input 1 is no constant\)/],
    [
      'with weights of another depth',
      one('Conv', ['w']),
      { w: { dims: [2, 4, 1, 1], values: new Array(8).fill(1) } },
      /0 Conv .*weights \[2,4,1,1\] in 1 groups for an input \[1,3,2,2\]/,
    ],
    [
      'with weights that are no numbers',
      one('Conv', ['w']),
      { w: { dims: [1, 3, 1, 1], values: [1, Number.NaN, 1] } },
      /0 Conv .*weights "w" with a value of NaN; train or export it again/,
    ],
    ['that names a tensor a second time', [...one('Relu'), ...one('Relu')], {}, /tensor "y": expected one origin, got/],
    ['that clips elsewhere', one('Clip', [], { min: -2, max: 3 }), {}, /0 Clip .*from -2 to 3; only/],
    [
      'whose constant is cut short',
      one('Add', ['b']),
      { b: { dims: [3], values: [1] } },
      /initializer \(the constant "b" \[3\] has 1 values of FLOAT\)/,
    ],
  ])('%s is refused in one line with its operator', async (_, nodes, initializers, expected) => {
    const spec = { inputs: { x: [1, 3, 2, 2] }, outputs: ['y'], initializers, nodes };
    const error = await floatOnnx(onnx(spec)).catch((thrown: Error) => thrown.message);
    expect(error).toMatch(expected);
    expect(error).not.toMatch(/\n/);
  });

  it('that reads the output of a refused one is not named too', async () => {
    const nodes = [...one('Einsum'), { op: 'Relu', inputs: ['y'], outputs: ['z'] }];
    const spec = { inputs: { x: [1, 3, 2, 2] }, outputs: ['z'], initializers: {}, nodes };
    await expect(floatOnnx(onnx(spec))).rejects.toThrow(/^(?!.*Relu).*Einsum/);
  });
});

it('a chain of 4,000 nodes becomes layers in one pass: below 8 s of CPU', { timeout: 120_000 }, async () => {
  const layers = Array.from({ length: 2000 }, (_, i) => i);
  const nodes = layers.flatMap((i) => [
    { op: 'Conv', inputs: [i === 0 ? 'x' : `y${i - 1}`, 'w'], outputs: [`c${i}`] },
    { op: 'Relu', inputs: [`c${i}`], outputs: [`y${i}`] },
  ]);
  const initializers = { w: { dims: [2, 2, 1, 1], values: [1, 2, 3, 4] } };
  const bytes = onnx({ inputs: { x: [1, 2, 1, 1] }, outputs: ['y1999'], initializers, nodes });
  const before = process.cpuUsage();
  const { graph } = await floatOnnx(bytes);
  const { user, system } = process.cpuUsage(before);
  expect(graph.operators.length).toBe(2000);
  expect((user + system) / 1e6).toBeLessThan(8); // 40 s when each layer was fused into a graph of its own
});

it.each([6, 99])('a model of operator set %i is refused', async (opset) => {
  const nodes = [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }];
  const model = onnx({ inputs: { x: [1, 4] }, outputs: ['y'], initializers: {}, nodes, opset });
  await expect(floatOnnx(model)).rejects.toThrow(
    `expected an operator set from 7 to 25, got ${opset}; export it again`,
  );
});

it.each([
  ['cut short', (bytes: Uint8Array) => bytes.subarray(0, bytes.length >> 1)],
  ['with a length that leads out of it', (bytes: Uint8Array) => bytes.map((byte, i) => (i === 3 ? 0xff : byte))],
])('a file %s is named as damaged', async (_, damage) => {
  await expect(floatOnnx(damage(asOnnx(KWS, build(KWS))))).rejects.toThrow(/damaged \.onnx|no node|no such operator/);
});

/** An ONNX model as a float network: the same graph that a float .tflite becomes. */
import { fuse } from '../float/fuse.ts';
import type { Draft } from '../float/graph.ts';
import { placesOf, stepsOf } from '../float/kinds/indices.ts';
import type { FloatNetwork, FloatPort } from '../float/network.ts';
import { livePart } from '../float/plain.ts';
import { unscaled } from '../float/scales.ts';
import { checkWork } from '../float/work.ts';
import { ImportError, type Refusal, refused } from '../import/error.ts';
import type { Graph } from '../import/graph.ts';
import { Unsupported } from '../model/unsupported.ts';
import { printable } from '../system/printable.ts';
import { Builder, lastShape, type Value } from './builder.ts';
import { CONVERSIONS } from './operators.ts';
import { constantOf, readOnnx } from './read.ts';
import type { OnnxNode, OnnxPort } from './schema.ts';

/** Throws ImportError, one line, with every node that stands in the way. */
export async function floatOnnx(bytes: Uint8Array): Promise<FloatNetwork> {
  const { graph: read, opsetImport } = await readOnnx(bytes);
  if (!read?.node.length) throw new ImportError('the model has no node; nothing to import');
  const opset = opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx')?.version ?? 1;
  if (opset < OPSETS[0] || opset > OPSETS[1])
    throw new ImportError(
      `expected an operator set from ${OPSETS[0]} to ${OPSETS[1]}, got ${opset}; export it again, for one of these`,
    );
  assertNamedOnce(read.initializer.map(({ name }) => name));
  assertNamedOnce(read.node.flatMap(({ output }) => output));
  const to = new Builder();
  const refusals: Refusal[] = [];
  const attempt = (what: string, layer: Refusal['layer'], work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      refusals.push({ what, layer, reason: error.message });
    }
  };
  for (const tensor of read.initializer)
    attempt('initializer', undefined, () => to.constants.set(tensor.name, constantOf(tensor)));
  const ports = read.input.filter(({ name }) => !to.constants.has(name));
  ports.forEach((port, i) => {
    attempt(`input ${i}`, undefined, () => placeInput(port, read.node, to));
  });
  const inputs = ports.map(({ name }) => to.values.get(name)!);
  // what reads the output of a node that was refused is not named as well
  const missing = new Set<string>();
  for (const [index, node] of read.node.entries()) {
    if (node.input.some((name) => missing.has(name))) {
      for (const name of node.output) missing.add(name);
      continue;
    }
    const before = refusals.length;
    const layer = { index, name: printable(node.name, 60) };
    attempt(node.opType, layer, () => convert({ ...node, index, opset }, to));
    if (refusals.length > before) for (const name of node.output) missing.add(name);
  }
  if (refusals.length > 0) throw refused(refusals);
  const outputs = read.output.map(({ name }, i) => {
    const value = to.values.get(name);
    if (!value) throw new ImportError(`output ${i} "${printable(name, 60)}" is computed by no node; export it again`);
    return value.tensor;
  });
  const graph = fuse(checkWork(livePart(finished(to.draft, inputs, outputs))));
  return {
    graph,
    inputs: inputs.map((value, i) => portOf(ports[i].name, value)),
    isQuantized: unscaled(graph).length === 0,
    source: 'onnx',
  };
}

/** The first in which operators broadcast as NumPy does, and the last whose changes are known. */
const OPSETS = [7, 25] as const;

/** A tensor has one origin: of two the last would count, and not a word be said. "" is an output that is left out. */
function assertNamedOnce(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name !== '' && seen.has(name))
      throw new ImportError(`tensor "${printable(name, 60)}": expected one origin, got two; export it again`);
    seen.add(name);
  }
}

function convert(node: OnnxNode & { index: number; opset: number }, to: Builder): void {
  const known = node.domain === '' || node.domain === 'ai.onnx';
  if (!known || !Object.hasOwn(CONVERSIONS, node.opType)) throw new Unsupported('no such operator here');
  CONVERSIONS[node.opType](node, to);
}

/** Four and three dimensions have channels last in the image, unless the first thing done is to turn them so. */
function placeInput({ name, type }: OnnxPort, nodes: readonly OnnxNode[], to: Builder): void {
  const tensor = type?.tensorType;
  if (!tensor?.shape) throw new Unsupported(`"${printable(name, 60)}" has no shape; export it with a fixed one`);
  if (tensor.elemType !== 1) throw new Unsupported(`"${printable(name, 60)}" is no FLOAT`);
  const shape = tensor.shape.dim.map(({ dimValue }, d) => (d === 0 && dimValue === 0 ? 1 : dimValue));
  if (shape.some((size) => size < 1))
    throw new Unsupported(`"${printable(name, 60)}" has a dynamic shape [${shape}]; export it with a fixed one`);
  const readers = nodes.filter(({ input }) => input.includes(name));
  const turnsFirst = readers.length > 0 && readers.every(({ opType }) => opType === 'Transpose');
  const channelsLast = (shape.length === 3 || shape.length === 4) && !turnsFirst;
  const value = { shape, channelsLast };
  to.values.set(name, { ...value, tensor: to.draft.tensor({ name, shape: to.arranged(value) }) });
}

function finished(draft: Draft, inputs: Value[], outputs: number[]): Graph {
  return draft.finish(
    inputs.map(({ tensor }) => tensor),
    outputs,
  );
}

function portOf(name: string, { shape, channelsLast }: Value): FloatPort {
  if (!channelsLast) return { name, shape, arranged: shape, arrange: (values) => values };
  const arranged = lastShape(shape);
  const steps = stepsOf(shape.length === 3 ? [shape[0], shape[1], 1, shape[2]] : shape);
  const places = placesOf(arranged, [steps[0], steps[2], steps[3], steps[1]]);
  return { name, shape, arranged, arrange: (values) => Float32Array.from(places, (place) => values[place]) };
}

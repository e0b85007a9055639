/**
 * A float .tflite as a graph of FLOAT32 alone. Converters store weights in fewer bits: as FLOAT16 behind DEQUANTIZE,
 * or, with dynamic range, as INT8 that the operators themselves take beside FLOAT32 inputs.
 */
import { MAX_TENSOR_VALUES } from '../../assembly/limits.ts';
import { type Element, readNumbers } from '../data/formats/numbers.ts';
import { ImportError, type Refusal, refused } from '../import/error.ts';
import type { Graph, GraphOperator, GraphTensor } from '../import/graph.ts';
import { dataInputs, liveOperators } from '../import/live.ts';
import { checkStatic, shapeOf } from '../import/shape.ts';
import { Unsupported } from '../model/unsupported.ts';
import { bytesOf, Draft } from './graph.ts';
import { countOf } from './kinds/indices.ts';
import { floatKind } from './registry.ts';

const ELEMENTS: Record<string, Element> = {
  FLOAT32: 'f4',
  FLOAT16: 'f2',
  FLOAT64: 'f8',
  INT8: 'i1',
  UINT8: 'u1',
  INT16: 'i2',
  INT32: 'i4',
};

const converts = ({ opcode }: GraphOperator): boolean => opcode === 'QUANTIZE' || opcode === 'DEQUANTIZE';

/** Whether a network computes in FLOAT32 and nowhere in integers, so that it has to be quantised. */
export function isFloat(graph: Graph): boolean {
  const computed = liveOperators(graph)
    .filter((operator) => !converts(operator))
    .flatMap((operator) => [...dataInputs(operator), ...operator.outputs])
    .map((tensor) => graph.tensors[tensor])
    .filter(({ data }) => data === null);
  return computed.length > 0 && computed.every(({ type }) => type === 'FLOAT32');
}

/** The graph with constants of FLOAT32. Throws ImportError with all that cannot be computed in float here. */
export function plainFloat(graph: Graph): Graph {
  const draft = new Draft(graph);
  const live = liveOperators(graph);
  const refusals: Refusal[] = [];
  const attempt = (what: string, layer: Refusal['layer'], work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      refusals.push({ what, layer, reason: error.message });
    }
  };
  graph.inputs.forEach((tensor, i) => {
    attempt(`input ${i}`, undefined, () => {
      checkStatic(graph.tensors[tensor]);
      shapeOf(graph.tensors[tensor]);
    });
  });
  for (const operator of live)
    attempt(operator.opcode, { index: operator.index, name: draft.tensors[operator.outputs[0]]?.name ?? '' }, () => {
      const [first] = operator.inputs;
      if (operator.opcode === 'DEQUANTIZE' && draft.tensors[first]?.data) {
        draft.tensors[operator.outputs[0]] = { ...real(draft.tensors[first]), index: operator.outputs[0] };
        return;
      }
      if (floatKind(operator.opcode) === null) throw new Unsupported('no such operator in float here');
      for (const tensor of dataInputs(operator)) draft.tensors[tensor] = operand(draft.tensors[tensor]);
      for (const tensor of operator.outputs) {
        shapeOf(draft.tensors[tensor]);
        draft.tensors[tensor] = unscaled(draft.tensors[tensor]);
      }
      draft.operators.push(operator);
    });
  if (refusals.length > 0) throw refused(refusals);
  if (draft.operators.length === 0)
    throw new ImportError('the model has no operator that computes anything; nothing to import');
  return draft.finish(graph.inputs, graph.outputs);
}

/** The operators that some output depends on. Throws ImportError with all that have no place in an image. */
export function livePart(graph: Graph): Graph {
  const draft = new Draft(graph);
  const refusals: Refusal[] = [];
  const check = (what: string, layer: Refusal['layer'], tensor: number) => {
    try {
      shapeOf(graph.tensors[tensor]);
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      refusals.push({ what, layer, reason: error.message });
    }
  };
  graph.inputs.forEach((tensor, i) => {
    check(`input ${i}`, undefined, tensor);
  });
  for (const operator of liveOperators(graph)) {
    const { index, opcode, outputs } = operator;
    for (const tensor of outputs) check(opcode, { index, name: graph.tensors[tensor].name }, tensor);
    draft.operators.push(operator);
  }
  if (refusals.length > 0) throw refused(refusals);
  if (draft.operators.length === 0)
    throw new ImportError('the model has no operator that computes anything; nothing to import');
  return draft.finish(graph.inputs, graph.outputs);
}

/** What an operator reads: parameters stay integers. */
function operand(tensor: GraphTensor): GraphTensor {
  if (tensor.data === null) return unscaled(tensor);
  const isParameter = tensor.scales.length === 0 && (tensor.type === 'INT32' || tensor.type === 'INT64');
  if (!isParameter) return real(tensor);
  sizeChecked(tensor);
  return tensor;
}

function sizeChecked({ shape, type, data, name, sparse }: GraphTensor): Element {
  const element = ELEMENTS[type];
  if (element === undefined) throw new Unsupported(`the constant "${name}" is ${type}`);
  if (sparse) throw new Unsupported(`the constant "${name}" is sparse`);
  const count = countOf(shape);
  if (shape.some((size) => size < 1) || count > 32 * MAX_TENSOR_VALUES || data!.length !== count * Number(element[1]))
    throw new Unsupported(`the constant "${name}" [${shape}] has ${data!.length} bytes of ${type}`);
  return element;
}

/** A constant as FLOAT32: a number, or an integer with scales for the whole or along one dimension. */
function real(tensor: GraphTensor): GraphTensor {
  const { shape, scales, zeroPoints, quantizedDimension, data, name } = tensor;
  if (tensor.type === 'FLOAT32') {
    sizeChecked(tensor);
    return unscaled(tensor);
  }
  const numbers = Float32Array.from(readNumbers(data!, sizeChecked(tensor), true));
  if (!tensor.type.startsWith('FLOAT')) {
    const along = shape[quantizedDimension];
    if (scales.length !== 1 && scales.length !== along)
      throw new Unsupported(`the constant "${name}" [${shape}] has ${scales.length} scales`);
    const step = scales.length === 1 ? numbers.length : countOf(shape.slice(quantizedDimension + 1));
    for (let i = 0; i < numbers.length; i++) {
      const c = scales.length === 1 ? 0 : Math.floor(i / step) % along;
      numbers[i] = (numbers[i] - (zeroPoints[c] ?? 0)) * scales[c];
    }
  }
  return { ...unscaled(tensor), type: 'FLOAT32', data: bytesOf(numbers) };
}

/** What a file says of the quantisation of real numbers is no more than a note. */
const unscaled = (tensor: GraphTensor): GraphTensor => ({ ...tensor, scales: [], zeroPoints: [] });

/** What is refused of a file as a whole, before any operator is looked at: no advice about one operator would help. */
import { ImportError } from './error.ts';
import type { Graph, GraphOperator } from './graph.ts';
import { OPERATORS } from './operators.ts';

const QUANTIZE =
  'quantise in full with the TFLite converter: optimizations = [DEFAULT], a representative_dataset, supported_ops = [TFLITE_BUILTINS_INT8]';

/** Throws ImportError for a model that is not INT8 as a whole, with what to do. */
export function checkTypes({ tensors }: Graph, live: GraphOperator[]): void {
  const known = live.filter(({ opcode }) => Object.hasOwn(OPERATORS, opcode));
  const used = live.flatMap(({ opcode, inputs }) =>
    inputs.filter((tensor) => tensor >= 0).map((tensor) => ({ opcode, ...tensors[tensor] })),
  );
  const weights = used.find(({ data, type }) => data !== null && (type === 'FLOAT32' || type === 'FLOAT16'));
  const computes = (opcode: string) => opcode !== 'QUANTIZE' && opcode !== 'DEQUANTIZE';
  const real = used.some(({ opcode, type }) => computes(opcode) && type === 'FLOAT32');
  const integer = used.some(({ data, opcode, type }) => computes(opcode) && data === null && type === 'INT8');
  if (weights !== undefined && !integer)
    throw new ImportError(
      `${weights.type} weights ("${weights.name}"): not an INT8 model; ${QUANTIZE}${others(live, known)}`,
    );
  if (real && !integer)
    throw new ImportError(
      `FLOAT32 activations with ${used.some((t) => t.data !== null && t.type === 'INT8') ? 'INT8' : 'no'} weights: quantised in part only; ${QUANTIZE}${others(live, known)}`,
    );
  // by what it computes with in the first place: beside INT8, a tensor of INT16 is the state of an LSTM, for example
  const wide = known
    .filter(({ opcode }) => computes(opcode))
    .flatMap(({ inputs }) => (inputs[0] >= 0 ? [tensors[inputs[0]]] : []))
    .find(({ data, type }) => data === null && type === 'INT16');
  if (wide !== undefined)
    throw new ImportError(
      `INT16 activations ("${wide.name}"): only INT8 activations can be imported; ${QUANTIZE}${others(live, known)}`,
    );
}

/** What would still be in the way afterwards. */
function others(live: GraphOperator[], known: GraphOperator[]): string {
  const names = [...new Set(live.filter((operator) => !known.includes(operator)).map(({ opcode }) => opcode))];
  if (names.length === 0) return '';
  const shown = names.length > 5 ? [...names.slice(0, 5), `${names.length - 5} more`] : names;
  return `; then these operators are still in the way: ${shown.join(', ')}`;
}

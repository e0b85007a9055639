/**
 * Streaming state. A file that keeps something from one inference to the next has VAR_HANDLE, which names a variable,
 * READ_VARIABLE and ASSIGN_VARIABLE, and CALL_ONCE, which runs a subgraph that gives variables their first values. Here a
 * variable becomes one more tensor of the graph, which reads and assignments name as any other.
 */
import { Unsupported } from '../model/unsupported.ts';
import { ImportError } from './error.ts';
import {
  type Graph,
  type GraphOperator,
  type GraphTensor,
  type GraphVariable,
  producersOf,
  type Subgraph,
} from './graph.ts';
import { elements } from './shape.ts';

/** The opcodes that name variables. */
export const READ = 'READ_VARIABLE';
export const ASSIGN = 'ASSIGN_VARIABLE';

/**
 * The network of a file, which is its first subgraph, with a tensor for each variable. Throws ImportError where a
 * variable has no name.
 */
export function bindVariables(subgraphs: readonly Subgraph[]): Graph {
  const [main] = subgraphs;
  const names = namesOf(main);
  const initial = firstValues(main, subgraphs);
  const tensors = [...main.tensors];
  const variables: GraphVariable[] = [];
  const operators = main.operators.map((operator): GraphOperator => {
    if (operator.opcode !== READ && operator.opcode !== ASSIGN) return operator;
    const name = variableOf(operator, names);
    let variable = variables.find((known) => known.name === name);
    if (variable === undefined) {
      const index = tensors.length;
      const like = tensors[operator.opcode === READ ? operator.outputs[0] : (operator.inputs[1] ?? -1)];
      if (like === undefined) throw damaged(operator, 'has no tensor');
      const handle = main.operators.find(({ outputs }) => outputs.includes(operator.inputs[0]))!;
      variable = { tensor: index, name, handle, initial: initial.get(name) ?? null };
      variables.push(variable);
      tensors.push({ ...like, index, name, data: null, isVariable: true });
    }
    return { ...operator, inputs: [variable.tensor, ...operator.inputs.slice(1)] } as GraphOperator;
  });
  const bound = { ...main, tensors, operators };
  return { ...bound, variables, producers: producersOf(bound) };
}

/** The name behind each tensor that a VAR_HANDLE gives. */
function namesOf({ operators }: Subgraph): Map<number, string> {
  const names = new Map<number, string>();
  for (const operator of operators)
    if (operator.opcode === 'VAR_HANDLE') names.set(operator.outputs[0], (operator.options as { name: string }).name);
  return names;
}

function variableOf(operator: GraphOperator, names: ReadonlyMap<number, string>): string {
  const name = names.get(operator.inputs[0]);
  if (name === undefined) throw damaged(operator, 'names no variable of a VAR_HANDLE');
  return name;
}

function damaged({ index, opcode }: GraphOperator, what: string): ImportError {
  return new ImportError(`damaged .tflite: operator ${index} ${opcode} ${what}; export the model again`);
}

/** What every CALL_ONCE assigns, by the name of the variable. */
function firstValues(main: Subgraph, subgraphs: readonly Subgraph[]): Map<string, GraphTensor> {
  const values = new Map<string, GraphTensor>();
  for (const operator of main.operators) {
    if (operator.opcode !== 'CALL_ONCE') continue;
    const place = (operator.options as { subgraph: number }).subgraph;
    const called = subgraphs[place];
    if (called === undefined) throw damaged(operator, `calls subgraph ${place} of ${subgraphs.length}`);
    const other = called.operators.find(({ opcode }) => opcode !== 'VAR_HANDLE' && opcode !== ASSIGN);
    if (other !== undefined)
      throw new ImportError(
        `CALL_ONCE runs ${other.opcode}, expected ASSIGN_VARIABLE of constants alone; export the model without it`,
      );
    const names = namesOf(called);
    for (const assign of called.operators) {
      if (assign.opcode !== ASSIGN) continue;
      const value = called.tensors[assign.inputs[1] ?? -1];
      if (value === undefined) throw damaged(assign, 'has no value');
      values.set(variableOf(assign, names), value);
    }
  }
  return values;
}

/** What a state begins with throughout: what CALL_ONCE assigns, or the zero point. */
export function initialValue({ initial }: GraphVariable, zeroPoint: number): number {
  if (initial === null) return zeroPoint;
  const { type, data, shape } = initial;
  if (type !== 'INT8' || data === null || data.length !== elements(shape))
    throw new Unsupported(
      `begins with ${data?.length ?? 0} bytes of ${type} as [${shape}], expected a constant of INT8`,
    );
  const [first] = new Int8Array(data.buffer, data.byteOffset, data.length);
  if (data.some((byte) => byte !== data[0]))
    throw new Unsupported('begins with several values, expected one throughout');
  return first;
}

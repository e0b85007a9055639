/** A .tflite file to the model that `pack` writes, or the list of everything in it that stands in the way. */
import { MAX_OPERATORS } from '../../assembly/limits.ts';
import type { TableEncoding } from '../arithmetic/channels.ts';
import { type Lossless, packLossless } from '../image/lossless.ts';
import type { Model, Program } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import { ImageError } from '../records/view.ts';
import { removeDeadChannels } from '../transform/deadChannels.ts';
import { foldPadding } from '../transform/padding.ts';
import { foldWindows } from '../transform/windows.ts';
import { eachPicture } from './batches.ts';
import { Context } from './context.ts';
import { ImportError, type Refusal, refused } from './error.ts';
import { type Graph, type GraphOperator, readSubgraphs } from './graph.ts';
import { findPorts, liveOperators, type Port, type Ports, withInt8Ports } from './live.ts';
import { OPERATORS } from './operators.ts';
import { checkStatic } from './shape.ts';
import { bindVariables } from './variables.ts';
import { Views } from './views.ts';
import { checkTypes } from './whole.ts';

/** How a .tflite model is imported. */
export interface ImportOptions {
  /** leaves in what no output depends on, as for a comparison layer by layer; default: removeDeadChannels */
  keepDead?: boolean;
}

/** The model that pack() writes, and how it relates to the .tflite file. */
export interface Imported {
  model: Model;
  /** for every operator of the model, the one of the .tflite that it comes from */
  origins: { index: number; opcode: string }[];
  /** operators of the .tflite that need no operator of the model */
  folded: { index: number; opcode: string }[];
  inputs: Port[];
  outputs: Port[];
}

/**
 * Imports an INT8 model. Packed with exact tables (`tables: 'q31'`) it gives every byte that the reference kernels of
 * TensorFlow Lite Micro give. Throws ImportError, one line, when the file is damaged or needs something missing here;
 * unsupported operators are all named at once.
 */
export function importTflite(bytes: Uint8Array, name: string, options: ImportOptions = {}): Imported {
  return importGraph(bindVariables(readSubgraphs(bytes)), name, options);
}

/**
 * The same of a graph that is INT8, whatever it was read from: a .tflite file, or a float network that was quantised
 * here. `source` says so in the metadata.
 */
export function importGraph(
  file: Graph,
  name: string,
  { keepDead = false, source = 'tflite' }: ImportOptions & { source?: string } = {},
): Imported {
  const live = liveOperators(file);
  checkTypes(file, live);
  const ports = findPorts(file, live);
  const { graph, operators: kept } = eachPicture(
    withInt8Ports(file, live),
    live.filter((operator) => !ports.dropped.has(operator)),
  );
  const ends = ports.outputs.map(({ tensor }) => tensor);
  const views = new Views(graph, kept, ends);
  const remaining = kept.filter((operator) => !views.folded.has(operator));
  const lowering = lower(graph, views, ports, remaining, kept);
  const whole: Program = {
    name,
    tensors: lowering.tensors,
    operators: lowering.operators,
    inputs: ports.inputs.map(({ tensor }) => lowering.port(tensor)),
    outputs: ports.outputs.map(({ tensor }) => lowering.port(tensor)),
  };
  const windows = foldWindows(whole);
  const { operators, kept: left } = foldPadding({ ...whole, operators: windows.operators });
  const origins = left.map((operator) => lowering.origins[windows.kept[operator]]);
  const model: Model = {
    programs: [withoutUnused({ ...whole, operators })],
    sources: lowering.sources,
    generators: [],
    metadata: { name, source },
  };
  return {
    model: keepDead ? model : removeDeadChannels(model),
    origins: origins.map(identity),
    folded: graph.operators.filter((operator) => !origins.includes(operator)).map(identity),
    inputs: ports.inputs,
    outputs: ports.outputs,
  };
}

/**
 * The same, packed. 'q31' tables are exact; 'compact' ones take 4 bytes a channel in place of 9 and change the outputs.
 * Throws ImportError also when the model needs more RAM than an arena can have.
 */
export function importImage(
  bytes: Uint8Array,
  name: string,
  { tables, lossless, ...options }: ImportOptions & { tables?: TableEncoding; lossless?: Lossless } = {},
): Imported & { image: Uint8Array } {
  return packImported(importTflite(bytes, name, options), { tables, lossless });
}

/** An image of what was imported, with the errors of importImage. */
export function packImported(
  imported: Imported,
  { tables = 'q31', lossless }: { tables?: TableEncoding; lossless?: Lossless } = {},
): Imported & { image: Uint8Array } {
  try {
    return { ...imported, image: packLossless(imported.model, { tables }, lossless) };
  } catch (error) {
    if (error instanceof ImageError) throw new ImportError(`${error.message}; use smaller activations`);
    throw error;
  }
}

/** Without the tensors that nothing reads or writes any more. */
function withoutUnused(program: Program): Program {
  const { tensors, operators, inputs, outputs } = program;
  const ends = operators.flatMap((operator) => [
    operator.input,
    operator.output,
    ...('input2' in operator ? [operator.input2] : []),
  ]);
  const used = [...new Set([...ends, ...inputs, ...outputs])].toSorted((a, b) => a - b);
  if (used.length === tensors.length) return program;
  const place = new Map(used.map((tensor, i) => [tensor, i]));
  const at = (tensor: number) => place.get(tensor)!;
  return {
    ...program,
    tensors: used.map((tensor) => tensors[tensor]),
    operators: operators.map((operator) => ({
      ...operator,
      ...('input2' in operator ? { input2: at(operator.input2) } : {}),
      input: at(operator.input),
      output: at(operator.output),
    })),
    inputs: inputs.map(at),
    outputs: outputs.map(at),
  };
}

function identity({ index, opcode }: GraphOperator): { index: number; opcode: string } {
  return { index, opcode };
}

/** Lowers every operator, and only then throws with all that could not be. */
function lower(graph: Graph, views: Views, ports: Ports, operators: GraphOperator[], live: GraphOperator[]): Context {
  if (operators.length === 0)
    throw new ImportError('the model has no operator that computes anything; nothing to import');
  if (operators.length > MAX_OPERATORS)
    throw new ImportError(`the model has ${operators.length} operators, an image at most ${MAX_OPERATORS}; split it`);
  const lowering = new Context(graph, views);
  const refusals: Refusal[] = [];
  const attempt = (what: string, layer: Refusal['layer'], work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      refusals.push({ what, layer, reason: error.message });
    }
  };
  ports.inputs.forEach(({ tensor }, i) => {
    attempt(`input ${i}`, undefined, () => {
      checkStatic(graph.tensors[graph.inputs[i]]);
      lowering.port(tensor);
    });
    lowering.write(tensor);
  });
  for (const variable of graph.variables) {
    if (!live.some(({ inputs }) => inputs.includes(variable.tensor))) continue;
    const { index } = variable.handle;
    attempt('VAR_HANDLE', { index, name: variable.name }, () => lowering.state(variable));
    lowering.write(variable.tensor);
  }
  for (const operator of operators) {
    const layer = { index: operator.index, name: graph.tensors[operator.outputs[0]]?.name ?? '' };
    attempt(operator.opcode, layer, () => lowerOperator(operator, lowering));
    // or every reader of a refused one would be named too
    for (const output of operator.outputs) lowering.write(output);
  }
  ports.outputs.forEach(({ tensor }, i) => {
    attempt(`output ${i}`, undefined, () => lowering.port(tensor));
  });
  if (refusals.length > 0) throw refused(refusals);
  if (lowering.operators.length > MAX_OPERATORS)
    throw new ImportError(
      `the model becomes ${lowering.operators.length} operators, an image has at most ${MAX_OPERATORS}; split it`,
    );
  return lowering;
}

function lowerOperator(operator: GraphOperator, lowering: Context): void {
  if (!Object.hasOwn(OPERATORS, operator.opcode)) throw new Unsupported('no such operator here');
  const entry = OPERATORS[operator.opcode];
  if (entry.lower === null) throw new Unsupported(`only ${entry.note}`);
  entry.lower(operator as never, lowering);
}

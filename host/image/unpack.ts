/**
 * Flash image to integer model: the inverse of pack, for what an image holds. Names and the scales of tensors that are
 * neither inputs nor outputs are not in it: names are made up, scales chosen so that pack finds the same parameters.
 * Scales of inputs and outputs are in it as f32, which those of TensorFlow Lite are.
 */
import * as F from '../../assembly/format.ts';
import type { TableEncoding } from '../arithmetic/channels.ts';
import type {
  Generator,
  Metadata,
  Model,
  Operator,
  Program,
  StoredSource,
  Tensor,
  WeightedOperator,
} from '../model/model.ts';
import type { Decoding, OperatorRecord } from '../operators/operator.ts';
import { kindOf, OPERATOR_NAMES } from '../operators/registry.ts';
import type { Scales } from '../operators/scales.ts';
import { nameAt } from '../records/names.ts';
import type { ImageView, OperatorView, ProgramView } from '../records/view.ts';
import { generatorKind, materialize, sourceKind } from '../sources/registry.ts';

/** A model from an image, and what pack() must be told to make the same image of it again. */
export interface Unpacked {
  model: Model;
  /** the encoding that each operator's table had, for pack */
  tables: (operator: WeightedOperator) => TableEncoding;
  /** which sources were coded without loss, for pack */
  lossless: (source: StoredSource) => boolean;
  /** whether operators had a table together, for pack */
  shareTables?: boolean;
}

/** Tables that are not exact. */
const ENCODINGS: ReadonlyMap<number, TableEncoding> = new Map([
  [F.TABLE_COMPACT, 'compact'],
  [F.TABLE_SHORT, 'short'],
]);

/** Of an image that `open` has proved. Throws ImageError for scales of additions that contradict each other. */
export function unpack(image: ImageView): Unpacked {
  return unpackFor(image, generatorsOf(image));
}

/** Generators of an image, in their order. */
export const generatorsOf = (image: ImageView): Generator[] =>
  image.generators.map((view) => generatorKind(view).unpack(image, view));

/** The same of an image whose sources are made from these generators, be they its own or those of another. */
export function unpackFor(image: ImageView, generators: readonly Generator[]): Unpacked {
  const sources = image.sources.map((view) => sourceKind(view).unpack(image, view, generators));
  const materialized = sources.map((source) => materialize(source, generators));
  const encodings = new Map<Operator, TableEncoding>();
  const programs = image.programs.map((view, p) => {
    const program = programOf(image, view, p, materialized);
    program.operators.forEach((operator, o) => {
      encodings.set(operator, ENCODINGS.get(view.operators[o].encoding) ?? 'q31');
    });
    return program;
  });
  return {
    model: { programs, sources, generators: [...generators], metadata: image.metadata() as Metadata },
    tables: (operator) => encodings.get(operator) ?? 'compact',
    lossless: (source) => image.sources[sources.indexOf(source)]?.encoding === F.ENCODING_RICE,
    shareTables: sharesTables(image),
  };
}

/** Whether two operators of an image have the same table or parameters, at one place. */
function sharesTables({ programs }: ImageView): boolean {
  const tables = programs.flatMap(({ operators }) => operators.map(({ table }) => table));
  const own = tables.filter((table) => table !== F.NO_TABLE);
  return new Set(own).size < own.length;
}

function programOf(image: ImageView, view: ProgramView, index: number, materialized: Int8Array[]): Program {
  const scales = scalesOf(image, view);
  const tensors = view.tensors.map(
    ({ height, width, channels, type, zeroPoint }, t): Tensor => ({
      name: `tensor ${t}`,
      shape: [height, width, channels],
      type: type === F.TYPE_I16 ? 'i16' : 'i8',
      scale: scales[t] ?? 1,
      zeroPoint,
    }),
  );
  return {
    name: nameAt(image.metadata(), index),
    tensors,
    operators: view.operators.map((operator, o) =>
      operatorOf({ ...recordOf(image, view, operator), tensors, materialized }, o),
    ),
    inputs: view.inputs.map(({ tensor }) => tensor),
    outputs: view.outputs.map(({ tensor }) => tensor),
  };
}

function recordOf(image: ImageView, program: ProgramView, view: OperatorView): OperatorRecord {
  const at = image.section(F.SECTION_TABLES).offset + view.table;
  return { image, program, view, parameter: (i) => image.i32(at + 4 * i) };
}

/** Per tensor, or undefined where nothing depends on it. */
function scalesOf(image: ImageView, view: ProgramView): Scales {
  const scales: Scales = new Array(view.tensors.length);
  for (const { tensor, scale } of [...view.inputs, ...view.outputs]) scales[tensor] = scale;
  const ties: Tie[] = [];
  for (const operator of view.operators) {
    const kind = kindOf(operator);
    const record = recordOf(image, view, operator);
    if ('outputScale' in kind && kind.outputScale) scales[operator.output] ??= kind.outputScale(record);
    if ('tie' in kind && kind.tie) ties.push(kind.tie.bind(kind, record));
  }
  // those that an operator ties to a known one, until no operator says anything new; what is left begins with 1
  const known = () => scales.filter((scale) => scale !== undefined).length;
  const spread = () => {
    for (let before = -1; before !== known(); ) {
      before = known();
      for (const tie of ties) tie(scales, false);
    }
  };
  spread();
  for (const tie of ties) {
    tie(scales, true);
    spread();
  }
  return scales;
}

type Tie = (scales: Scales, start: boolean) => void;

function operatorOf(record: Decoding, index: number): Operator {
  const { view } = record;
  const kind = kindOf(view);
  const name = OPERATOR_NAMES[view.kind];
  const common = { kind: name, name: `${name} ${index}`, input: view.input, output: view.output };
  return { ...common, ...kind.decode(record) } as Operator;
}

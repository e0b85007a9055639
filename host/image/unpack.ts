/**
 * Flash image to integer model: the inverse of pack, for what an image holds. Names and the scales of tensors that are
 * neither inputs nor outputs are not in it: names are made up, scales chosen so that pack finds the same parameters.
 * Scales of inputs and outputs are in it as f32, which those of TensorFlow Lite are.
 */
import * as F from '../../assembly/format.ts';
import { rowSums, type TableEncoding, tapSums } from '../arithmetic/channels.ts';
import { decodeBias, decodeScale } from '../arithmetic/compact.ts';
import { realOf } from '../arithmetic/fixed.ts';
import type {
  Copy,
  Metadata,
  Model,
  Operator,
  Program,
  Standardize,
  StoredSource,
  Tensor,
  WeightedOperator,
} from '../model/model.ts';
import { generatorKind, materialize, sourceKind } from '../sources/registry.ts';
import {
  ImageError,
  type ImageView,
  OPERATOR_NAMES,
  type OperatorView,
  type ProgramView,
  RESIDENCY_NAMES,
} from './view.ts';

export interface Unpacked {
  model: Model;
  /** the encoding that each operator's table had, for pack */
  tables: (operator: WeightedOperator) => TableEncoding;
  /** which sources were coded without loss, for pack */
  lossless: (source: StoredSource) => boolean;
}

/** Of an image that `open` has proved. Throws ImageError for scales of additions that contradict each other. */
export function unpack(image: ImageView): Unpacked {
  const generators = image.generators.map((view) => generatorKind(view).unpack(image, view));
  const sources = image.sources.map((view) => sourceKind(view).unpack(image, view, generators));
  const materialized = sources.map((source) => materialize(source, generators));
  const encodings = new Map<Operator, TableEncoding>();
  const programs = image.programs.map((view, p) => {
    const program = programOf(image, view, p, materialized);
    program.operators.forEach((operator, o) => {
      encodings.set(operator, view.operators[o].encoding === F.TABLE_COMPACT ? 'compact' : 'q31');
    });
    return program;
  });
  return {
    model: { programs, sources, generators, metadata: image.metadata() as Metadata },
    tables: (operator) => encodings.get(operator) ?? 'compact',
    lossless: (source) => image.sources[sources.indexOf(source)]?.encoding === F.ENCODING_RICE,
  };
}

function programOf(image: ImageView, view: ProgramView, index: number, materialized: Int8Array[]): Program {
  const name = image.metadata().name;
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
    name: index === 0 && typeof name === 'string' ? name : `program ${index}`,
    tensors,
    operators: view.operators.map((operator, o) => operatorOf(image, operator, o, tensors, materialized)),
    inputs: view.inputs.map(({ tensor }) => tensor),
    outputs: view.outputs.map(({ tensor }) => tensor),
  };
}

function parametersOf(image: ImageView, { table }: OperatorView): (i: number) => number {
  const at = image.section(F.SECTION_TABLES).offset + table;
  return (i) => image.i32(at + 4 * i);
}

/** Per tensor, or undefined where nothing depends on it. */
function scalesOf(image: ImageView, view: ProgramView): (number | undefined)[] {
  const scales = new Array<number | undefined>(view.tensors.length);
  for (const { tensor, scale } of [...view.inputs, ...view.outputs]) scales[tensor] = scale;
  for (const { kind, output, table } of view.operators) {
    if (kind === F.STANDARDIZE) scales[output] ??= 256 / image.i32(image.section(F.SECTION_TABLES).offset + table);
  }
  // those that an operator ties to a known one, until no operator says anything new; what is left begins with 1
  const ties = view.operators.filter(({ kind }) => [F.ADD, F.MULTIPLY, F.MEAN].includes(kind));
  const known = () => scales.filter((scale) => scale !== undefined).length;
  const spread = () => {
    for (let before = -1; before !== known(); ) {
      before = known();
      for (const operator of ties) tie(image, view, operator, scales, false);
    }
  };
  spread();
  for (const operator of ties) {
    tie(image, view, operator, scales, true);
    spread();
  }
  return scales;
}

type Scales = (number | undefined)[];

/** What an operator says about the scales of its tensors; with `start`, although none of them is known. */
function tie(image: ImageView, view: ProgramView, operator: OperatorView, scales: Scales, start: boolean): void {
  if (operator.kind === F.ADD) {
    tieScales(image, operator, scales, start);
    return;
  }
  const inputs = operator.kind === F.MULTIPLY ? [operator.input, operator.input2] : [operator.input];
  if (start) for (const tensor of inputs) scales[tensor] ??= 1;
  const factor = operator.kind === F.MULTIPLY ? productFactor(image, operator) : meanQuotient(image, view, operator);
  const product = inputs.reduce((total, tensor) => total * (scales[tensor] ?? Number.NaN), 1);
  if (!Number.isNaN(product)) scales[operator.output] ??= product / Math.max(factor, NO_FACTOR);
}

function productFactor(image: ImageView, operator: OperatorView): number {
  const parameter = parametersOf(image, operator);
  return realOf({ multiplier: parameter(0), shift: parameter(1) });
}

/** Scale of the input over that of the output: the least of which meanFactor makes this multiplier. */
function meanQuotient(image: ImageView, view: ProgramView, operator: OperatorView): number {
  const { height, width } = view.tensors[operator.input];
  const parameter = parametersOf(image, operator);
  const [multiplier, count] = [BigInt(parameter(0)), BigInt(height * width)];
  const bits = BigInt(Math.floor(Math.log2(height * width)));
  const scaled = (multiplier * count + (1n << bits) - 1n) >> bits;
  return realOf({ multiplier: Number(scaled), shift: parameter(1) + Number(bits) });
}

const NO_FACTOR = 2 ** -40; // what quantizeMultiplier takes to 0

/** Scales of an addition from one that is known; with `start`, from 1 when none is. */
function tieScales(image: ImageView, operator: OperatorView, scales: Scales, start: boolean): void {
  const parameter = parametersOf(image, operator);
  const [factor1, factor2, factorOut] = [0, 2, 4].map((i) =>
    realOf({ multiplier: parameter(i), shift: parameter(i + 1) }),
  );
  // of the common scale 2 max(scale1, scale2)
  const ratios: [tensor: number, ratio: number][] = [
    [operator.input, factor1],
    [operator.input2, factor2],
    [operator.output, 2 ** -20 / Math.max(factorOut, NO_FACTOR)],
  ];
  const known = ratios.find(([tensor]) => scales[tensor] !== undefined);
  if (!known && !start) return;
  const common = known ? scales[known[0]]! / known[1] : 1;
  for (const [tensor, ratio] of ratios) {
    scales[tensor] ??= common * ratio;
    const off = Math.abs(scales[tensor]! / (common * ratio) - 1) > 2 ** -22;
    if (off && ratio < 2 ** -20 / NO_FACTOR)
      throw new ImageError(`operator at offset ${operator.at}: addition contradicts the scale of tensor ${tensor}`);
  }
}

function operatorOf(
  image: ImageView,
  view: OperatorView,
  index: number,
  tensors: Tensor[],
  materialized: Int8Array[],
): Operator {
  const kind = OPERATOR_NAMES[view.kind] as Operator['kind'];
  const base = { name: `${kind} ${index}`, input: view.input, output: view.output };
  const { kernel, stride, pad, activation } = view;
  const parameter = parametersOf(image, view);
  switch (kind) {
    case 'convolution':
      return { kind, ...base, kernel, stride, pad, ...weightedOf(image, view, tensors, materialized) };
    case 'depthwise':
      return {
        kind,
        ...base,
        kernel,
        stride,
        pad,
        multiplier: image.u8(view.at + F.OPERATOR_MULTIPLIER_AT),
        ...weightedOf(image, view, tensors, materialized),
      };
    case 'pointwise':
    case 'fullyConnected':
      return { kind, ...base, ...weightedOf(image, view, tensors, materialized) };
    case 'averagePool':
    case 'maxPool':
      return { kind, ...base, kernel, stride, pad, activation };
    case 'add':
      return { kind, ...base, input2: view.input2, activation };
    case 'softmax': {
      const factor = realOf({ multiplier: parameter(0), shift: parameter(1) });
      return { kind, ...base, beta: factor / 2 ** 26 / tensors[view.input].scale };
    }
    case 'argmax':
      return { kind, ...base };
    case 'standardize':
      return { kind, ...base, ...standardizeOf(parameter, tensors[view.input]) };
    case 'lookup': {
      const at = image.section(F.SECTION_TABLES).offset + view.table;
      return { kind, ...base, table: Int8Array.from({ length: 256 }, (_, i) => image.i8(at + i)) };
    }
    case 'copy':
      return { kind, ...base, ...copyOf(parameter) };
    case 'multiply':
      return { kind, ...base, input2: view.input2, activation };
    case 'mean':
      return { kind, ...base };
  }
}

function copyOf(parameter: (i: number) => number): Omit<Copy, 'kind' | 'name' | 'input' | 'output'> {
  const three = (at: number) => [0, 1, 2].map((i) => parameter(at / 4 + i)) as [number, number, number];
  return {
    count: three(F.COPY_COUNT_AT),
    inputStep: three(F.COPY_INPUT_STEP_AT),
    outputStep: three(F.COPY_OUTPUT_STEP_AT),
    run: parameter(F.COPY_RUN_AT / 4),
    inputOffset: parameter(F.COPY_INPUT_OFFSET_AT / 4),
    outputOffset: parameter(F.COPY_OUTPUT_OFFSET_AT / 4),
    fill: parameter(F.COPY_FILL_AT / 4) !== 0,
  };
}

function standardizeOf(parameter: (i: number) => number, input: Tensor): Pick<Standardize, 'floor' | 'marker'> {
  const [, floor, centre, peak, slope] = Array.from({ length: F.STANDARDIZE_PARAMETERS }, (_, i) => parameter(i));
  const n = input.shape[0] * input.shape[1];
  return { floor: floor / (Math.sqrt(n) * 2 ** 6), marker: peak > 0 ? { centre, peak, slope } : null };
}

function weightedOf(image: ImageView, view: OperatorView, tensors: Tensor[], materialized: Int8Array[]) {
  const channels = tensors[view.output].shape[2];
  const { bias: folded, effectiveScale } = tableOf(image, view, channels);
  const weights = materialized[view.source];
  const sums = view.kind === F.DEPTHWISE ? tapSums(weights, channels) : rowSums(weights, channels);
  const { zeroPoint } = tensors[view.input];
  return {
    source: view.source,
    residency: RESIDENCY_NAMES[view.residency],
    bias: folded.map((value, c) => value + zeroPoint * sums[c]),
    effectiveScale,
    activation: view.activation,
  };
}

function tableOf(image: ImageView, view: OperatorView, channels: number) {
  const at = image.section(F.SECTION_TABLES).offset + view.table;
  const each = <T>(read: (c: number) => T): T[] => Array.from({ length: channels }, (_, c) => read(c));
  if (view.encoding === F.TABLE_COMPACT) {
    const exponent = image.i8(view.at + F.OPERATOR_EXPONENT_AT);
    const biasShift = image.u8(view.at + F.OPERATOR_BIAS_SHIFT_AT);
    return {
      bias: decodeBias({ biasShift, values: Int16Array.from(each((c) => image.u16(at + 4 * c + 2))) }),
      effectiveScale: Float64Array.from(each((c) => realOf(decodeScale(image.u16(at + 4 * c), exponent)))),
    };
  }
  if (view.encoding === F.TABLE_UNIFORM) {
    const factor = realOf({ multiplier: image.i32(at), shift: image.i32(at + 4) });
    return {
      bias: Int32Array.from(each((c) => image.i32(at + F.UNIFORM_HEADER_BYTES + 4 * c))),
      effectiveScale: Float64Array.from(each(() => factor)),
    };
  }
  return {
    bias: Int32Array.from(each((c) => image.i32(at + 4 * c))),
    effectiveScale: Float64Array.from(
      each((c) => realOf({ multiplier: image.i32(at + 4 * (channels + c)), shift: image.i8(at + 8 * channels + c) })),
    ),
  };
}

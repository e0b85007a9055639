/** Every kind of operator; the compiler lists those that are missing. */

import type { Operator, OperatorKinds, WeightedOperator } from '../model/model.ts';
import { ImageError, type OperatorView } from '../records/view.ts';
import { addOperator, signedAddOperator } from './add.ts';
import { argmaxOperator } from './argmax.ts';
import { averagePoolOperator } from './averagePool.ts';
import { convolutionOperator } from './convolution.ts';
import { copyOperator } from './copy.ts';
import { depthwiseOperator } from './depthwise.ts';
import { maximumOperator, minimumOperator } from './extremum.ts';
import { fullyConnectedOperator } from './fullyConnected.ts';
import { logMelOperator } from './logMel.ts';
import { lookupOperator } from './lookup.ts';
import type { ImportRule } from './lowering.ts';
import { lstmOperator } from './lstm.ts';
import { maxPoolOperator } from './maxPool.ts';
import { meanOperator } from './mean.ts';
import { multiplyOperator } from './multiply.ts';
import type { CommonKind, OperatorKind, PlainKind, PlainOperator, WeightedKind } from './operator.ts';
import { pointwiseOperator } from './pointwise.ts';
import { resizeOperator } from './resize.ts';
import { routeOperator } from './route.ts';
import { softmaxOperator } from './softmax.ts';
import { standardizeOperator } from './standardize.ts';
import { stateOperator } from './state.ts';
import { svdfOperator } from './svdf.ts';

// for hypertinypw/model: in declarations, only what is exported again brings along what a file declares into the model
export type { Add, SignedAdd } from './add.ts';
export type { Argmax } from './argmax.ts';
export type { Binary } from './binary.ts';
export type { Copy } from './copy.ts';
export type { Extremum } from './extremum.ts';
export type { LogMel, LogMelTables } from './logMel.ts';
export type { Lookup } from './lookup.ts';
export type { Lstm } from './lstm.ts';
export type { Mean } from './mean.ts';
export type { Multiply } from './multiply.ts';
export type { Pool } from './pool.ts';
export type { Origin, Resize } from './resize.ts';
export type { Route } from './route.ts';
export type { Softmax } from './softmax.ts';
export type { Standardize } from './standardize.ts';
export type { State } from './state.ts';
export type { Svdf } from './svdf.ts';

export const OPERATORS: { [K in keyof OperatorKinds]: OperatorKind<OperatorKinds[K]> } = {
  convolution: convolutionOperator,
  depthwise: depthwiseOperator,
  pointwise: pointwiseOperator,
  fullyConnected: fullyConnectedOperator,
  averagePool: averagePoolOperator,
  maxPool: maxPoolOperator,
  add: addOperator,
  softmax: softmaxOperator,
  argmax: argmaxOperator,
  standardize: standardizeOperator,
  logMel: logMelOperator,
  lookup: lookupOperator,
  multiply: multiplyOperator,
  mean: meanOperator,
  copy: copyOperator,
  signedAdd: signedAddOperator,
  minimum: minimumOperator,
  maximum: maximumOperator,
  route: routeOperator,
  resize: resizeOperator,
  state: stateOperator,
  svdf: svdfOperator,
  lstm: lstmOperator,
};

/** What is known of any operator. */
export function commonKind(operator: Operator): CommonKind<Operator> {
  return OPERATORS[operator.kind];
}

/** What is known of an operator with weights. */
export function weightedKind(operator: WeightedOperator): WeightedKind<WeightedOperator> {
  return OPERATORS[operator.kind];
}

/** What is known of an operator without. */
export function plainKind(operator: PlainOperator): PlainKind<PlainOperator> {
  return OPERATORS[operator.kind];
}

/** The tensor that an operator of an image keeps from one inference to the next; null for most. */
export function keptBy(operator: OperatorView): number | null {
  const kind = kindOf(operator);
  return 'keeps' in kind && kind.keeps ? kind.keeps(operator) : null;
}

/** The rules for operators of .tflite files, by their names there. */
export const IMPORT_RULES: Readonly<Record<string, ImportRule>> = Object.assign(
  {},
  ...Object.values(OPERATORS).map((kind) => ('imports' in kind ? kind.imports : {})),
);

/** The kind of an operator by its code in an image. */
export const OPERATOR_NAMES: Readonly<Record<number, Operator['kind']>> = Object.fromEntries(
  Object.entries(OPERATORS).map(([name, { code }]) => [code, name as Operator['kind']]),
);

/** What is known of an operator in an image; throws ImageError for a code that none has. */
export function kindOf({
  at,
  kind,
}: {
  at: number;
  kind: number;
}): PlainKind<PlainOperator> | WeightedKind<WeightedOperator> {
  const name = OPERATOR_NAMES[kind];
  if (name === undefined) throw new ImageError(`operator at offset ${at}: no kind has the code ${kind}`);
  return OPERATORS[name];
}

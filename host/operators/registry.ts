/** Every kind of operator; the compiler lists those that are missing. */

import type { Operator, WeightedOperator } from '../model/model.ts';
import { ImageError } from '../records/view.ts';
import { addOperator } from './add.ts';
import { argmaxOperator } from './argmax.ts';
import { averagePoolOperator } from './averagePool.ts';
import { convolutionOperator } from './convolution.ts';
import { copyOperator } from './copy.ts';
import { depthwiseOperator } from './depthwise.ts';
import { fullyConnectedOperator } from './fullyConnected.ts';
import { lookupOperator } from './lookup.ts';
import { maxPoolOperator } from './maxPool.ts';
import { meanOperator } from './mean.ts';
import { multiplyOperator } from './multiply.ts';
import type { CommonKind, OperatorKind, PlainKind, PlainOperator, WeightedKind } from './operator.ts';
import { pointwiseOperator } from './pointwise.ts';
import { softmaxOperator } from './softmax.ts';
import { standardizeOperator } from './standardize.ts';

/** The operators of a kind; a pool is of either of two. */
type OperatorOf<K extends Operator['kind'], O extends Operator = Operator> = O extends Operator
  ? K extends O['kind']
    ? O
    : never
  : never;

export const OPERATORS: { [K in Operator['kind']]: OperatorKind<OperatorOf<K>> } = {
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
  lookup: lookupOperator,
  multiply: multiplyOperator,
  mean: meanOperator,
  copy: copyOperator,
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

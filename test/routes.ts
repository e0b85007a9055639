/**
 * Programs with branches: a selector picks one of N classifiers, each of which reads features of the selector as well as
 * the input, as in DiTMoS (Ma et al. 2024).
 */
import type { Encoding, Model, Operator, Residency, Window } from '../host/model/model.ts';
import type { Route } from '../host/operators/route.ts';
import { basis, fromBasis } from './sources/basis.ts';
import { ModelBuilder } from './zoo.ts';

const HALVING: Window = { kernel: [1, 5], stride: [1, 2], pad: [0, 2] };
const CLASSES = 5;

export interface RoutedOptions {
  /** of all layers */
  residency?: Residency;
  /** int8: stored ones that are read in flash, in place of all kinds of weights */
  weights?: 'int8' | 'mixed';
  /** of its branches: whether the program is given them, as a second input, or computes them */
  scores?: 'given' | 'computed';
}

/** Branch i has i mod 3 layers more than branch 0, so that no two neighbours need the same. */
export function routed(
  seed: number,
  branches: number,
  { residency, weights = 'mixed', scores = 'computed' }: RoutedOptions = {},
): Model {
  const b = new ModelBuilder(seed, [1, 40, 3]);
  const [first, second] = [b.convolution(8, HALVING).newest, b.convolution(6, HALVING).newest];
  const selected = scores === 'given' ? b.tensor('scores', [1, 1, branches]) : null;
  if (selected === null) b.mean().fullyConnected(branches).softmax();
  const stored = (encoding: Encoding) => (weights === 'int8' ? 'int8' : encoding);
  const shared = basis(b, 24, 16, 'int2', b.mlp(4, 12, 2, 'int8'));
  b.route(
    Array.from({ length: branches }, (_, i) => () => {
      b.from(0).convolution(4 + 2 * i, HALVING);
      b.from(null)
        .concatenate([b.newest, first], 2)
        .pointwise(16, stored(b.pick(['int4', 'ternary'])));
      for (let more = i % 3; more > 0; more--)
        b.pointwise(16, weights === 'int8' ? 'int8' : fromBasis(b, shared, 16, 16, 8));
      b.convolution(6, HALVING).concatenate([b.newest, second], 2).mean().fullyConnected(CLASSES);
    }),
  );
  const model = b.softmax().build();
  const [program] = model.programs;
  if (selected !== null) program.inputs = [0, selected];
  for (const operator of program.operators) {
    if (!('residency' in operator) || residency === undefined) continue;
    operator.residency = residency;
  }
  return model;
}

/** Where branch `branch` of the first route lies: its operators are [first, last). */
export function branchAt(
  operators: readonly Operator[],
  branch: number,
): { route: number; first: number; last: number } {
  const route = operators.findIndex(({ kind }) => kind === 'route');
  const { branches } = operators[route] as Route;
  const first = branches.slice(0, branch).reduce((at, count) => at + count, route + 1);
  return { route, first, last: first + branches[branch] };
}

/** The same program in a straight line: the first route picks as ARGMAX does, and one branch is all that is left. */
export function straight(model: Model, branch: number): Model {
  const [program] = model.programs;
  const { operators } = program;
  const { route, first, last } = branchAt(operators, branch);
  const { branches, input, output, name } = operators[route] as Route;
  const end = branches.reduce((at, count) => at + count, route + 1);
  const kept: Operator[] = [
    ...operators.slice(0, route),
    { kind: 'argmax', name, input, output },
    ...operators.slice(first, last),
    ...operators.slice(end),
  ];
  return { ...model, programs: [{ ...program, operators: kept }] };
}

/** Scores of which one is the largest. */
export function scoresFor(branch: number, branches: number): Uint8Array {
  return new Uint8Array(
    Int8Array.from({ length: branches }, (_, b) => (b === branch ? 9 : b % 2 === 0 ? -3 : 8)).buffer,
  );
}

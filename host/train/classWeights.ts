/** How much a window of each class counts in the loss. */

import * as json from '../system/json.ts';

const RULES = {
  /** between the other two, as classes are drawn more evenly than they occur already */
  root: (count: number) => 1 / Math.sqrt(count),
  /** every class counts the same in an epoch */
  balanced: (count: number) => 1 / count,
  /** every window counts the same */
  equal: () => 1,
} as const satisfies Record<string, (count: number) => number>;

/** The name of a rule over the windows of each class in an epoch, or a weight for every class that has some. */
export type ClassWeights = keyof typeof RULES | Record<string, number>;

const NAMES = Object.keys(RULES) as (keyof typeof RULES)[];

/** For a configuration of such classes. */
export function classWeightsFor(classNames: readonly string[]): json.Schema<ClassWeights> {
  const perClass = json.fields(Object.fromEntries(classNames.map((name) => [name, json.optional(json.quantity)])));
  return json.ofText(
    json.oneOf(NAMES) as json.Schema<ClassWeights>,
    perClass as unknown as json.Schema<ClassWeights>,
    `one of ${NAMES.join(', ')}, or a weight for each class`,
  );
}

/** A class that an epoch has windows of, and that has no weight. */
export const unweighted = (weights: ClassWeights, perClass: Record<string, number>): string | undefined =>
  typeof weights === 'string'
    ? undefined
    : Object.keys(perClass).find((name) => perClass[name]! > 0 && weights[name] === undefined);

/** Of each class, scaled so that the mean over the windows of an epoch is 1. */
export function weightsOf(
  weights: ClassWeights,
  classNames: readonly string[],
  perClass: Record<string, number>,
): number[] {
  const counts = classNames.map((name) => perClass[name] ?? 0);
  const raw = counts.map((count, c) => {
    if (count === 0) return 0;
    return typeof weights === 'string' ? RULES[weights](count) : weights[classNames[c]!]!;
  });
  const total = counts.reduce((sum, count) => sum + count, 0);
  const weighted = counts.reduce((sum, count, c) => sum + count * raw[c]!, 0);
  return raw.map((weight) => (weight * total) / weighted);
}

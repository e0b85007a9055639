/** A program with several of its stretches of operators in strips, those of alike branches at once. */
import type { Program } from '../model/model.ts';
import type { Route } from '../operators/registry.ts';
import { branchesIn, type Cut, cut, type Region } from './cut.ts';
import { counted } from './early.ts';
import { readsOf } from './stretch.ts';

/** Regions do not overlap. Throws Unsupported for one that cannot be cut. */
export function cutAll(program: Program, regions: readonly Region[]): Cut {
  const branches = branchesIn(program);
  let all: Cut = { program, origins: program.operators.map((_, o) => o) };
  for (const region of regions.toSorted((a, b) => b.first - a.first)) {
    const { program: after, origins } = cut(all.program, region);
    const made = origins.map((o) => ({ origin: all.origins[o] }));
    all = {
      program: { ...after, operators: counted(after.operators, made, branches) },
      origins: made.map(({ origin }) => origin),
    };
  }
  return all;
}

/** Where the branches of the one route of a program begin and end; none for a program without, or with several. */
export function branchesOfRoute({ operators }: Program): { first: number; last: number }[] {
  const routes = operators.filter((operator): operator is Route => operator.kind === 'route');
  if (routes.length !== 1) return [];
  let end = operators.indexOf(routes[0]);
  return routes[0].branches.map((count) => {
    const first = end + 1;
    end += count;
    return { first, last: end };
  });
}

/** Whether branches differ in nothing but weights, so that what is done to one can be done to all. */
export function areAlike(
  { tensors, operators }: Program,
  branches: readonly { first: number; last: number }[],
): boolean {
  const described = branches.map(({ first, last }) => {
    // tensors from outside by their numbers, the own ones by their order
    const own = new Map<number, string>();
    const nameOf = (tensor: number): string => own.get(tensor) ?? `${tensor}`;
    return operators.slice(first, last + 1).map((operator) => {
      const { name, input, output, ...others } = operator;
      const reads = readsOf(operator).map(nameOf);
      if (!own.has(output)) own.set(output, `own ${own.size}`);
      const { kernel, stride, pad, count, run, inputOffset, outputOffset, residency } = others as Partial<
        Record<string, unknown>
      >;
      const { shape } = tensors[output];
      return JSON.stringify({
        kind: operator.kind,
        reads,
        output: nameOf(output),
        shape,
        kernel,
        stride,
        pad,
        count,
        run,
        inputOffset,
        outputOffset,
        residency,
      });
    });
  });
  return described.every((one) => one.join() === described[0].join());
}

/** The program as an inference runs it that takes the first branch; `numbers` has the places of its operators. */
export function firstLine(
  program: Program,
  branches: readonly { first: number; last: number }[],
): { program: Program; numbers: number[] } {
  const others = branches.slice(1);
  const numbers = program.operators
    .map((_, o) => o)
    .filter((o) => program.operators[o].kind !== 'route' && !others.some(({ first, last }) => first <= o && o <= last));
  return { program: { ...program, operators: numbers.map((o) => program.operators[o]) }, numbers };
}

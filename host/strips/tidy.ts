/** What a rewritten program and model no longer need, left out. */
import type { Model, Operator, Program } from '../model/model.ts';
import { readsOf } from './stretch.ts';

/** Tensors that something touches, numbered anew in their order; `moved` gives a changed operator its former one. */
export function withoutUnused(program: Program): Program {
  const used = new Set([...program.inputs, ...program.outputs]);
  for (const operator of program.operators)
    for (const tensor of [...readsOf(operator), operator.output]) used.add(tensor);
  const kept = program.tensors.flatMap((_, tensor) => (used.has(tensor) ? [tensor] : []));
  const number = new Map(kept.map((tensor, i) => [tensor, i]));
  const to = (tensor: number): number => number.get(tensor)!;
  return {
    ...program,
    tensors: kept.map((tensor) => program.tensors[tensor]),
    inputs: program.inputs.map(to),
    outputs: program.outputs.map(to),
    operators: program.operators.map((operator): Operator => {
      const renumbered = { ...operator, input: to(operator.input), output: to(operator.output) };
      if ('input2' in renumbered) renumbered.input2 = to(renumbered.input2);
      return renumbered;
    }),
  };
}

/** A model without the sources that no operator has, and the places of those that are left. */
export function withoutUnusedSources(model: Model): { model: Model; kept: number[] } {
  const used = new Set(
    model.programs.flatMap(({ operators }) => operators.flatMap((o) => ('source' in o ? [o.source] : []))),
  );
  const kept = model.sources.flatMap((_, source) => (used.has(source) ? [source] : []));
  const number = new Map(kept.map((source, i) => [source, i]));
  const programs = model.programs.map((program) => ({
    ...program,
    operators: program.operators.map((o): Operator => ('source' in o ? { ...o, source: number.get(o.source)! } : o)),
  }));
  return { model: { ...model, programs, sources: kept.map((source) => model.sources[source]) }, kept };
}

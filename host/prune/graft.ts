/** A trunk with an auxiliary network behind it as one integer model, and the trunk alone. What neither uses is dropped. */
import type { Model, Operator, Program, Tensor, WeightedOperator } from '../model/model.ts';
import { type Cut, inputsOf, onlyProgram } from './cuts.ts';

/** A part of a model, and the operator of the whole that each of its operators comes from. */
export interface Part {
  model: Model;
  origins: Map<Operator, Operator>;
}

/** The operators in front of a cut; the output is what they hand over. */
export function trunkOf(model: Model, cut: Cut): Part {
  const program = onlyProgram(model);
  const operators = program.operators.slice(0, cut.operator + 1);
  return compacted(model, { ...program, operators, outputs: [cut.tensor] });
}

/**
 * The trunk, an auxiliary model whose input is what that hands over, and what the whole does with its logits: a softmax
 * or argmax at its end stands at the end again. Metadata are those of the whole.
 */
export function grafted(model: Model, cut: Cut, auxiliary: Model): Part {
  const program = onlyProgram(model);
  const added = onlyProgram(auxiliary);
  const firstTensor = program.tensors.length;
  const firstSource = model.sources.length;
  const tensorOf = (tensor: number): number => (tensor === added.inputs[0] ? cut.tensor : firstTensor + tensor);
  const operators: Operator[] = program.operators.slice(0, cut.operator + 1);
  const tensors: Tensor[] = [...program.tensors, ...added.tensors];
  for (const operator of added.operators) {
    const moved = rewired(operator, tensorOf);
    operators.push('source' in moved ? { ...moved, source: moved.source + firstSource } : moved);
  }
  let answer = tensorOf(added.outputs[0]!);
  for (const operator of program.operators.slice(linearEnd(program) + 1)) {
    const answered = { ...operator, input: answer };
    operators.push(answered.kind === 'softmax' ? { ...answered, beta: 1 } : answered); // as the logits were trained
    answer = operator.output;
  }
  return compacted(
    {
      ...model,
      sources: [...model.sources, ...auxiliary.sources],
    },
    { ...program, tensors, operators, outputs: [answer] },
  );
}

/** The operator that makes the logits: the last but for a softmax or argmax. */
export function linearEnd({ operators }: Program): number {
  const at = operators.findLastIndex(({ kind }) => kind !== 'softmax' && kind !== 'argmax');
  const operator = operators[at];
  if (!operator || !('source' in operator))
    throw new Error(
      `prune: expected a classifier that ends in a layer with weights, got ${operator?.kind ?? 'none'}; ` +
        'there is nothing to learn from',
    );
  return at;
}

/** How many classes a network answers with. */
export function classesOf(model: Model): number {
  const program = onlyProgram(model);
  const { output } = program.operators[linearEnd(program)];
  return program.tensors[output].shape.reduce((a, b) => a * b);
}

/** An operator with other tensors. */
function rewired(operator: Operator, tensorOf: (tensor: number) => number): Operator {
  const moved = { ...operator, input: tensorOf(operator.input), output: tensorOf(operator.output) };
  return 'input2' in moved ? { ...moved, input2: tensorOf(moved.input2) } : moved;
}

/** Without tensors, sources and generators that the program does not use. */
function compacted(model: Model, program: Program): Part {
  const { operators, inputs, outputs } = program;
  const tensors = places([
    ...operators.flatMap((operator) => [...inputsOf(operator), operator.output]),
    ...inputs,
    ...outputs,
  ]);
  const used = operators.filter((operator): operator is WeightedOperator => 'source' in operator);
  const sources = places(used.map(({ source }) => source));
  const kept = [...sources.keys()].map((index) => model.sources[index]);
  const generators = places(kept.flatMap((source) => ('generator' in source ? [source.generator] : [])));
  const origins = new Map<Operator, Operator>();
  const moved = operators.map((operator) => {
    const copy = rewired(operator, (tensor) => tensors.get(tensor)!);
    const made = 'source' in copy ? { ...copy, source: sources.get(copy.source)! } : copy;
    origins.set(made, operator);
    return made;
  });
  return {
    origins,
    model: {
      ...model,
      programs: [
        {
          ...program,
          tensors: [...tensors.keys()].map((index) => program.tensors[index]),
          operators: moved,
          inputs: inputs.map((tensor) => tensors.get(tensor)!),
          outputs: outputs.map((tensor) => tensors.get(tensor)!),
        },
      ],
      sources: kept.map((source) =>
        'generator' in source ? { ...source, generator: generators.get(source.generator)! } : source,
      ),
      generators: [...generators.keys()].map((index) => model.generators[index]),
    },
  };
}

/** Where each of the numbers goes that occur, in their order. */
const places = (numbers: readonly number[]): Map<number, number> =>
  new Map([...new Set(numbers)].toSorted((a, b) => a - b).map((number, place) => [number, place]));

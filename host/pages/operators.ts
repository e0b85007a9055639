/** docs/operators.md: every kind of operator, and every operator of .tflite files that becomes some of them. */
import { markdownTable } from '../drawing/markdown.ts';
import { OPERATORS as IMPORTED } from '../import/operators.ts';
import type { OperatorKinds } from '../model/model.ts';
import { OPERATORS } from '../operators/registry.ts';

const NONE = '-';

/** The whole page, from the records of host/operators/ and the rules of host/import/. */
export function operatorsPage(): string {
  return `# Operators

What the device runs, and what \`htpw import\` makes of the operators of .tflite files. This page is written from the files
that define them, [host/operators/](../host/operators/) and
[host/import/operators.ts](../host/import/operators.ts); a test fails when it is out of date.

## Kinds

The kind of an operator is its first byte in an image ([format](format.md#operator)). Tensors are INT8 unless they say
otherwise, [height, width, channels]. Weights are rows x row length.

${markdownTable(['code', 'kind', 'what it does', 'input', 'weights', 'output'], kinds().map(kindRow), 0, 1)}
Operators with weights have a table of their channels ([format](format.md#quantisation-tables)). The others have so many
i32 parameters, or none:

${markdownTable(['kind', 'parameters', 'which are'], kinds().flatMap(parameterRow), 1, 2)}
Windows of convolution, depthwise and pools stay inside input and padding ([format](format.md#operator)); all other
limits are those of [assembly/limits.ts](../assembly/limits.ts) ([format](format.md#limits)).

## From .tflite

${markdownTable(['operator', 'support', 'as what, and up to where'], importRows(), 3)}
[Importing .tflite](import.md#operators) has what holds for all of them: types, shapes, constants, fused activations.
`;
}

/** In the order of their codes. */
function kinds() {
  const all = Object.keys(OPERATORS) as (keyof OperatorKinds)[];
  return all.map((name) => ({ name, known: OPERATORS[name] })).sort((a, b) => a.known.code - b.known.code);
}

type Kind = ReturnType<typeof kinds>[number];

function kindRow({ name, known: { code, about } }: Kind): string[] {
  return [`${code}`, `\`${name}\``, about.does, about.reads, about.weights ?? NONE, about.writes];
}

function parameterRow({ name, known }: Kind): string[][] {
  if (!('parameters' in known) || known.parameters === undefined) return [];
  const { words, are, behind } = known.parameters;
  return [[`\`${name}\``, `${words}`, behind === undefined ? are : `${are}; behind them ${behind}`]];
}

function importRows(): string[][] {
  const all = Object.entries(IMPORTED).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = all.map(([opcode, { support, note }]) => [`\`${opcode}\``, support, note]);
  return [...rows, ['any other', 'no', 'refused by name']];
}

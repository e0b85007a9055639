/** The table of docs/import.md: which operators of a .tflite can be imported. */
import { markdownTable } from '../drawing/markdown.ts';
import { OPERATORS } from '../import/operators.ts';

export const importTable = (): string =>
  markdownTable(
    ['operator', 'support', 'as what, and up to where'],
    [
      ...Object.entries(OPERATORS).map(([name, { support, note }]) => [`\`${name}\``, support, note]),
      ['any other', 'no', 'refused by name'],
    ],
    3,
  );

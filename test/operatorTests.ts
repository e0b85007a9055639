/// <reference types="vite/client" />
/**
 * What tests need of a kind of operator, collected from the files of test/operators/, one for each: its rows of the
 * table of shapes, damage that `open` must refuse, and, for the .tflite operators that become it, fixtures, random
 * steps and an independent twin. Neither this file nor those use code of host/, since the twin shares none with it.
 */

import type { FileSpec } from './import/tflite.ts';
import type { Step } from './import/twin/dice.ts';
import type { Run } from './import/twin/values.ts';
import type { Rows } from './rows.ts';

/** A .tflite file, and the kinds of operator that come out of it. */
export interface Fixture {
  file: FileSpec;
  kinds: string[];
}

/** What an operand of a .tflite operator may be: computed, a constant, or either; unread: what the output says too. */
export type May = 'computed' | 'constant' | 'either' | 'unread';

export interface OperatorTests {
  /** of the table of shapes, by kind */
  rows: Record<string, Rows>;
  /** parameters of the kind that must be refused: what they are, which word of them, its value */
  wrong?: Record<string, [what: string, word: number, value: number][]>;
  /** by a name that says what the file is */
  fixtures?: Record<string, Fixture>;
  /** by .tflite operator */
  places?: Record<string, May[]>;
  /** random .tflite operators; those of two tensors apart, for which a second input is drawn first */
  steps?: Record<string, Step>;
  binarySteps?: Record<string, Step>;
  /** random .tflite operators whose output nothing reads, as it is no activation */
  ends?: Record<string, Step>;
  /** what TensorFlow Lite Micro computes, by .tflite operator */
  twins?: Record<string, Run>;
}

const ALL = Object.values(import.meta.glob<OperatorTests>('./operators/*.ts', { eager: true, import: 'default' }));

function merged<T>(of: (tests: OperatorTests) => Record<string, T> | undefined): Record<string, T> {
  return Object.assign({}, ...ALL.map(of));
}

export const ROWS_OF_OPERATORS = merged(({ rows }) => rows);
export const WRONG_PARAMETERS = merged(({ wrong }) => wrong);
export const FIXTURES_OF_OPERATORS = merged(({ fixtures }) => fixtures);
export const PLACES_OF_OPERATORS = merged(({ places }) => places);
export const STEPS_OF_OPERATORS = merged(({ steps }) => steps);
export const BINARY_STEPS = merged(({ binarySteps }) => binarySteps);
export const ENDS = merged(({ ends }) => ends);
export const TWINS = merged(({ twins }) => twins);

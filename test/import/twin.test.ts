/**
 * Random models, imported and run on every variant, against a twin that was written apart from all of it (twin/).
 * HTPW_FUZZ=2000 takes that many of each kind in place of 200.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importImage } from '../../host/import/import.ts';
import { OPERATORS } from '../../host/import/operators.ts';
import { Runtime, VARIANT_NAMES } from '../../host/runtime/node.ts';
import { random } from '../zoo.ts';
import { type FileSpec, tflite } from './tflite.ts';
import { interpret } from './twin/interpreter.ts';
import { graph, oneOperator } from './twin/models.ts';

const COUNT = Number(process.env.HTPW_FUZZ ?? 200);
if (!(Number.isInteger(COUNT) && COUNT > 0)) throw new Error(`HTPW_FUZZ must be a number of models, got ${COUNT}`);

/** Ways to import that change no output byte. */
const WAYS = [{}, { keepDead: true }, { lossless: 'all' }] as const;

/** What the imported model answers on every variant, and the twin on the file; null where both are the same. */
function difference(file: FileSpec, seed: number): object | null {
  const { image } = importImage(tflite(file), 'fuzz', WAYS[seed % WAYS.length]);
  const runtimes = VARIANT_NAMES.map((variant) => ({ variant, runtime: new Runtime(image, variant).load() }));
  const next = random(seed);
  const kept = new Map(); // a model that keeps something goes on with the second inference
  for (const extremes of [true, false]) {
    const inputs = file.inputs.map((tensor) =>
      Array.from({ length: file.tensors[tensor].shape.reduce((a, b) => a * b, 1) }, () =>
        extremes && next() < 0.5 ? (next() < 0.5 ? -128 : 127) : Math.floor(next() * 256) - 128,
      ),
    );
    const expected = interpret(file, inputs, kept).flat();
    for (const { variant, runtime } of runtimes) {
      const got = Array.from(new Int8Array(runtime.run(Uint8Array.from(inputs.flat())).buffer));
      if (got.join() === expected.join()) continue;
      const at = expected.findIndex((value, i) => value !== got[i]);
      return { variant, at, expected: expected[at], got: got[at], of: expected.length };
    }
  }
  return null;
}

/** Every model that is refused or differs, by its number, with what it consists of. */
function failures(make: (index: number) => FileSpec): object[] {
  return Array.from({ length: COUNT }, (_, index) => index).flatMap((index) => {
    const file = make(index);
    const operators = file.operators.map(({ opcode }) => opcode).join(' ');
    try {
      const found = difference(file, index);
      return found === null ? [] : [{ index, operators, ...found }];
    } catch (error) {
      return [{ index, operators, error: (error as Error).message }];
    }
  });
}

describe('every output byte is that of the twin', () => {
  it(`for ${COUNT} random models of one operator`, () => expect(failures(oneOperator)).toEqual([]));
  it(`for ${COUNT} random graphs`, () => expect(failures(graph)).toEqual([]));
});

it('the random models use every operator that can be imported', () => {
  const files = Array.from({ length: 200 }, (_, index) => [oneOperator(index), graph(index)]).flat();
  const used = files.flatMap(({ operators }) => operators.map(({ opcode }) => opcode));
  expect([...new Set(used)].sort()).toEqual(Object.keys(OPERATORS).sort());
});

it('the twins and what they are made with import nothing of host/ but types', () => {
  const folders = ['test/import/twin', 'test/operators'];
  const files = folders.flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const code = /^import (?!type\b)[^;]*\/host\//m;
  const importers = [...files, 'test/operatorTests.ts', 'test/rows.ts', 'test/import/specs.ts', 'test/zoo.ts'];
  expect(importers.filter((file) => code.test(readFileSync(file, 'utf8')))).toEqual([]);
});

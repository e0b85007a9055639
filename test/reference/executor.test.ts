/** The oracle on a model of a few layers, whose values are worked out by hand. */
import { describe, expect, it } from 'vitest';
import type { Model, Program, Tensor } from '../../host/model/model.ts';
import { execute } from '../../host/reference/executor.ts';

const tensor = (name: string, shape: Tensor['shape'], scale: number, zeroPoint: number): Tensor => {
  return { name, shape, type: 'i8', scale, zeroPoint };
};

const program: Program = {
  name: 'small',
  tensors: [
    tensor('in', [1, 2, 2], 0.1, -10),
    tensor('pointwise', [1, 2, 2], 0.1, 5),
    tensor('sum', [1, 2, 2], 0.2, 0),
    tensor('class', [1, 2, 1], 1, 0),
  ],
  operators: [
    {
      kind: 'pointwise',
      name: 'pw',
      input: 0,
      output: 1,
      source: 0,
      residency: 'flash',
      bias: Int32Array.of(7, -40000),
      effectiveScale: Float64Array.of(0.5, 0.001),
      activation: [-128, 127],
    },
    { kind: 'add', name: 'skip', input: 0, input2: 1, output: 2, activation: [-128, 127] },
    { kind: 'argmax', name: 'best', input: 2, output: 3 },
  ],
  inputs: [0],
  outputs: [3],
};

const model: Model = {
  programs: [program],
  sources: [{ kind: 'stored', encoding: 'int8', rows: 2, rowLength: 2, values: Int8Array.of(1, 2, 3, -4) }],
  generators: [],
  metadata: { name: 'small' },
};

const input = Uint8Array.from(Int8Array.of(0, 10, -10, -10), (q) => q & 255);

describe('execute', () => {
  it('keeps every tensor, and folds the zero point so that padding and zero mean 0', () => {
    const [, pointwise, sum, best] = execute(model, program, [input], { tables: 'q31' });
    // position 0: (10 + 40 + 7) / 2 = 28.5 -> 29, -40 - 40050 -> -40; position 1: 7 / 2 -> 4, -40
    expect([...pointwise]).toEqual([34, -35, 9, -35]);
    expect([...sum]).toEqual([20, -10, 2, -20]); // half of 10 + 29, 20 - 40, 0 + 4, 0 - 40
    expect([...best]).toEqual([0, 0]);
  });

  it('gives nearly the same bytes with compact tables', () => {
    const exact = execute(model, program, [input], { tables: 'q31' });
    const compact = execute(model, program, [input], { tables: 'compact' });
    exact[1].forEach((q, i) => {
      expect(Math.abs(q - compact[1][i])).toBeLessThanOrEqual(1);
    });
  });

  it('says which input has the wrong size', () => {
    expect(() => execute(model, program, [new Uint8Array(3)], { tables: 'q31' })).toThrow(
      'input "in": expected 4 bytes of i8, got 3',
    );
  });
});

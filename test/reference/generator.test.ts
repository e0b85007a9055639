/** Rows that weight sources make, and the MLP behind them, against values worked out by hand. */
import { describe, expect, it } from 'vitest';
import type { BasisGenerator } from '../../host/sources/basis.ts';
import type { Mlp } from '../../host/sources/mlp.ts';
import { evaluateMlp } from '../../host/sources/mlp.ts';
import { materialize } from '../../host/sources/registry.ts';

// hidden = [c0 + c1, 10 - c0]; output = [(h0 - h1) / 2, h1]
const mlp: Mlp = {
  codeLength: 2,
  codeEncoding: 'int4',
  hidden: 2,
  outputs: 2,
  w1: Int8Array.of(1, 1, -1, 0),
  b1: Int32Array.of(0, 10),
  scale1: 1,
  w2: Int8Array.of(1, -1, 0, 2),
  b2: Int32Array.of(0, 0),
  scale2: 0.5,
};

const basis: BasisGenerator = {
  kind: 'basis',
  mlp,
  encoding: 'int8',
  count: 2,
  rows: 3,
  columns: 2,
  values: Int8Array.of(1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60),
};

describe('micro-MLP', () => {
  it.each([
    ['is two affine layers', [3, 2], [-1, 7]], // (5 - 7) / 2, 7
    ['clamps the hidden layer at 0', [-5, -5], [-7, 15]], // (0 - 15) / 2 = -7.5, a tie of the first rounding: up
  ])('%s', (_claim, code, expected) => {
    expect([...evaluateMlp(mlp, Int8Array.from(code))]).toEqual(expected);
  });

  it('never writes -128', () => {
    expect(evaluateMlp({ ...mlp, scale2: 100 }, Int8Array.of(-5, -5))[0]).toBe(-127);
  });

  it('uses the bias as the image stores it', () => {
    const coarse = { ...mlp, b2: Int32Array.of(40001, 1) }; // shift 1: 40002 and 2
    expect([...evaluateMlp({ ...coarse, scale2: 2 ** -8 }, Int8Array.of(0, 0))]).toEqual([127, 0]);
    expect(evaluateMlp({ ...coarse, scale2: 1 }, Int8Array.of(3, 2))[1]).toBe(16);
  });
});

describe('materialize', () => {
  it('returns stored values as they are', () => {
    const values = Int8Array.of(-3, 1);
    expect(materialize({ kind: 'stored', encoding: 'int2', rows: 1, rowLength: 2, values }, [])).toBe(values);
  });

  it('mixes the basis with one code per group of rows, cutting the corner the layer needs', () => {
    const source = {
      kind: 'basis' as const,
      generator: 0,
      rows: 3,
      rowLength: 1,
      rowsPerCode: 2,
      codes: Int8Array.of(3, 2, 5, 5), // mixes: [-1, 7], [3, 5]
      mixScale: 0.5,
    };
    // (-1 + 70) / 2 = 34.5, (-3 + 210) / 2 = 103.5, (15 + 250) / 2 clamps
    expect([...materialize(source, [basis])]).toEqual([35, 104, 127]);
  });

  it('takes a basis without MLP as it is', () => {
    const plain = { ...basis, mlp: null, count: 1, values: basis.values.subarray(0, 6) };
    const source = { kind: 'basis' as const, generator: 0, rows: 2, rowLength: 1, rowsPerCode: 1, mixScale: 1 };
    expect([...materialize({ ...source, codes: new Int8Array(0) }, [plain])]).toEqual([1, 3]);
  });

  it('writes tiles one after another, across rows', () => {
    const source = { kind: 'tile' as const, generator: 0, rows: 1, rowLength: 4, codes: Int8Array.of(3, 2, 5, 5) };
    expect([...materialize(source, [{ kind: 'tile', mlp }])]).toEqual([-1, 7, 3, 5]);
  });

  const codebook = { kind: 'codebook' as const, entries: 2, length: 3, values: Int8Array.of(1, 2, 3, 4, 5, 6) };
  const indexed = {
    kind: 'codebook' as const,
    generator: 0,
    rows: 2,
    rowLength: 4,
    indices: Uint8Array.of(1, 0, 0, 1),
  };

  it('puts entries one after another and cuts the last to the row', () => {
    expect([...materialize(indexed, [codebook])]).toEqual([4, 5, 6, 1, 1, 2, 3, 4]);
  });

  it('refuses an index that no entry has', () => {
    expect(() => materialize({ ...indexed, indices: Uint8Array.of(1, 0, 2, 1) }, [codebook])).toThrow(
      'no entry 2 of 2',
    );
  });

  it('refuses a generator of another kind', () => {
    const source = { kind: 'tile' as const, generator: 0, rows: 1, rowLength: 4, codes: Int8Array.of(3, 2, 5, 5) };
    expect(() => materialize(source, [basis])).toThrow('another kind');
  });
});

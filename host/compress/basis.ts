/**
 * Weights as mixtures of shared matrices (generated, basis form), fitted to a network that was not trained for it. Each
 * row of a layer gets mixing factors of its own; the micro-MLP hands them on as they are.
 */
import type { BasisGenerator, BasisSource } from '../sources/basis.ts';
import type { Mlp } from '../sources/mlp.ts';
import { materialize } from '../sources/registry.ts';
import type { Weighed } from './codebook.ts';
import { type Layer, targetsOf } from './layers.ts';
import type { Replacement } from './replacement.ts';

const ITERATIONS = 30;
const LARGEST = { int8: 127, int4: 7, int2: 3, ternary: 1 } as const;
const SMALLEST_SCALE = 1 / 8;

/** Whether several layers can share matrices: rows of the same length, as many of them. */
export function canShare(layers: readonly Layer[]): Layer[] {
  const alike = (a: Layer, b: Layer) => a.rows === b.rows && a.rowLength === b.rowLength;
  const groups = layers
    .filter(({ kind }) => kind !== 'depthwise')
    .map((layer, _, all) => all.filter((other) => alike(layer, other)));
  return groups.reduce((best, group) => (weightsOf(group) > weightsOf(best) ? group : best), [] as Layer[]);
}

const weightsOf = (layers: readonly Layer[]): number =>
  layers.length < 2 ? 0 : layers.reduce((sum, { weights }) => sum + weights.length, 0);

/** The layers' weights from `count` matrices in `encoding`, by alternating least squares row by row. */
export function fromBasis(all: readonly Weighed[], count: number, encoding: BasisGenerator['encoding']): Replacement[] {
  const [{ layer: first }] = all;
  const { rows, rowLength } = first;
  const largest = LARGEST[encoding];
  const values = new Int8Array(count * rows * rowLength);
  const codes = all.map(() => new Int8Array(rows * count));
  for (let r = 0; r < rows; r++) {
    const wanted = all.map(({ layer }) => normalized(targetsOf(layer).subarray(r * rowLength, (r + 1) * rowLength)));
    const { basis, factors } = factorise(wanted, count, (x) => level(x, largest, encoding === 'int2'), largest);
    for (let j = 0; j < count; j++) values.set(basis[j], (j * rows + r) * rowLength);
    for (const [l, own] of factors.entries()) {
      const most = Math.max(1e-9, ...own.map(Math.abs));
      codes[l].set(
        own.map((factor) => Math.round((127 * factor) / most)),
        r * count,
      );
    }
  }
  const generator: BasisGenerator = {
    kind: 'basis',
    mlp: passThrough(count),
    encoding,
    count,
    rows,
    columns: rowLength,
    values,
  };
  return all.map((one, l) => replacement(one, generator, codes[l]));
}

function normalized(row: Int8Array | Float32Array): Float64Array {
  const norm = Math.sqrt(Float64Array.from(row).reduce((sum, w) => sum + w * w, 0));
  return Float64Array.from(row, (w) => (norm > 0 ? w / norm : 0));
}

function level(x: number, largest: number, odd: boolean): number {
  const nearest = odd ? 2 * Math.floor(x / 2) + 1 : Math.round(x);
  return Math.max(-largest, Math.min(largest, nearest));
}

/** wanted[l] as sums of factors[l][j] basis[j], whose values are levels. */
function factorise(
  wanted: readonly Float64Array[],
  count: number,
  nearest: (x: number) => number,
  largest: number,
): { basis: Float64Array[]; factors: Float64Array[] } {
  const length = wanted[0].length;
  let factors: Float64Array[] = wanted.map((_, l) =>
    Float64Array.from({ length: count }, (_, j) => (l % count === j ? 1 : 0.1 * (j + 1))),
  );
  let basis: Float64Array[] = [];
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const columns = Array.from({ length: count }, (_, j) => Float64Array.from(factors, (own) => own[j]));
    const solved = Array.from({ length }, (_, k) =>
      leastSquares(
        columns,
        Float64Array.from(wanted, (row) => row[k]),
      ),
    );
    basis = Array.from({ length: count }, (_, j) => {
      const real = Float64Array.from(solved, (own) => own[j]);
      const rms = Math.sqrt(real.reduce((sum, x) => sum + x * x, 0) / length);
      const step = Math.max(1e-9, (rms * 2.5) / largest);
      return real.map((x) => nearest(x / step));
    });
    factors = wanted.map((row) => leastSquares(basis, row));
  }
  return { basis, factors };
}

/** x with the smallest |sum_j x[j] columns[j] - target|; a little damped, so that columns may depend on each other. */
function leastSquares(columns: readonly Float64Array[], target: Float64Array): Float64Array {
  const n = columns.length;
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  const rows = columns.map((column, i) => {
    const row = columns.map((other, j) => dot(column, other) * (i === j ? 1 + 1e-6 : 1) + (i === j ? 1e-12 : 0));
    return [...row, dot(column, target)];
  });
  for (let i = 0; i < n; i++) {
    for (let r = i + 1; r < n; r++) {
      const factor = rows[r][i] / rows[i][i];
      for (let j = i; j <= n; j++) rows[r][j] -= factor * rows[i][j];
    }
  }
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i][n];
    for (let j = i + 1; j < n; j++) sum -= rows[i][j] * x[j];
    x[i] = sum / rows[i][i];
  }
  return x;
}

/** hidden = what of the code is positive, then what is negative; output = their difference: the code. */
function passThrough(count: number): Mlp {
  const hidden = 2 * count;
  const sign = (i: number, j: number) => (i === j ? 127 : i === j + count ? -127 : 0);
  return {
    codeLength: count,
    codeEncoding: 'int8',
    hidden,
    outputs: count,
    w1: Int8Array.from({ length: hidden * count }, (_, at) => sign(Math.floor(at / count), at % count)),
    b1: new Int32Array(hidden),
    scale1: 1 / 127,
    w2: Int8Array.from({ length: count * hidden }, (_, at) => sign(at % hidden, Math.floor(at / hidden))),
    b2: new Int32Array(count),
    scale2: 1 / 127,
  };
}

function replacement({ layer, forms }: Weighed, generator: BasisGenerator, codes: Int8Array): Replacement {
  const { rows, rowLength } = layer;
  const targets = targetsOf(layer);
  const { count, encoding, values } = generator;
  let most = 1;
  for (let r = 0; r < rows; r++) {
    for (let k = 0; k < rowLength; k++) {
      let sum = 0;
      for (let j = 0; j < count; j++) sum += codes[r * count + j] * values[(j * rows + r) * rowLength + k];
      most = Math.max(most, Math.abs(sum));
    }
  }
  const source: BasisSource = {
    kind: 'basis',
    generator: 0,
    rows,
    rowLength,
    rowsPerCode: 1,
    codes,
    mixScale: 127 / most,
  };
  const levels = materialize(source, [generator]);
  const scales = Float64Array.from({ length: rows }, (_, c) => {
    const own = Float64Array.from(targets.subarray(c * rowLength, (c + 1) * rowLength));
    return Math.max(SMALLEST_SCALE, forms[c].bestScale(own, levels.subarray(c * rowLength, (c + 1) * rowLength), 1));
  });
  return {
    name: `generated from ${count} ${encoding} ${count === 1 ? 'matrix' : 'matrices'}`,
    source,
    generator,
    levels,
    scales,
  };
}

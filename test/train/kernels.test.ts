/** Kernels of training, each against plain loops in double precision. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../host/system/random.ts';
import { type Geometry, type Kernels, Workspace } from '../../host/train/kernels/kernels.ts';

const random = new Random(1);
const values = (length: number): number[] => Array.from({ length }, () => Math.fround(random.normal()));
const zeros = (length: number): number[] => new Array(length).fill(0);

/** Runs a kernel on arrays, of which it may change any, and gives back all. */
function run(arrays: number[][], call: (kernels: Kernels, ...addresses: number[]) => unknown): number[][] {
  const workspace = new Workspace();
  const addresses = arrays.map(({ length }) => workspace.allocate(length));
  arrays.forEach((array, i) => {
    workspace.at(addresses[i]!, array.length).set(array);
  });
  call(workspace.kernels, ...addresses);
  return arrays.map(({ length }, i) => Array.from(workspace.at(addresses[i]!, length)));
}

function expectClose(got: number[], wanted: number[]): void {
  expect(got).toHaveLength(wanted.length);
  wanted.forEach((value, i) => {
    expect(got[i], `at ${i}`).toBeCloseTo(value, 3);
  });
}

describe('products', () => {
  const SIZES = [
    [1, 3, 4],
    [4, 8, 8],
    [5, 7, 12],
    [67, 16, 20],
    [130, 32, 8],
  ] as const;

  it.each(SIZES)('of %d rows, depth %d and %d columns equal the loops, written and added', (rows, depth, columns) => {
    const [x, w, y] = [values(rows * depth), values(depth * columns), values(rows * columns)];
    const wanted = y.map((_, i) => {
      const [r, c] = [Math.floor(i / columns), i % columns];
      return w.reduce(
        (sum, value, k) => sum + (k % columns === c ? value * x[r * depth + Math.floor(k / columns)]! : 0),
        0,
      );
    });
    for (const adds of [false, true]) {
      const [, , , got] = run([x, w, zeros(depth * columns), y], (kernels, x, w, panels, y) => {
        kernels.pack(w!, panels!, depth, columns, columns, 1);
        kernels.product(x!, panels!, y!, rows, depth, columns, adds);
      });
      expectClose(got!, adds ? wanted.map((value, i) => value + y[i]!) : wanted);
    }
  });

  it.each([
    [3, 4, 4],
    [64, 8, 12],
    [131, 4, 8],
  ])('of %d rows transposed, %d by %d, add to what is there', (rows, m, n) => {
    const [a, b, g] = [values(rows * m), values(rows * n), values(m * n)];
    const wanted = g.map((value, i) => {
      const [row, column] = [Math.floor(i / n), i % n];
      for (let r = 0; r < rows; r++) value += a[r * m + row]! * b[r * n + column]!;
      return value;
    });
    expectClose(run([a, b, g], (kernels, a, b, g) => kernels.transposedProduct(a!, b!, g!, rows, m, n))[2]!, wanted);
  });
});

/** Where each tap of each output position looks: [output, tap, input], batch included. */
function* taps(batch: number, geometry: Geometry): Generator<[output: number, tap: number, input: number]> {
  const [height, width, outHeight, outWidth, kernelHeight, kernelWidth, down, along, top, left] = geometry;
  for (let n = 0; n < batch; n++)
    for (let o = 0; o < outHeight * outWidth; o++)
      for (let t = 0; t < kernelHeight * kernelWidth; t++) {
        const row = Math.floor(o / outWidth) * down + Math.floor(t / kernelWidth) - top;
        const column = (o % outWidth) * along + (t % kernelWidth) - left;
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        yield [n * outHeight * outWidth + o, t, (n * height + row) * width + column];
      }
}

describe.each<[string, Geometry]>([
  ['a signal', [1, 9, 1, 5, 1, 5, 1, 2, 0, 1, 20]],
  ['a plane', [5, 6, 3, 6, 3, 2, 2, 1, 1, 0, 4]],
  ['a kernel larger than its input', [2, 3, 2, 3, 4, 5, 1, 1, 1, 2, 16]],
])('over %s', (_, geometry) => {
  const [height, width, outHeight, outWidth, kernelHeight, kernelWidth] = geometry;
  const channels = geometry[10];
  const [inputs, outputs, kernel] = [height * width, outHeight * outWidth, kernelHeight * kernelWidth];
  const BATCH = 2;
  const x = values(BATCH * inputs * channels);
  const w = values(kernel * channels);

  it('depthwise convolution and its gradients equal the loops', () => {
    const dy = values(BATCH * outputs * channels);
    const [y, dx, dw] = [zeros(dy.length), values(x.length), values(w.length)];
    const [wantedX, wantedW] = [dx.slice(), dw.slice()];
    const wanted = y.slice();
    for (const [output, tap, input] of taps(BATCH, geometry))
      for (let c = 0; c < channels; c++) {
        const [o, t, i] = [output, tap, input].map((at) => at * channels + c) as [number, number, number];
        wanted[o]! += x[i]! * w[t]!;
        wantedX[i]! += dy[o]! * w[t]!;
        wantedW[t]! += dy[o]! * x[i]!;
      }
    const forwards = run([x, w, y], (kernels, x, w, y) => kernels.depthwise(x!, w!, y!, BATCH, ...geometry));
    expectClose(forwards[2]!, wanted);
    const backwards = run([x, w, dy, dx, dw], (kernels, x, w, dy, dx, dw) =>
      kernels.depthwiseGradient(x!, w!, dy!, dx!, dw!, BATCH, ...geometry),
    );
    expectClose(backwards[3]!, wantedX);
    expectClose(backwards[4]!, wantedW);
  });

  it('patches are what each position sees, and their gradient goes back there', () => {
    const window = x.slice(0, inputs * channels);
    const gradient = values(outputs * kernel * channels);
    const [wanted, wantedX] = [zeros(gradient.length), window.slice()];
    for (const [output, tap, input] of taps(1, geometry))
      for (let c = 0; c < channels; c++) {
        const at = (output * kernel + tap) * channels + c;
        wanted[at] = window[input * channels + c]!;
        wantedX[input * channels + c]! += gradient[at]!;
      }
    const cut = run([window, gradient.map(() => 9)], (kernels, x, y) => kernels.patches(x!, y!, ...geometry));
    expect(cut[1]).toEqual(wanted);
    const back = run([gradient, window], (kernels, dy, dx) => kernels.patchesGradient(dy!, dx!, ...geometry));
    expectClose(back[1]!, wantedX);
  });
});

describe('normalisation', () => {
  const [ROWS, CHANNELS] = [37, 12];
  const x = values(ROWS * CHANNELS).map((value) => 3 * value + 2);
  const column = (array: number[], c: number): number[] => array.filter((_, i) => i % CHANNELS === c);
  const mean = (array: number[]): number => array.reduce((sum, value) => sum + value, 0) / array.length;
  const [factor, offset] = [values(CHANNELS), values(CHANNELS)];

  it('has mean and variance of each channel', () => {
    const [, means, variances] = run([x, values(CHANNELS), values(CHANNELS)], (kernels, x, mean, variance) =>
      kernels.moments(x!, ROWS, CHANNELS, mean!, variance!),
    );
    const wanted = factor.map((_, c) => mean(column(x, c)));
    expectClose(means!, wanted);
    expectClose(
      variances!,
      wanted.map((center, c) => mean(column(x, c).map((value) => (value - center) ** 2))),
    );
  });

  it.each([
    [0, 2.5, 2.5 / 255],
    [-2.5, 2.5, 2.5 / 127],
  ])('rounds within %d and %d to steps of %d, ties up', (low, high, step) => {
    const [, , , y] = run([x, factor, offset, zeros(x.length)], (kernels, x, factor, offset, y) =>
      kernels.quantize(x!, ROWS, CHANNELS, factor!, offset!, low, high, step, y!),
    );
    y!.forEach((value, i) => {
      const scaled = factor[i % CHANNELS]! * x[i]! + offset[i % CHANNELS]!;
      const exact = Math.min(Math.max(scaled, low), high);
      expect(Math.abs(value - exact)).toBeLessThan(0.501 * step);
      expect(value / step).toBeCloseTo(Math.round(value / step), 3);
    });
  });

  it.each([
    [0, 2.5],
    [-2.5, 2.5],
  ])('lets gradients through within %d and %d only, and gives the range those beyond', (low, high) => {
    const dy = values(x.length);
    const center = values(CHANNELS);
    let range = 0;
    const before = [values(CHANNELS), values(CHANNELS)] as const;
    const [sums, products, kept] = [before[0].slice(), before[1].slice(), dy.slice()];
    let wantedRange = 0;
    dy.forEach((slope, i) => {
      const c = i % CHANNELS;
      const scaled = factor[c]! * x[i]! + offset[c]!;
      if (scaled > high) wantedRange += slope;
      if (scaled < low && low !== 0) wantedRange -= slope;
      if (scaled > high || scaled < low) kept[i] = 0;
      sums[c]! += kept[i]!;
      products[c]! += kept[i]! * (x[i]! - center[c]!);
    });
    const got = run(
      [x, factor, offset, center, dy, ...before],
      (kernels, x, factor, offset, mean, dy, sums, products) => {
        range = kernels.clipGradient(x!, ROWS, CHANNELS, factor!, offset!, low, high, mean!, dy!, sums!, products!);
      },
    );
    expect(range).toBeCloseTo(wantedRange, 3);
    expect(got[4]).toEqual(kept);
    expectClose(got[5]!, sums);
    expectClose(got[6]!, products);
  });

  it('moves gradients by what depends on themselves, on the values, and on neither', () => {
    const [a, b, c, dy] = [values(CHANNELS), values(CHANNELS), values(CHANNELS), values(x.length)];
    const wanted = dy.map((slope, i) => a[i % CHANNELS]! * slope + b[i % CHANNELS]! * x[i]! + c[i % CHANNELS]!);
    const got = run([x, a, b, c, dy], (kernels, x, a, b, c, dy) =>
      kernels.normalizeGradient(x!, ROWS, CHANNELS, a!, b!, c!, dy!),
    );
    expectClose(got[4]!, wanted);
  });
});

describe('pools', () => {
  const [BATCH, HEIGHT, WIDTH, CHANNELS] = [2, 5, 7, 8];
  const size = [HEIGHT, WIDTH, 2, 3] as const;
  /** [output, input] of every position that is looked at */
  const seen = Array.from({ length: BATCH * HEIGHT * WIDTH }, (_, i) => {
    const [n, row, column] = [Math.floor(i / (HEIGHT * WIDTH)), Math.floor(i / WIDTH) % HEIGHT, i % WIDTH];
    return row < 4 && column < 6 ? [n * 4 + Math.floor(row / 2) * 2 + Math.floor(column / 3), i] : null;
  }).filter((pair) => pair !== null) as [number, number][];

  it.each([0.25, 0])('are means, of a step of %d rounded with ties up', (step) => {
    const x = values(BATCH * HEIGHT * WIDTH * CHANNELS).map((value) => Math.round(4 * value) / 4);
    const sums = zeros(BATCH * 4 * CHANNELS);
    for (const [output, input] of seen)
      for (let c = 0; c < CHANNELS; c++) sums[output * CHANNELS + c]! += x[input * CHANNELS + c]!;
    const wanted = sums.map((sum) => (step ? Math.floor(Math.round(sum / step) / 6 + 0.5) * step : sum / 6));
    expect(sums.some((sum) => (4 * sum) % 6 === 3)).toBe(true);
    const [, y] = run([x, zeros(sums.length)], (kernels, x, y) => kernels.pool(x!, y!, BATCH, ...size, CHANNELS, step));
    expectClose(y!, wanted);
  });

  it('give each position that they saw its share of the gradient', () => {
    const [dy, dx] = [values(BATCH * 4 * CHANNELS), values(BATCH * HEIGHT * WIDTH * CHANNELS)];
    const wanted = dx.slice();
    for (const [output, input] of seen)
      for (let c = 0; c < CHANNELS; c++) wanted[input * CHANNELS + c]! += dy[output * CHANNELS + c]! / 6;
    expectClose(
      run([dy, dx], (kernels, dy, dx) => kernels.poolGradient(dy!, dx!, BATCH, ...size, CHANNELS))[1]!,
      wanted,
    );
  });
});

describe('sums', () => {
  it('are of two arrays, or of one that is added to another', () => {
    const [a, b] = [values(12), values(12)];
    const wanted = a.map((value, i) => value + b[i]!);
    expectClose(run([a, b, zeros(12)], (kernels, a, b, y) => kernels.sum(a!, b!, y!, 12))[2]!, wanted);
    expectClose(run([a, b], (kernels, y, a) => kernels.addTo(y!, a!, 12))[0]!, wanted);
  });
});

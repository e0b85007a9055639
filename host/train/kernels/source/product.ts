/**
 * Matrix products: tiles of four rows by eight columns in registers, blocks of rows that stay in the first cache. Terms
 * of a sum are added in order, whatever the sizes of tiles.
 */
import { addProduct, bytes, FLOAT, VECTOR } from './vector';

/** Rows of a block: at 128 columns 32 KiB. */
const BLOCK: i32 = 64;

/** Columns of a panel. */
const PANEL: i32 = 8;

/**
 * w[depth][columns], whose elements lie depthStride and columnStride floats apart, in panels of eight columns (the last
 * has four if no more are left), each [depth][8]: what product() reads from end to end.
 */
export function pack(w: usize, panels: usize, depth: i32, columns: i32, depthStride: i32, columnStride: i32): void {
  for (let column = 0; column < columns; column += PANEL) {
    const end = min(column + PANEL, columns);
    for (let k = 0; k < depth; k++)
      for (let c = column; c < end; c++, panels += FLOAT)
        store<f32>(panels, load<f32>(w + bytes(k * depthStride + c * columnStride)));
  }
}

/** y[rows][columns] = x[rows][depth] * w[depth][columns], w in panels; with `adds` y += that. */
export function product(x: usize, panels: usize, y: usize, rows: i32, depth: i32, columns: i32, adds: bool): void {
  const xRow = bytes(depth);
  const yRow = bytes(columns);
  for (let block = 0; block < rows; block += BLOCK) {
    const end = min(block + BLOCK, rows);
    let panel = panels;
    let column = 0;
    for (; column + PANEL <= columns; column += PANEL, panel += bytes(depth * PANEL))
      for (let row = block; row < end; row += 4) {
        const from = x + row * xRow;
        const to = y + row * yRow + bytes(column);
        // beyond the end the last row is computed again, to the same values
        const last = end - row - 1;
        tile8(
          from,
          xRow * min(1, last),
          xRow * min(2, last),
          xRow * min(3, last),
          panel,
          to,
          yRow * min(1, last),
          yRow * min(2, last),
          yRow * min(3, last),
          depth,
          adds,
        );
      }
    if (column < columns)
      for (let row = block; row < end; row++) tile4(x + row * xRow, panel, y + row * yRow + bytes(column), depth, adds);
  }
}

/** Four rows by eight columns; offsets of rows 1 to 3 in x and y, bytes. */
function tile8(
  x: usize,
  x1: usize,
  x2: usize,
  x3: usize,
  panel: usize,
  y: usize,
  y1: usize,
  y2: usize,
  y3: usize,
  depth: i32,
  adds: bool,
): void {
  const zero = f32x4.splat(0);
  let a0 = adds ? v128.load(y) : zero;
  let b0 = adds ? v128.load(y, VECTOR) : zero;
  let a1 = adds ? v128.load(y + y1) : zero;
  let b1 = adds ? v128.load(y + y1, VECTOR) : zero;
  let a2 = adds ? v128.load(y + y2) : zero;
  let b2 = adds ? v128.load(y + y2, VECTOR) : zero;
  let a3 = adds ? v128.load(y + y3) : zero;
  let b3 = adds ? v128.load(y + y3, VECTOR) : zero;
  x1 += x;
  x2 += x;
  x3 += x;
  for (const end = x + bytes(depth); x < end; panel += 2 * VECTOR) {
    const wa = v128.load(panel);
    const wb = v128.load(panel, VECTOR);
    const v0 = v128.load32_splat(x);
    a0 = addProduct(a0, v0, wa);
    b0 = addProduct(b0, v0, wb);
    const v1 = v128.load32_splat(x1);
    a1 = addProduct(a1, v1, wa);
    b1 = addProduct(b1, v1, wb);
    const v2 = v128.load32_splat(x2);
    a2 = addProduct(a2, v2, wa);
    b2 = addProduct(b2, v2, wb);
    const v3 = v128.load32_splat(x3);
    a3 = addProduct(a3, v3, wa);
    b3 = addProduct(b3, v3, wb);
    x += FLOAT;
    x1 += FLOAT;
    x2 += FLOAT;
    x3 += FLOAT;
  }
  v128.store(y, a0);
  v128.store(y, b0, VECTOR);
  v128.store(y + y1, a1);
  v128.store(y + y1, b1, VECTOR);
  v128.store(y + y2, a2);
  v128.store(y + y2, b2, VECTOR);
  v128.store(y + y3, a3);
  v128.store(y + y3, b3, VECTOR);
}

/** One row by four columns. */
function tile4(x: usize, panel: usize, y: usize, depth: i32, adds: bool): void {
  let sum = adds ? v128.load(y) : f32x4.splat(0);
  for (const end = x + bytes(depth); x < end; x += FLOAT, panel += VECTOR)
    sum = addProduct(sum, v128.load32_splat(x), v128.load(panel));
  v128.store(y, sum);
}

/** g[m][n] += the transpose of a[rows][m] * b[rows][n]. */
export function transposedProduct(a: usize, b: usize, g: usize, rows: i32, m: i32, n: i32): void {
  for (let block = 0; block < rows; block += BLOCK) {
    const count = min(BLOCK, rows - block);
    const aBlock = a + bytes(block * m);
    const bBlock = b + bytes(block * n);
    for (let i = 0; i < m; i += 4) {
      const to = g + bytes(i * n);
      let j = 0;
      for (; j + PANEL <= n; j += PANEL)
        transposed8(aBlock + bytes(i), bBlock + bytes(j), to + bytes(j), count, bytes(m), bytes(n));
      if (j < n) transposed4(aBlock + bytes(i), bBlock + bytes(j), to + bytes(j), count, bytes(m), bytes(n));
    }
  }
}

/** Four rows of g by eight columns; aRow and bRow are bytes of a row, that of b also of g. */
function transposed8(a: usize, b: usize, g: usize, rows: i32, aRow: usize, bRow: usize): void {
  const g1 = g + bRow;
  const g2 = g1 + bRow;
  const g3 = g2 + bRow;
  let a0 = v128.load(g);
  let b0 = v128.load(g, VECTOR);
  let a1 = v128.load(g1);
  let b1 = v128.load(g1, VECTOR);
  let a2 = v128.load(g2);
  let b2 = v128.load(g2, VECTOR);
  let a3 = v128.load(g3);
  let b3 = v128.load(g3, VECTOR);
  for (const end = a + rows * aRow; a < end; a += aRow, b += bRow) {
    const va = v128.load(b);
    const vb = v128.load(b, VECTOR);
    const v0 = v128.load32_splat(a);
    a0 = addProduct(a0, v0, va);
    b0 = addProduct(b0, v0, vb);
    const v1 = v128.load32_splat(a, FLOAT);
    a1 = addProduct(a1, v1, va);
    b1 = addProduct(b1, v1, vb);
    const v2 = v128.load32_splat(a, 2 * FLOAT);
    a2 = addProduct(a2, v2, va);
    b2 = addProduct(b2, v2, vb);
    const v3 = v128.load32_splat(a, 3 * FLOAT);
    a3 = addProduct(a3, v3, va);
    b3 = addProduct(b3, v3, vb);
  }
  v128.store(g, a0);
  v128.store(g, b0, VECTOR);
  v128.store(g1, a1);
  v128.store(g1, b1, VECTOR);
  v128.store(g2, a2);
  v128.store(g2, b2, VECTOR);
  v128.store(g3, a3);
  v128.store(g3, b3, VECTOR);
}

/** Four rows of g by four columns. */
function transposed4(a: usize, b: usize, g: usize, rows: i32, aRow: usize, bRow: usize): void {
  for (let i = 0; i < 4; i++, a += FLOAT, g += bRow) {
    let sum = v128.load(g);
    for (let r: usize = 0; r < <usize>rows; r++)
      sum = addProduct(sum, v128.load32_splat(a + r * aRow), v128.load(b + r * bRow));
    v128.store(g, sum);
  }
}

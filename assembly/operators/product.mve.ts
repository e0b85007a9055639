/**
 * product with Helium: VMLADAVA adds sixteen products to one sum. Rows are of any length and begin anywhere.
 *
 * A row that is no multiple of sixteen long is taken from so many bytes before it that it becomes one (`ahead`): there
 * the inputs are zero, whatever weights there are. So nothing behind a row is read; before weights and inputs there is
 * always more of the image or of the arena.
 *
 * Two rows of inputs by two channels are multiplied at once: four loads and four products take turns, nine instructions
 * for 64 products. The channels are 0 and 2, then 1 and 3 of every four, so that two sums are neighbours in the octet
 * (table.mve.ts). Inputs of at most sixteen values stay in a register.
 */
import { mladav, mladava } from '../intrinsics/mve.ts';
import { copy } from '../memory.ts';
import { TABLE_ROW_BYTES } from '../scratch.ts';
import { isOctet, OCTET_BYTES, requantizeOctet, requantizeTwice } from './table.mve.ts';
import { requantizeRow } from './table.ts';

/** A row of inputs that is no longer than this stays in a register. */
const SHORT_ROW: u32 = 16;

/** Bytes at the start of a block of longer rows: the sums of two rows and eight channels. */
const SUM_BYTES: u32 = 64;

/** How many bytes before a row the first sixteen begin. */
function bytesAhead(depth: u32): u32 {
  return (0 - depth) & 15;
}

/** Where row 0 or 1 of a block lies; short rows beside each other, longer ones behind zeros. */
export function blockRowMve(block: usize, depth: u32, slot: u32): usize {
  if (depth <= SHORT_ROW) return block + slot * depth;
  const ahead = bytesAhead(depth);
  return block + SUM_BYTES + slot * (depth + ahead) + ahead;
}

/** The zeros before rows of a block, which stay. block: scratch of two rows, rounded up to sixteen bytes, and SUM_BYTES. */
export function clearBlockMve(block: usize, depth: u32): void {
  if (depth <= SHORT_ROW) return;
  const zeros = i32x4.splat(0);
  v128.store(blockRowMve(block, depth, 0) - 16, zeros);
  v128.store(blockRowMve(block, depth, 1) - 16, zeros);
}

/** product of a layer; block: scratch where there are several positions. */
export function productMve(
  input: usize,
  positions: u32,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
  block: usize,
): void {
  const staged = depth > SHORT_ROW && bytesAhead(depth) != 0;
  if (staged && positions > 1) clearBlockMve(block, depth);
  for (; positions > 1; positions -= 2, input += 2 * depth, output += 2 * outputStride) {
    if (depth <= SHORT_ROW) {
      shortRows(input, depth, depth, weights, channels, rows, output, outputStride);
      continue;
    }
    let from = input;
    if (staged) {
      from = blockRowMve(block, depth, 0);
      copy(from, input, depth);
      copy(blockRowMve(block, depth, 1), input + depth, depth);
    }
    longRows(from, depth, weights, channels, rows, output, outputStride, block);
  }
  if (positions != 0) productOneMve(input, depth, weights, channels, rows, output);
}

/** Two rows of inputs, as in a block or, where nothing need be before them, beside each other. */
export function productTwoMve(
  input: usize,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
  sums: usize,
): void {
  if (depth <= SHORT_ROW) shortRows(input, depth, depth, weights, channels, rows, output, outputStride);
  else longRows(input, depth, weights, channels, rows, output, outputStride, sums);
}

/** One row of inputs, as it is; the last that the rows of the table serve, as sums go where the biases were. */
export function productOneMve(
  input: usize,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
): void {
  if (depth <= SHORT_ROW) shortRows(input, 0, depth, weights, channels, rows, output, 0);
  else oneRow(input, depth, weights, channels, rows, output);
}

function longRows(
  input: usize,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
  sums: usize,
): void {
  const ahead = bytesAhead(depth);
  const bytes = depth + ahead;
  input -= ahead;
  weights -= ahead;
  for (; channels >= 8; channels -= 8, rows += OCTET_BYTES, output += 8) {
    if (!isOctet(rows)) {
      eachChannel(input + ahead, depth, weights + ahead, 8, rows, output);
      eachChannel(input + ahead + bytes, depth, weights + ahead, 8, rows, output + outputStride);
      weights += 8 * depth;
      continue;
    }
    // channels 0 and 2
    let x0 = input;
    let x1 = input + bytes;
    let w0 = weights;
    let w1 = weights + 2 * depth;
    let sum00 = load<i32>(rows);
    let sum01 = load<i32>(rows, 4);
    let sum10 = sum00;
    let sum11 = sum01;
    let n = bytes >> 4;
    do {
      const a = v128.load(x0);
      const u = v128.load(w0);
      sum00 = mladava(a, u, sum00);
      const b = v128.load(x1);
      sum10 = mladava(b, u, sum10);
      const v = v128.load(w1);
      sum01 = mladava(a, v, sum01);
      sum11 = mladava(b, v, sum11);
      x0 += 16;
      x1 += 16;
      w0 += 16;
      w1 += 16;
    } while (--n);
    store<i32>(sums, sum00);
    store<i32>(sums, sum01, 4);
    store<i32>(sums, sum10, 32);
    store<i32>(sums, sum11, 36);
    weights += depth;
    // channels 1 and 3
    x0 = input;
    x1 = input + bytes;
    w0 = weights;
    w1 = weights + 2 * depth;
    sum00 = load<i32>(rows, 16);
    sum01 = load<i32>(rows, 20);
    sum10 = sum00;
    sum11 = sum01;
    n = bytes >> 4;
    do {
      const a = v128.load(x0);
      const u = v128.load(w0);
      sum00 = mladava(a, u, sum00);
      const b = v128.load(x1);
      sum10 = mladava(b, u, sum10);
      const v = v128.load(w1);
      sum01 = mladava(a, v, sum01);
      sum11 = mladava(b, v, sum11);
      x0 += 16;
      x1 += 16;
      w0 += 16;
      w1 += 16;
    } while (--n);
    store<i32>(sums, sum00, 16);
    store<i32>(sums, sum01, 20);
    store<i32>(sums, sum10, 48);
    store<i32>(sums, sum11, 52);
    weights += 3 * depth;
    // channels 4 and 6
    x0 = input;
    x1 = input + bytes;
    w0 = weights;
    w1 = weights + 2 * depth;
    sum00 = load<i32>(rows, 8);
    sum01 = load<i32>(rows, 12);
    sum10 = sum00;
    sum11 = sum01;
    n = bytes >> 4;
    do {
      const a = v128.load(x0);
      const u = v128.load(w0);
      sum00 = mladava(a, u, sum00);
      const b = v128.load(x1);
      sum10 = mladava(b, u, sum10);
      const v = v128.load(w1);
      sum01 = mladava(a, v, sum01);
      sum11 = mladava(b, v, sum11);
      x0 += 16;
      x1 += 16;
      w0 += 16;
      w1 += 16;
    } while (--n);
    store<i32>(sums, sum00, 8);
    store<i32>(sums, sum01, 12);
    store<i32>(sums, sum10, 40);
    store<i32>(sums, sum11, 44);
    weights += depth;
    // channels 5 and 7
    x0 = input;
    x1 = input + bytes;
    w0 = weights;
    w1 = weights + 2 * depth;
    sum00 = load<i32>(rows, 24);
    sum01 = load<i32>(rows, 28);
    sum10 = sum00;
    sum11 = sum01;
    n = bytes >> 4;
    do {
      const a = v128.load(x0);
      const u = v128.load(w0);
      sum00 = mladava(a, u, sum00);
      const b = v128.load(x1);
      sum10 = mladava(b, u, sum10);
      const v = v128.load(w1);
      sum01 = mladava(a, v, sum01);
      sum11 = mladava(b, v, sum11);
      x0 += 16;
      x1 += 16;
      w0 += 16;
      w1 += 16;
    } while (--n);
    store<i32>(sums, sum00, 24);
    store<i32>(sums, sum01, 28);
    store<i32>(sums, sum10, 56);
    store<i32>(sums, sum11, 60);
    weights += 3 * depth;
    requantizeTwice(
      v128.load(sums),
      v128.load(sums, 16),
      v128.load(sums, 32),
      v128.load(sums, 48),
      rows,
      output,
      outputStride,
    );
  }
  if (channels == 0) return;
  eachChannel(input + ahead, depth, weights + ahead, channels, rows, output);
  eachChannel(input + ahead + bytes, depth, weights + ahead, channels, rows, output + outputStride);
}

/** Four channels at a time share the loads of inputs. */
function oneRow(input: usize, depth: u32, weights: usize, channels: u32, rows: usize, output: usize): void {
  const ahead = bytesAhead(depth);
  const bytes = depth + ahead;
  const mask = behind(ahead);
  for (; channels >= 8; channels -= 8, rows += OCTET_BYTES, output += 8) {
    if (!isOctet(rows)) {
      eachChannel(input, depth, weights, 8, rows, output);
      weights += 8 * depth;
      continue;
    }
    for (let to = rows; to < rows + 16; to += 8, weights += 4 * depth) {
      let x = input - ahead;
      let w0 = weights - ahead;
      let w1 = w0 + depth;
      let w2 = w1 + depth;
      let w3 = w2 + depth;
      let sum0 = load<i32>(to);
      let sum1 = load<i32>(to, 16);
      let sum2 = load<i32>(to, 4);
      let sum3 = load<i32>(to, 20);
      let a = v128.and(v128.load(x), mask);
      for (let n = bytes >> 4; ; a = v128.load(x)) {
        sum0 = mladava(a, v128.load(w0), sum0);
        sum1 = mladava(a, v128.load(w1), sum1);
        sum2 = mladava(a, v128.load(w2), sum2);
        sum3 = mladava(a, v128.load(w3), sum3);
        if (--n == 0) break;
        x += 16;
        w0 += 16;
        w1 += 16;
        w2 += 16;
        w3 += 16;
      }
      store<i32>(to, sum0);
      store<i32>(to, sum1, 16);
      store<i32>(to, sum2, 4);
      store<i32>(to, sum3, 20);
    }
    requantizeOctet(v128.load(rows), v128.load(rows, 16), rows, output);
  }
  eachChannel(input, depth, weights, channels, rows, output);
}

/** Two rows of at most SHORT_ROW values, the other one `second` bytes behind, or 0 bytes where there is none. */
function shortRows(
  input: usize,
  second: u32,
  depth: u32,
  weights: usize,
  channels: u32,
  rows: usize,
  output: usize,
  outputStride: u32,
): void {
  const ahead = bytesAhead(depth);
  const x0 = v128.and(v128.load(input - ahead), behind(ahead));
  const x1 = v128.and(v128.load(input + second - ahead), behind(ahead));
  for (; channels >= 8; channels -= 8, rows += OCTET_BYTES, output += 8) {
    if (!isOctet(rows)) {
      eachChannel(input, depth, weights, 8, rows, output);
      eachChannel(input + second, depth, weights, 8, rows, output + outputStride);
      weights += 8 * depth;
      continue;
    }
    let w = weights - ahead;
    weights += 8 * depth;
    let even0 = i32x4.splat(0);
    let odd0 = even0;
    let even1 = even0;
    let odd1 = even0;
    let u = v128.load(w);
    even0 = i32x4.replace_lane(even0, 0, mladav(x0, u));
    even1 = i32x4.replace_lane(even1, 0, mladav(x1, u));
    u = v128.load((w += depth));
    odd0 = i32x4.replace_lane(odd0, 0, mladav(x0, u));
    odd1 = i32x4.replace_lane(odd1, 0, mladav(x1, u));
    u = v128.load((w += depth));
    even0 = i32x4.replace_lane(even0, 1, mladav(x0, u));
    even1 = i32x4.replace_lane(even1, 1, mladav(x1, u));
    u = v128.load((w += depth));
    odd0 = i32x4.replace_lane(odd0, 1, mladav(x0, u));
    odd1 = i32x4.replace_lane(odd1, 1, mladav(x1, u));
    u = v128.load((w += depth));
    even0 = i32x4.replace_lane(even0, 2, mladav(x0, u));
    even1 = i32x4.replace_lane(even1, 2, mladav(x1, u));
    u = v128.load((w += depth));
    odd0 = i32x4.replace_lane(odd0, 2, mladav(x0, u));
    odd1 = i32x4.replace_lane(odd1, 2, mladav(x1, u));
    u = v128.load((w += depth));
    even0 = i32x4.replace_lane(even0, 3, mladav(x0, u));
    even1 = i32x4.replace_lane(even1, 3, mladav(x1, u));
    u = v128.load(w + depth);
    odd0 = i32x4.replace_lane(odd0, 3, mladav(x0, u));
    odd1 = i32x4.replace_lane(odd1, 3, mladav(x1, u));
    const bias0 = v128.load(rows);
    const bias1 = v128.load(rows, 16);
    requantizeTwice(
      i32x4.add(even0, bias0),
      i32x4.add(odd0, bias1),
      i32x4.add(even1, bias0),
      i32x4.add(odd1, bias1),
      rows,
      output,
      outputStride,
    );
  }
  if (channels == 0) return;
  eachChannel(input, depth, weights, channels, rows, output);
  eachChannel(input + second, depth, weights, channels, rows, output + outputStride);
}

/** One row of inputs, a channel at a time: where there are not eight, or one has an unusual shift. */
function eachChannel(input: usize, depth: u32, weights: usize, channels: u32, rows: usize, output: usize): void {
  const ahead = bytesAhead(depth);
  const bytes = depth + ahead;
  const mask = behind(ahead);
  weights -= ahead;
  for (const end = output + channels; output < end; output++, rows += TABLE_ROW_BYTES, weights += depth) {
    let x = input - ahead;
    let w = weights;
    let sum = mladava(v128.and(v128.load(x), mask), v128.load(w), load<i32>(rows));
    for (let n = (bytes >> 4) - 1; n > 0; n--) {
      x += 16;
      w += 16;
      sum = mladava(v128.load(x), v128.load(w), sum);
    }
    store<i8>(output, <i8>requantizeRow(sum, rows));
  }
}

/** Ones in all bytes but the first `ahead`. */
function behind(ahead: u32): v128 {
  const index = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  return i8x16.shr_s(i8x16.sub(i8x16.splat(<i8>(ahead - 1)), index), 7);
}

/**
 * Fourier transform of a real signal in place: N = 128 ... 1024 samples as N / 2 complex numbers of two i32, in the order
 * of reversed bits. Two stages of Cooley and Tukey's decimation in time at once (radix 4), behind one of radix 2 where
 * N / 2 is no power of four.
 *
 * A product with a Q15 factor keeps the upper 32 of 48 bits, floored, so it halves; what is not multiplied is halved as
 * well. So a stage of radix 4, which can make numbers four times as large, makes them at most twice as large, and no
 * number leaves i32 when the samples have the bits that windowShift leaves them. `sine`: a quarter of a period in Q15,
 * i16[N / 4 + 1].
 */
import { multiplyTop } from '../fixed.ts';

/** Where the transform takes sample pair i: the bits of i reversed. */
export function nextReversed(reversed: u32, points: u32): u32 {
  let bit = points >> 1;
  for (; (reversed & bit) != 0; bit >>= 1) reversed ^= bit;
  return reversed | bit;
}

/** data: i32[points][2]; points: 64 ... 512. */
export function transform(sine: usize, points: u32, data: usize): void {
  const end = data + 8 * points;
  let h: u32 = 1;
  if ((ctz(points) & 1) != 0) {
    for (let at = data; at < end; at += 16) addAndSubtract(at);
    h = 2;
  }
  for (; h < points; h <<= 2) stage(sine, points >> 1, data, end, h);
}

function addAndSubtract(at: usize): void {
  const ar = load<i32>(at);
  const ai = load<i32>(at, 4);
  const br = load<i32>(at, 8);
  const bi = load<i32>(at, 12);
  store<i32>(at, ar + br);
  store<i32>(at, ai + bi, 4);
  store<i32>(at, ar - br, 8);
  store<i32>(at, ai - bi, 12);
}

/** Transforms of 4 h points from four of h; the factors of each k serve all of them. */
function stage(sine: usize, quarter: u32, data: usize, end: usize, h: u32): void {
  const step = quarter / h;
  const second = 8 * h;
  const third = 2 * second;
  const fourth = 3 * second;
  for (let k: u32 = 0; k < h; k++) {
    const angle = k * step;
    const c1 = sineOf(sine, quarter, angle + quarter);
    const s1 = sineOf(sine, quarter, angle);
    const c2 = sineOf(sine, quarter, 2 * angle + quarter);
    const s2 = sineOf(sine, quarter, 2 * angle);
    const c3 = sineOf(sine, quarter, 3 * angle + quarter);
    const s3 = sineOf(sine, quarter, 3 * angle);
    for (let at = data + 8 * k; at < end; at += 4 * second) {
      let xr = load<i32>(at + second);
      let xi = load<i32>(at + second, 4);
      const br = multiplyTop(xr, c2) + multiplyTop(xi, s2);
      const bi = multiplyTop(xi, c2) - multiplyTop(xr, s2);
      xr = load<i32>(at + third);
      xi = load<i32>(at + third, 4);
      const cr = multiplyTop(xr, c1) + multiplyTop(xi, s1);
      const ci = multiplyTop(xi, c1) - multiplyTop(xr, s1);
      xr = load<i32>(at + fourth);
      xi = load<i32>(at + fourth, 4);
      const dr = multiplyTop(xr, c3) + multiplyTop(xi, s3);
      const di = multiplyTop(xi, c3) - multiplyTop(xr, s3);
      const ar = load<i32>(at) >> 1;
      const ai = load<i32>(at, 4) >> 1;
      store<i32>(at, ar + br + (cr + dr));
      store<i32>(at, ai + bi + (ci + di), 4);
      store<i32>(at + third, ar + br - (cr + dr));
      store<i32>(at + third, ai + bi - (ci + di), 4);
      store<i32>(at + second, ar - br + (ci - di));
      store<i32>(at + second, ai - bi - (cr - dr), 4);
      store<i32>(at + fourth, ar - br - (ci - di));
      store<i32>(at + fourth, ai - bi + (cr - dr), 4);
    }
  }
}

/** sin(2 pi i / N) in Q15 for i < 2 N; quarter: N / 4. */
export function sineOf(sine: usize, quarter: u32, i: u32): i32 {
  const half = i & (2 * quarter - 1);
  const value = <i32>load<i16>(sine + 2 * (half > quarter ? 2 * quarter - half : half));
  return (i & (2 * quarter)) != 0 ? -value : value;
}

/**
 * Turns the transform of pairs into energies of the real signal: u64 |X[k]|^2 / 256 in place of point k, 0 < k < points, in
 * units that the samples' shift sets. X[k] = E + O and X[points - k] = conj(E - O), where
 * E = (Z[k] + conj Z[points - k]) / 2 and O = -j W^k (Z[k] - conj Z[points - k]) / 2.
 */
export function energies(sine: usize, points: u32, data: usize): void {
  const quarter = points >> 1;
  for (let k: u32 = 1; k <= quarter; k++) {
    const here = data + 8 * k;
    const there = data + 8 * (points - k);
    const zr = load<i32>(here);
    const zi = load<i32>(here, 4);
    const mr = load<i32>(there);
    const mi = load<i32>(there, 4);
    const c = <i32>load<i16>(sine + 2 * (quarter - k));
    const s = <i32>load<i16>(sine + 2 * k);
    const evenR = (zr + mr) >> 1;
    const evenI = (zi - mi) >> 1;
    const oddR = multiplyTop(zi + mi, c) - multiplyTop(zr - mr, s);
    const oddI = multiplyTop(zr - mr, c) + multiplyTop(zi + mi, s);
    store<u64>(here, energy(evenR + oddR, evenI - oddI));
    store<u64>(there, energy(evenR - oddR, evenI + oddI));
  }
}

function energy(re: i32, im: i32): u64 {
  return <u64>(<i64>re * <i64>re + <i64>im * <i64>im) >> 8;
}

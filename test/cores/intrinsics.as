// AssemblyScript, beside intrinsics.c: the same vectors through the polyfill, for intrinsics.test.ts, as no vector passes
// to JavaScript. The memory from 0 on is what intrinsics.c calls MEMORY; at EDGES lies its table.
import * as mve from '../../assembly/intrinsics/mve.polyfill.ts';

const EDGES: usize = 1024;

function edge(i: u32): u32 {
  return load<u32>(EDGES + 4 * (i & 15));
}

function vector(i: u32, j: u32): v128 {
  for (let k: u32 = 0; k < 4; k++) store<u32>(4 * k, edge(i + k) + j * k);
  return v128.load(0);
}

function folded(v: v128): u32 {
  let sum: u32 = 0;
  v128.store(0, v);
  for (let k: usize = 0; k < 4; k++) sum = sum * 31 + load<u32>(4 * k);
  return sum;
}

function fillMemory(): void {
  for (let k: u32 = 0; k < 256; k++) store<u8>(k, <u8>(37 * k + 11));
}

/** words u32[20] <- each intrinsic */
export function vectors(i: u32, j: u32, words: usize): void {
  const a = vector(i, j);
  const b = vector(j, i);
  const c = vector(i + j, 1);
  store<u32>(words, mve.mladav(a, b));
  store<u32>(words, mve.mladava(a, b, edge(i)), 4);
  store<u32>(words, mve.minv(a, edge(j) & 127), 8);
  store<u32>(words, folded(mve.qrdmulh(a, b)), 12);
  store<u32>(words, folded(mve.shlv(a, i32x4.splat(2 * j - 16))), 16);
  store<u32>(words, folded(mve.widenEven(a)), 20);
  store<u32>(words, folded(mve.widenOdd(a)), 24);
  store<u32>(words, folded(mve.narrowEven(a)), 28);
  store<u32>(words, folded(mve.narrowOdd(c, a)), 32);
  store<u32>(words, folded(mve.narrowBytes(a)), 36);
  fillMemory();
  mve.storeBytes(33, a);
  store<u32>(words, folded(v128.load(32)), 40);
  fillMemory();
  mve.storeFirst(33, a, j + 1);
  store<u32>(words, folded(v128.load(32)), 44);
  fillMemory();
  store<u32>(words, folded(mve.loadFirst(i + 1, j + 1)), 48);
  fillMemory();
  store<u32>(words, folded(mve.gatherWords(0, i32x4.splat(4 * j))), 52);
  fillMemory();
  store<u32>(words, folded(mve.gatherWiden(0, i16x8.splat(<i16>(9 * j)))), 56);
  fillMemory();
  store<u32>(words, folded(mve.gatherBytes(0, a)), 60);
  fillMemory();
  store<u32>(words, folded(mve.gatherFirst(0, a, j + 1)), 64);
  fillMemory();
  store<u32>(words, folded(mve.loadFour(16 * i + j)), 68);
  const by = i8x16.sub(v128.and(b, i8x16.splat(15)), i8x16.splat(8));
  store<u32>(words, folded(mve.shiftBytes(a, by)), 72);
  store<u32>(words, folded(mve.joinFields(a, b)), 76);
}

/**
 * Fixed-point arithmetic of TensorFlow Lite's quantisation specification and of gemmlowp, written a second time in
 * BigInt so that it shares nothing with the host's. A number of n integer bits is a raw value over 2^(31 - n).
 */

/** A real factor as m * 2^(shift - 31), m in [2^30, 2^31) or 0. */
export interface Factor {
  m: bigint;
  shift: number;
}

const ONE = (1n << 31n) - 1n;
const MIN = -(1n << 31n);

const wrap = (x: bigint): bigint => BigInt.asIntN(32, x);
const saturate = (x: bigint): bigint => (x > ONE ? ONE : x < MIN ? MIN : x);

/** From the bits of the double: 53 of them rounded to 31, half away from zero. */
export function factorOf(real: number): Factor {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, real);
  const word = bits.getBigUint64(0);
  const exponent = Number((word >> 52n) & 0x7ffn);
  if (exponent === 0) return { m: 0n, shift: 0 }; // zero, or far below what any shift reaches
  const mantissa = (word & ((1n << 52n) - 1n)) | (1n << 52n);
  let m = (mantissa + (1n << 21n)) >> 22n;
  let shift = exponent - 1022;
  if (m === 1n << 31n) {
    m >>= 1n;
    shift++;
  }
  return shift < -31 ? { m: 0n, shift: 0 } : { m, shift };
}

/** a * b / 2^31 with gemmlowp's nudge: ties go up, towards plus infinity for both signs. */
function highProduct(a: bigint, b: bigint): bigint {
  if (a === MIN && b === MIN) return ONE;
  const product = a * b;
  return (product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n);
}

/** x / 2^bits, half away from zero. */
export function divideByPower(x: bigint, bits: number): bigint {
  if (bits === 0) return x;
  const half = 1n << BigInt(bits - 1);
  return x >= 0n ? (x + half) >> BigInt(bits) : -((-x + half) >> BigInt(bits));
}

export function scaled(x: number, { m, shift }: Factor): number {
  const left = wrap(BigInt(x) << BigInt(Math.max(shift, 0)));
  return Number(divideByPower(highProduct(left, m), Math.max(-shift, 0)));
}

const shiftLeft = (x: bigint, bits: number): bigint => saturate(x << BigInt(bits));

/** e^a of a <= 0 with so many integer bits, as a number without integer bits. */
export function exponential(a: bigint, integerBits: number): bigint {
  if (a === 0n) return ONE;
  const quarter = 1n << BigInt(31 - integerBits - 2);
  const inQuarter = (BigInt.asUintN(32, a) & (quarter - 1n)) - quarter; // in [-1/4, 0)
  let result = expNear(shiftLeft(inQuarter, integerBits));
  const rest = inQuarter - a;
  const powers = [1672461947n, 1302514674n, 790015084n, 290630308n, 39332535n, 720401n, 242n]; // e^-(1/4), e^-(1/2), ...
  powers.forEach((power, i) => {
    if (integerBits > i - 2 && (rest >> BigInt(31 - integerBits + i - 2)) & 1n) result = highProduct(result, power);
  });
  return result;
}

/** Around -1/8, to the fourth power. */
function expNear(a: bigint): bigint {
  const middle = 1895147668n; // e^-(1/8)
  const third = 715827883n;
  const x = a + (1n << 28n);
  const x2 = highProduct(x, x);
  const x3 = highProduct(x2, x);
  const x4 = highProduct(x2, x2);
  const tail = divideByPower(highProduct(divideByPower(x4, 2) + x3, third) + x2, 1);
  return middle + highProduct(middle, x + tail);
}

/** 2 / (1 + a) with two integer bits, a in [0, 1) without: three steps of Newton and Raphson. */
function reciprocal(a: bigint): bigint {
  const half = (a + ONE + 1n) / 2n;
  let x = 1515870810n + highProduct(half, -1010580540n); // 48/17 - 32/17 d
  for (let step = 0; step < 3; step++) x += shiftLeft(highProduct(x, (1n << 29n) - highProduct(half, x)), 2);
  return x;
}

const inverse = (a: bigint): bigint => shiftLeft(reciprocal(a), 1);

/** 1 / (1 + e^-a), a with four integer bits. */
export function logistic(a: bigint): bigint {
  if (a === 0n) return 1n << 30n;
  const positive = inverse(exponential(a > 0n ? -a : a, 4));
  return a > 0n ? positive : ONE - positive;
}

/** a with four integer bits; twice that has five. */
export function tanh(a: bigint): bigint {
  if (a === 0n) return 0n;
  const magnitude = shiftLeft(reciprocal(exponential(a > 0n ? -a : a, 5)) - (1n << 29n), 2);
  return a > 0n ? magnitude : -magnitude;
}

/** A row of softmax over INT8, to scale 1/256 and zero point -128; `factor` brings differences to five integer bits. */
export function softmaxRow(row: readonly number[], factor: Factor): number[] {
  const largest = Math.max(...row);
  const lowest = -Math.floor((31 * 2 ** 26) / 2 ** factor.shift);
  const exponentials = row.map((q) =>
    q - largest < lowest ? null : exponential(BigInt(scaled(q - largest, factor)), 5),
  );
  const sum = exponentials.reduce<bigint>((total, e) => total + (e === null ? 0n : divideByPower(e, 12)), 0n);
  const headroom = 32 - sum.toString(2).length;
  const scale = inverse((sum << BigInt(headroom)) - (1n << 31n));
  const bits = 12 - headroom + 31 - 8;
  return exponentials.map((e) => {
    if (e === null) return -128;
    const quotient = Number(divideByPower(highProduct(scale, e), bits)) - 128;
    return Math.min(Math.max(quotient, -128), 127);
  });
}

/** HARD_SWISH of one value, in 16 bits throughout. Scales are float32. */
export function hardSwish(q: number, input: Scale, output: Scale): number {
  const f = Math.fround;
  const fine = f(f(1 / 128) * input.scale);
  const toOutput = factorOf(f(fine / output.scale));
  const toGate = factorOf(f(fine / f(3 / 32768)));
  const half = ({ m }: Factor) => (m >= ONE - (1n << 15n) ? 32767 : Number((m + (1n << 15n)) >> 16n));
  const short = (x: number) => Math.min(Math.max(x, -32768), 32767);
  const rounded = (a: number, b: number) => {
    const product = a * b;
    return Math.trunc((product + (product >= 0 ? 16384 : -16383)) / 32768);
  };
  const value = Number(BigInt.asIntN(16, BigInt(q - input.zeroPoint) * 128n));
  const onOutput = rounded(value, half(toOutput));
  let gate = toGate.shift > 0 ? short(value * 2 ** (toGate.shift - 1)) : value;
  gate = rounded(gate, half(toGate));
  if (toGate.shift > 0) gate = short(gate * 2);
  if (toGate.shift < 0) gate = Number(divideByPower(BigInt(gate), -toGate.shift));
  const open = Math.floor((gate + 32768) / 2);
  const product = Math.trunc((open * onOutput) / 32768);
  return Number(divideByPower(BigInt(product), -toOutput.shift)) + output.zeroPoint;
}

export interface Scale {
  scale: number;
  zeroPoint: number;
}

/** 1 / sqrt(x) of x > 0 as m * 2^(shift - 31), m not normalised: five steps of Newton's from 1, on x in [2^27, 2^29). */
export function inverseRoot(x: bigint): Factor {
  if (x === 1n) return { m: ONE, shift: 0 };
  let [value, right] = [x, 11];
  while (value < 1n << 27n) {
    value <<= 2n;
    right--;
  }
  while (value >= 1n << 29n) {
    value /= 4n;
    right++;
  }
  const half = divideByPower(value >> 1n, 1);
  let y = 1n << 28n; // three integer bits
  for (let i = 0; i < 5; i++) {
    const cube = saturate(highProduct(highProduct(y, y), y) << 6n);
    y = saturate((highProduct(3n << 27n, y) - highProduct(half, cube)) << 3n);
  }
  y = highProduct(y, 1518500250n); // root of a half
  return right < 0 ? { m: y << BigInt(-right), shift: 0 } : { m: y, shift: -right };
}

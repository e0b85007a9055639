/*
 * Vectors of translated WebAssembly, and what the `mve` variant imports of assembly/intrinsics/mve.ts: one instruction
 * of Arm's Helium each, and plain C with the same results for other compilers, which is right for tests on a host.
 * wasm2c calls WebAssembly's own operations by the names of SIMDe; those that kernels use are here, and no others.
 */
#ifndef HTPW_HELIUM_H
#define HTPW_HELIUM_H

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

typedef int32x4_t v128;
typedef int8x16_t unaligned __attribute__((aligned(1), may_alias)); /* in memory: VLDRB and VSTRB take any address */
#define BYTES(v) vreinterpretq_s8_s32(v)
#define HALVES(v) vreinterpretq_s16_s32(v)
#define FROM_BYTES(v) vreinterpretq_s32_s8(v)
#define FROM_HALVES(v) vreinterpretq_s32_s16(v)
/* As in the prelude: loads stay in the order they were written, and here sums, which would wait in memory. */
#define IN_ORDER(v) __asm__("" ::"w"(v))

/* A constant that the compiler knows nothing of: a vector of it is made in two instructions, not kept in flash. */
W2C_INLINE u32 w2c_in_register(u32 x) {
  if (__builtin_constant_p(x) && x != 0) __asm__("" : "+r"(x));
  return x;
}

W2C_INLINE v128 v128_load_default32(u64 address) {
  v128 value = FROM_BYTES(*(const unaligned *)w2c_address(address, 16));
  IN_ORDER(value);
  return value;
}
W2C_INLINE v128 i16x8_load8x8_default32(u64 address) {
  v128 value = FROM_HALVES(vldrbq_s16((const s8 *)w2c_address(address, 8)));
  IN_ORDER(value);
  return value;
}
W2C_INLINE void v128_store_default32(u64 address, v128 v) { *(unaligned *)w2c_address(address, 16) = BYTES(v); }

#define v128_i32x4_replace_lane(v, lane, x) vsetq_lane_s32((s32)(x), v, lane)
#define v128_i16x8_replace_lane(v, lane, x) FROM_HALVES(vsetq_lane_s16((s16)(x), HALVES(v), lane))

#define simde_wasm_v128_and(a, b) vandq_s32(a, b)
#define simde_wasm_i8x16_splat(x) FROM_BYTES(vdupq_n_s8((s8)w2c_in_register(x)))
#define simde_wasm_v128_xor(a, b) veorq_s32(a, b)
#define v128_i16x8_extract_lane(a, lane) ((u32)(s32)vgetq_lane_s16(HALVES(a), lane))
#define simde_wasm_i8x16_min(a, b) FROM_BYTES(vminq_s8(BYTES(a), BYTES(b)))
#define simde_wasm_i8x16_max(a, b) FROM_BYTES(vmaxq_s8(BYTES(a), BYTES(b)))
#define simde_wasm_i32x4_mul(a, b) vmulq_s32(a, b)
#define simde_wasm_i32x4_shl(a, n) vshlq_r_s32(a, (s32)(n))
#define simde_wasm_i16x8_sub(a, b) FROM_HALVES(vsubq_s16(HALVES(a), HALVES(b)))
#define simde_wasm_i8x16_sub(a, b) FROM_BYTES(vsubq_s8(BYTES(a), BYTES(b)))
#define simde_wasm_i8x16_shr(a, n) FROM_BYTES(BYTES(a) >> (s8)(n)) /* by constants */
#define simde_wasm_u8x16_shr(a, n) vreinterpretq_s32_u8(vreinterpretq_u8_s32(a) >> (u8)(n))
#define simde_wasm_i8x16_add(a, b) FROM_BYTES(vaddq_s8(BYTES(a), BYTES(b)))
#define simde_wasm_i16x8_splat(x) FROM_HALVES(vdupq_n_s16((s16)w2c_in_register(x)))
#define simde_wasm_i16x8_add(a, b) FROM_HALVES(vaddq_s16(HALVES(a), HALVES(b)))
#define simde_wasm_i16x8_mul(a, b) FROM_HALVES(vmulq_s16(HALVES(a), HALVES(b)))
#define simde_wasm_i16x8_min(a, b) FROM_HALVES(vminq_s16(HALVES(a), HALVES(b)))
#define simde_wasm_i16x8_max(a, b) FROM_HALVES(vmaxq_s16(HALVES(a), HALVES(b)))
#define simde_wasm_i32x4_splat(x) vdupq_n_s32((s32)w2c_in_register(x))
W2C_INLINE v128 simde_wasm_i32x4_add(v128 a, v128 b) {
  v128 sum = vaddq_s32(a, b);
  IN_ORDER(sum);
  return sum;
}
#define simde_wasm_i32x4_neg(a) vnegq_s32(a)
#define simde_wasm_i32x4_min(a, b) vminq_s32(a, b)
#define simde_wasm_i32x4_shr(a, n) (__builtin_constant_p(n) ? (a) >> (s32)(n) : vshlq_r_s32(a, -(s32)(n)))
#define simde_wasm_i32x4_all_true(a) (vcmpneq_n_s32(a, 0) == 0xffff)

W2C_INLINE u32 w2c_mve_mladav(v128 a, v128 b) { return (u32)vmladavq_s8(BYTES(a), BYTES(b)); }
W2C_INLINE u32 w2c_mve_mladava(v128 a, v128 b, u32 acc) { return (u32)vmladavaq_s8((s32)acc, BYTES(a), BYTES(b)); }
W2C_INLINE u32 w2c_mve_minv(v128 a, u32 low) { return (u32)vminvq_s16((s16)low, HALVES(a)); }
W2C_INLINE v128 w2c_words(s32 a, s32 b, s32 c, s32 d) {
  return a == b && a == c && a == d ? simde_wasm_i32x4_splat(a) : (v128){a, b, c, d};
}

W2C_INLINE v128 w2c_mve_qrdmulh(v128 a, v128 b) { return vqrdmulhq_s32(a, b); }
W2C_INLINE v128 w2c_mve_shlv(v128 a, v128 by) { return vshlq_s32(a, by); }
W2C_INLINE v128 w2c_mve_widenEven(v128 a) { return vmovlbq_s16(HALVES(a)); }
W2C_INLINE v128 w2c_mve_widenOdd(v128 a) { return vmovltq_s16(HALVES(a)); }
W2C_INLINE v128 w2c_mve_narrowEven(v128 a) { return FROM_HALVES(vqmovnbq_s32(HALVES(a), a)); }
W2C_INLINE v128 w2c_mve_narrowOdd(v128 into, v128 a) { return FROM_HALVES(vqmovntq_s32(HALVES(into), a)); }
W2C_INLINE v128 w2c_mve_narrowBytes(v128 a) { return FROM_BYTES(vqmovnbq_s16(BYTES(a), HALVES(a))); }
W2C_INLINE void w2c_mve_storeBytes(u32 address, v128 a) { vstrbq_s16((s8 *)w2c_address(address, 8), HALVES(a)); }
W2C_INLINE v128 w2c_mve_gatherWords(u32 base, v128 offsets) {
  return vldrwq_gather_offset_s32((const s32 *)w2c_address(base, 4), vreinterpretq_u32_s32(offsets));
}
W2C_INLINE v128 w2c_mve_gatherWiden(u32 base, v128 offsets) {
  return FROM_HALVES(vldrbq_gather_offset_s16((const s8 *)w2c_address(base, 1), vreinterpretq_u16_s32(offsets)));
}
W2C_INLINE v128 w2c_mve_gatherBytes(u32 base, v128 offsets) {
  return FROM_BYTES(vldrbq_gather_offset_s8((const s8 *)w2c_address(base, 1), vreinterpretq_u8_s32(offsets)));
}
W2C_INLINE v128 w2c_mve_gatherFirst(u32 base, v128 offsets, u32 count) {
  const s8 *from = (const s8 *)w2c_address(base, 1);
  return FROM_BYTES(vldrbq_gather_offset_z_s8(from, vreinterpretq_u8_s32(offsets), vctp8q(count)));
}
W2C_INLINE v128 w2c_mve_loadFour(u32 address) {
  return vreinterpretq_s32_u32(vldrbq_u32((const u8 *)w2c_address(address, 1)));
}
W2C_INLINE v128 w2c_mve_shiftBytes(v128 a, v128 by) {
  return vreinterpretq_s32_u8(vshlq_u8(vreinterpretq_u8_s32(a), BYTES(by)));
}
W2C_INLINE v128 w2c_mve_joinFields(v128 a, v128 b) {
  return vreinterpretq_s32_u8(vsriq_n_u8(vreinterpretq_u8_s32(a), vreinterpretq_u8_s32(b), 2));
}
W2C_INLINE v128 w2c_mve_loadFirst(u32 address, u32 count) {
  return FROM_BYTES(vldrbq_z_s8((const s8 *)w2c_address(address, 1), vctp8q(count)));
}
W2C_INLINE void w2c_mve_storeFirst(u32 address, v128 a, u32 count) {
  vstrbq_p_s8((s8 *)w2c_address(address, 1), BYTES(a), vctp8q(count));
}

#else

/* vectors are passed between functions of this file alone, so that how does not matter */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wpsabi"
#endif

typedef s32 v128 __attribute__((vector_size(16)));
typedef u32 u32x4 __attribute__((vector_size(16)));
typedef s16 s16x8 __attribute__((vector_size(16)));
typedef u16 u16x8 __attribute__((vector_size(16)));
typedef s8 s8x16 __attribute__((vector_size(16)));
typedef u8 u8x16 __attribute__((vector_size(16)));

/* Unaligned: every byte is looked at by itself where the prelude checks addresses. */
W2C_INLINE v128 v128_load_default32(u64 address) {
  s8x16 value;
  for (int i = 0; i < 16; i++) value[i] = (s8)i32_load8_s_default32(address + (u64)i);
  return (v128)value;
}
W2C_INLINE v128 i16x8_load8x8_default32(u64 address) {
  s16x8 value;
  for (int i = 0; i < 8; i++) value[i] = (s16)i32_load8_s_default32(address + (u64)i);
  return (v128)value;
}
W2C_INLINE void v128_store_default32(u64 address, v128 v) {
  for (int i = 0; i < 16; i++) i32_store8_default32(address + (u64)i, (u8)((s8x16)v)[i]);
}

W2C_INLINE v128 v128_i32x4_replace_lane(v128 v, u32 lane, u32 x) {
  v[lane] = (s32)x;
  return v;
}

W2C_INLINE v128 v128_i16x8_replace_lane(v128 v, u32 lane, u32 x) {
  s16x8 result = (s16x8)v;
  result[lane] = (s16)x;
  return (v128)result;
}

#define LANE_BY_LANE(name, lanes, type, expression)        \
  W2C_INLINE v128 name(v128 a, v128 b) {                   \
    type result;                                           \
    for (int i = 0; i < lanes; i++) {                      \
      s32 x = ((type)a)[i], y = ((type)b)[i];              \
      result[i] = expression;                              \
    }                                                      \
    return (v128)result;                                   \
  }
LANE_BY_LANE(simde_wasm_i8x16_min, 16, s8x16, (s8)(x < y ? x : y))
LANE_BY_LANE(simde_wasm_i8x16_max, 16, s8x16, (s8)(x > y ? x : y))
LANE_BY_LANE(simde_wasm_i16x8_min, 8, s16x8, (s16)(x < y ? x : y))
LANE_BY_LANE(simde_wasm_i16x8_max, 8, s16x8, (s16)(x > y ? x : y))
LANE_BY_LANE(simde_wasm_i32x4_min, 4, v128, x < y ? x : y)
/* The lowest byte says how far, also beyond the width: a damaged plan can have anything there. */
W2C_INLINE s32 w2c_shifted(s32 x, s8 by) {
  if (by < 0) return x >> (by < -31 ? 31 : -by);
  return by > 31 ? 0 : (s32)((u32)x << by);
}
LANE_BY_LANE(w2c_mve_shlv, 4, v128, w2c_shifted(x, (s8)y))

/* Arithmetic that wraps is unsigned, so that it is defined. */
#define simde_wasm_v128_and(a, b) ((a) & (b))
#define simde_wasm_v128_xor(a, b) ((a) ^ (b))
#define v128_i16x8_extract_lane(a, lane) ((u32)(s32)((s16x8)(a))[lane])
#define simde_wasm_i32x4_mul(a, b) ((v128)((u32x4)(a) * (u32x4)(b)))
#define simde_wasm_i32x4_shl(a, n) ((v128)((u32x4)(a) << (u32)(n)))
#define simde_wasm_i16x8_sub(a, b) ((v128)((u16x8)(a) - (u16x8)(b)))
#define simde_wasm_i8x16_sub(a, b) ((v128)((u8x16)(a) - (u8x16)(b)))
#define simde_wasm_i8x16_shr(a, n) ((v128)((s8x16)(a) >> (s8)(n)))
#define simde_wasm_i8x16_splat(x) ((v128)((u8x16){0} + (u8)(x)))
#define simde_wasm_u8x16_shr(a, n) ((v128)((u8x16)(a) >> (u8)(n)))
#define simde_wasm_i8x16_add(a, b) ((v128)((u8x16)(a) + (u8x16)(b)))
#define simde_wasm_i16x8_splat(x) ((v128)((u16x8){0} + (u16)(x)))
#define simde_wasm_i16x8_add(a, b) ((v128)((u16x8)(a) + (u16x8)(b)))
#define simde_wasm_i16x8_mul(a, b) ((v128)((u16x8)(a) * (u16x8)(b)))
#define simde_wasm_i32x4_splat(x) ((v128)((u32x4){0} + (u32)(x)))
#define simde_wasm_i32x4_add(a, b) ((v128)((u32x4)(a) + (u32x4)(b)))
#define simde_wasm_i32x4_neg(a) ((v128)(-(u32x4)(a)))
#define simde_wasm_i32x4_shr(a, n) ((a) >> (s32)(n))

W2C_INLINE u32 simde_wasm_i32x4_all_true(v128 a) { return a[0] && a[1] && a[2] && a[3]; }

W2C_INLINE u32 w2c_mve_mladav(v128 a, v128 b) {
  s32 sum = 0;
  for (int i = 0; i < 16; i++) sum += ((s8x16)a)[i] * ((s8x16)b)[i];
  return (u32)sum;
}
W2C_INLINE u32 w2c_mve_mladava(v128 a, v128 b, u32 acc) { return acc + w2c_mve_mladav(a, b); }
W2C_INLINE u32 w2c_mve_minv(v128 a, u32 low) {
  s32 least = (s16)low;
  for (int i = 0; i < 8; i++) least = ((s16x8)a)[i] < least ? ((s16x8)a)[i] : least;
  return (u32)least;
}
W2C_INLINE v128 w2c_words(s32 a, s32 b, s32 c, s32 d) { return (v128){a, b, c, d}; }
W2C_INLINE v128 w2c_mve_qrdmulh(v128 a, v128 b) {
  v128 result;
  for (int i = 0; i < 4; i++) {
    s64 product = ((s64)a[i] * b[i] + 0x40000000) >> 31;
    result[i] = (s32)(product > INT32_MAX ? INT32_MAX : product);
  }
  return result;
}
W2C_INLINE v128 w2c_mve_widenEven(v128 a) {
  s16x8 h = (s16x8)a;
  return (v128){h[0], h[2], h[4], h[6]};
}
W2C_INLINE v128 w2c_mve_widenOdd(v128 a) {
  s16x8 h = (s16x8)a;
  return (v128){h[1], h[3], h[5], h[7]};
}
W2C_INLINE s32 w2c_saturated(s32 x, s32 highest) { return x > highest ? highest : x < ~highest ? ~highest : x; }
W2C_INLINE v128 w2c_mve_narrowOdd(v128 into, v128 a) {
  s16x8 result = (s16x8)into;
  for (int i = 0; i < 4; i++) result[2 * i + 1] = (s16)w2c_saturated(a[i], INT16_MAX);
  return (v128)result;
}
W2C_INLINE v128 w2c_mve_narrowEven(v128 a) {
  s16x8 result = (s16x8)a;
  for (int i = 0; i < 4; i++) result[2 * i] = (s16)w2c_saturated(a[i], INT16_MAX);
  return (v128)result;
}
W2C_INLINE v128 w2c_mve_narrowBytes(v128 a) {
  s8x16 result = (s8x16)a;
  for (int i = 0; i < 8; i++) result[2 * i] = (s8)w2c_saturated(((s16x8)a)[i], INT8_MAX);
  return (v128)result;
}
W2C_INLINE void w2c_mve_storeBytes(u32 address, v128 a) {
  for (u32 i = 0; i < 8; i++) i32_store8_default32(address + i, (u8)((s8x16)a)[2 * i]);
}
W2C_INLINE v128 w2c_mve_gatherWords(u32 base, v128 offsets) {
  v128 result;
  for (int i = 0; i < 4; i++) result[i] = (s32)i32_load_default32(base + (u32)offsets[i]);
  return result;
}
W2C_INLINE v128 w2c_mve_gatherWiden(u32 base, v128 offsets) {
  s16x8 result;
  for (int i = 0; i < 8; i++) result[i] = (s8)i32_load8_s_default32(base + ((u16x8)offsets)[i]);
  return (v128)result;
}
W2C_INLINE v128 w2c_mve_gatherBytes(u32 base, v128 offsets) {
  s8x16 result;
  for (int i = 0; i < 16; i++) result[i] = (s8)i32_load8_s_default32(base + ((u8x16)offsets)[i]);
  return (v128)result;
}
W2C_INLINE v128 w2c_mve_gatherFirst(u32 base, v128 offsets, u32 count) {
  s8x16 result = {0};
  for (u32 i = 0; i < 16 && i < count; i++) result[i] = (s8)i32_load8_s_default32(base + ((u8x16)offsets)[i]);
  return (v128)result;
}
W2C_INLINE v128 w2c_mve_loadFour(u32 address) {
  v128 result;
  for (u32 i = 0; i < 4; i++) result[i] = (s32)i32_load8_u_default32(address + i);
  return result;
}
W2C_INLINE v128 w2c_mve_shiftBytes(v128 a, v128 by) {
  u8x16 result;
  for (int i = 0; i < 16; i++) {
    s32 left = ((s8x16)by)[i];
    u32 x = ((u8x16)a)[i];
    result[i] = (u8)(left > 7 || left < -7 ? 0 : left < 0 ? x >> -left : x << left);
  }
  return (v128)result;
}
W2C_INLINE v128 w2c_mve_joinFields(v128 a, v128 b) {
  return (v128)(((u8x16)a & 0xc0) | ((u8x16)b >> 2));
}
W2C_INLINE v128 w2c_mve_loadFirst(u32 address, u32 count) {
  s8x16 result = {0};
  for (u32 i = 0; i < 16 && i < count; i++) result[i] = (s8)i32_load8_s_default32(address + i);
  return (v128)result;
}
W2C_INLINE void w2c_mve_storeFirst(u32 address, v128 a, u32 count) {
  for (u32 i = 0; i < 16 && i < count; i++) i32_store8_default32(address + i, (u8)((s8x16)a)[i]);
}

#endif

#define simde_wasm_i64x2_make(high, low) simde_wasm_i32x4_splat(0) /* what wasm2c sets locals to */
#define W2C_WORD(a, b, c, d) (s32)((u32)(a) | (u32)(b) << 8 | (u32)(c) << 16 | (u32)(d) << 24)
#define v128_const(a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3) \
  w2c_words(W2C_WORD(a0, a1, a2, a3), W2C_WORD(b0, b1, b2, b3), W2C_WORD(c0, c1, c2, c3), W2C_WORD(d0, d1, d2, d3))

#endif

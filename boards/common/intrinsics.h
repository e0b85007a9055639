/*
 * What the runtime imports, by module of assembly/intrinsics/, which says what each function means: `core` for every
 * variant, `dsp` with one Arm instruction each.
 * Included before the translated runtime, so that every call is inlined. Cores without the DSP extension get plain C
 * with the same results: right for tests on a host, too slow for a device, which should take the `scalar` variant.
 */
#ifndef HTPW_INTRINSICS_H
#define HTPW_INTRINSICS_H

/* What the runtime keeps, one bit per feature of assembly/features.ts; the build of a firmware leaves out the rest. */
#ifndef HTPW_FEATURES
#define HTPW_FEATURES 0xffffffffffffffffull
#endif

/*
 * Bits 62 and 63 are of the core, whatever the image uses: a multiplication to 64 bits, and loading signed bytes at a
 * constant distance from a register. ARMv6-M has neither.
 */
#define CORE_MASK (3ull << 62)
#ifdef __ARM_ARCH_6M__
#define CORE_FEATURES 0ull
#else
#define CORE_FEATURES CORE_MASK
#endif
/* Word by word: a bit that only the image tells costs a shift of 32 bits, and no constant of 64. */
W2C_INLINE u32 w2c_core_uses(u32 feature) {
  const u64 features = (HTPW_FEATURES & ~CORE_MASK) | CORE_FEATURES;
  return (feature < 32 ? (u32)features >> feature : (u32)(features >> 32) >> (feature - 32)) & 1u;
}

W2C_INLINE u32 w2c_core_rarely(u32 condition) { return (u32)__builtin_expect(condition != 0, 0); }

W2C_INLINE u32 w2c_core_ssat8(u32 a) {
#ifdef __ARM_FEATURE_SAT
  u32 r;
  __asm__("ssat %0, #8, %1" : "=r"(r) : "r"(a));
  return r;
#else
  s32 x = (s32)a;
  return (u32)(x < -128 ? -128 : x > 127 ? 127 : x);
#endif
}

#if defined(__ARM_FEATURE_DSP)

W2C_INLINE u32 w2c_dsp_smlad(u32 a, u32 b, u32 acc) {
  u32 r;
  __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
  return r;
}

W2C_INLINE u32 w2c_dsp_sxtb16(u32 a) {
  u32 r;
  __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(a));
  return r;
}

W2C_INLINE u32 w2c_dsp_sxtb16r8(u32 a) {
  u32 r;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(a));
  return r;
}

W2C_INLINE u32 w2c_dsp_smmlar(u32 a, u32 b, u32 acc) {
  u32 r;
  __asm__("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
  return r;
}

W2C_INLINE u32 w2c_dsp_pkhbt(u32 a, u32 b) {
  u32 r;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(a), "r"(b));
  return r;
}

W2C_INLINE u32 w2c_dsp_pkhtb(u32 a, u32 b) {
  u32 r;
  __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(r) : "r"(a), "r"(b));
  return r;
}

#else

W2C_INLINE u32 w2c_dsp_smlad(u32 a, u32 b, u32 acc) {
  return acc + (u32)((s32)(s16)a * (s16)b) + (u32)((s32)(s16)(a >> 16) * (s16)(b >> 16));
}

W2C_INLINE u32 w2c_dsp_sxtb16(u32 a) { return (u16)(s8)a | (u32)(s8)(a >> 16) << 16; }

W2C_INLINE u32 w2c_dsp_sxtb16r8(u32 a) { return (u16)(s8)(a >> 8) | (u32)(s8)(a >> 24) << 16; }

W2C_INLINE u32 w2c_dsp_smmlar(u32 a, u32 b, u32 acc) {
  return acc + (u32)(((u64)((s64)(s32)a * (s32)b) + 0x80000000u) >> 32);
}

W2C_INLINE u32 w2c_dsp_pkhbt(u32 a, u32 b) { return (a & 0xffffu) | b << 16; }

W2C_INLINE u32 w2c_dsp_pkhtb(u32 a, u32 b) { return (a & 0xffff0000u) | b >> 16; }

#endif
#endif

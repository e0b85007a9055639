/*
 * What translated WebAssembly needs to be C: types, memory access, integer division.
 * Included before dist/runtime/htpw_<variant>.c, in the same translation unit. docs/porting.md has the why in prose.
 *
 * Identity base: on a 32-bit target a WebAssembly address *is* a machine address, so there is no linear memory and no
 * base register; flash and RAM are reached by the same load. The runtime only does naturally aligned access, which the
 * accessors promise to the compiler: without the promise a Cortex-M0 would load byte by byte.
 *
 * 64-bit hosts cannot do that. They get one static block and checked access: pointers outside it are refused (htpw.c),
 * and where the runtime itself leaves it, or is misaligned, the program stops: tests on the host find what a board
 * would hide.
 */
#ifndef HTPW_W2C_PRELUDE_H
#define HTPW_W2C_PRELUDE_H

#include <stdint.h>

/* An image, and WebAssembly's memory, are little-endian. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "hypertinypw: expected a little-endian target, got a big-endian one"
#endif

typedef uint8_t u8;
typedef int8_t s8;
typedef uint16_t u16;
typedef int16_t s16;
typedef uint32_t u32;
typedef int32_t s32;
typedef uint64_t u64;
typedef int64_t s64;

#define W2C_INLINE static inline __attribute__((always_inline, unused))
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define FUNC_PROLOGUE
#define FUNC_EPILOGUE

/* Unreachable code and impossible division only: htpw_open has refused every image that could lead here. */
#define TRAP(reason) (__builtin_trap(), 0)

#if UINTPTR_MAX > 0xffffffffu
/* Every access is aligned; eight bytes to a word, which is all that LDRD and STRD want. */
#define ALIGNMENT(bytes) ((bytes) < 4 ? (bytes) : 4)
static u8 host_memory[HTPW_HOST_BYTES] __attribute__((aligned(16)));

W2C_INLINE void *w2c_address(u64 address, u32 bytes) {
  if (UNLIKELY(address < 8 || address + bytes > HTPW_HOST_BYTES || address % ALIGNMENT(bytes))) {
    __builtin_trap();
  }
  return host_memory + address;
}
#else
/* More than is true: the compiler takes LDRD only for what it believes aligned to eight bytes, LDRD needs four. */
#define ALIGNMENT(bytes) (bytes)
#define w2c_address(address, bytes) ((void *)(uintptr_t)(u32)(address))
#endif

/*
 * __builtin_memcpy is how C says "these bytes, as this type" without breaking the aliasing rules; it never becomes a
 * call here. The empty asm keeps loads in the order they were written, which measurably helps unrolled kernels at -O2.
 */
#define W2C_LOAD(name, memory_type, result_type)                                                       \
  W2C_INLINE result_type name##_default32(u64 address) {                                               \
    memory_type value;                                                                                 \
    void *from = __builtin_assume_aligned(w2c_address(address, sizeof value), ALIGNMENT(sizeof value));           \
    __builtin_memcpy(&value, from, sizeof value);                                                      \
    __asm__("" ::"r"(value));                                                                          \
    return (result_type)value;                                                                         \
  }
#define W2C_STORE(name, memory_type, value_type)                                                       \
  W2C_INLINE void name##_default32(u64 address, value_type wide) {                                     \
    memory_type value = (memory_type)wide;                                                             \
    void *to = __builtin_assume_aligned(w2c_address(address, sizeof value), ALIGNMENT(sizeof value));             \
    __builtin_memcpy(to, &value, sizeof value);                                                        \
  }

W2C_LOAD(i32_load, u32, u32)
W2C_LOAD(i32_load8_s, s8, u32)
W2C_LOAD(i32_load8_u, u8, u32)
W2C_LOAD(i32_load16_s, s16, u32)
W2C_LOAD(i32_load16_u, u16, u32)
W2C_LOAD(i64_load, u64, u64)
W2C_LOAD(i64_load8_s, s8, u64)
W2C_LOAD(i64_load8_u, u8, u64)
W2C_LOAD(i64_load16_s, s16, u64)
W2C_LOAD(i64_load16_u, u16, u64)
W2C_LOAD(i64_load32_s, s32, u64)
W2C_LOAD(i64_load32_u, u32, u64)
W2C_STORE(i32_store, u32, u32)
W2C_STORE(i32_store8, u8, u32)
W2C_STORE(i32_store16, u16, u32)
W2C_STORE(i64_store, u64, u64)
W2C_STORE(i64_store8, u8, u64)
W2C_STORE(i64_store16, u16, u64)
W2C_STORE(i64_store32, u32, u64)

#define I32_CLZ(x) ((x) ? (u32)__builtin_clz(x) : 32u)
#define I64_CLZ(x) ((x) ? (u64)__builtin_clzll(x) : 64u)
#define I32_CTZ(x) ((x) ? (u32)__builtin_ctz(x) : 32u)
#define I64_CTZ(x) ((x) ? (u64)__builtin_ctzll(x) : 64u)
#define I32_ROTL(x, n) (((x) << ((n) & 31)) | ((x) >> (-(n) & 31)))
#define I32_ROTR(x, n) (((x) >> ((n) & 31)) | ((x) << (-(n) & 31)))
#define I64_ROTL(x, n) (((x) << ((n) & 63)) | ((x) >> (-(n) & 63)))
#define I64_ROTR(x, n) (((x) >> ((n) & 63)) | ((x) << (-(n) & 63)))

/* WebAssembly division: traps on 0 and on the one quotient that does not fit; that remainder is 0. */
#define W2C_DIVISION(bits, least)                                                                      \
  W2C_INLINE u##bits w2c_div_s##bits(s##bits x, s##bits y) {                                           \
    if (UNLIKELY(y == 0 || (x == least && y == -1))) __builtin_trap();                                 \
    return (u##bits)(x / y);                                                                           \
  }                                                                                                    \
  W2C_INLINE u##bits w2c_rem_s##bits(s##bits x, s##bits y) {                                           \
    if (UNLIKELY(y == 0)) __builtin_trap();                                                            \
    return y == -1 ? 0 : (u##bits)(x % y);                                                             \
  }
W2C_DIVISION(32, INT32_MIN)
W2C_DIVISION(64, INT64_MIN)

#define I32_DIV_S(x, y) w2c_div_s32((s32)(x), (s32)(y))
#define I64_DIV_S(x, y) w2c_div_s64((s64)(x), (s64)(y))
#define I32_REM_S(x, y) w2c_rem_s32((s32)(x), (s32)(y))
#define I64_REM_S(x, y) w2c_rem_s64((s64)(x), (s64)(y))
#define DIV_U(x, y) ((y) ? (x) / (y) : (__builtin_trap(), 0u))
#define REM_U(x, y) ((y) ? (x) % (y) : (__builtin_trap(), 0u))

#endif

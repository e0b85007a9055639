/*
 * Prints each intrinsic over pairs of edge values, in hex, one a line; intrinsics.test.ts compares them. Vectors are made
 * of edge values, and what is made of them is folded into a word.
 */
#include "board.h"
#include "reply.h"

#define HTPW_HOST_BYTES 512
#include "w2c_prelude.h"
/* the prelude comes first */
#include "intrinsics.h"
/* and then vectors */
#include "helium.h"

static const u32 EDGES[] = {
    0,          1,          0xffffffff, 0x7fffffff, 0x80000000, 0x80008000, 0x7fff7fff, 0x8000ffff,
    0x00ff00ff, 0x80808080, 0x7f807f80, 0x12345678, 0xfffffe00, 127,        128,        0xffffff7f,
};
enum { COUNT = sizeof EDGES / sizeof *EDGES };

static void line(u32 value) {
  reply_hex32(value);
  reply_end();
}

/* Memory that vectors can reach, by its address in the runtime. */
#if UINTPTR_MAX > 0xffffffffu
enum { MEMORY = 64 };
#else
static u32 memory[64];
#define MEMORY ((u32)(uintptr_t)memory)
#endif

/* The words of the table from the i-th on, each plus j times its place. */
static v128 vector(int i, int j) {
  for (int k = 0; k < 4; k++) i32_store_default32(MEMORY + 4 * (u32)k, EDGES[(i + k) % COUNT] + (u32)(j * k));
  return v128_load_default32(MEMORY);
}

static u32 folded(v128 v) {
  u32 sum = 0;
  v128_store_default32(MEMORY, v);
  for (u32 k = 0; k < 4; k++) sum = sum * 31 + i32_load_default32(MEMORY + 4 * k);
  return sum;
}

/* Sixteen bytes to gather from, and to store to. */
static void fill_memory(void) {
  for (u32 k = 0; k < 256; k++) i32_store8_default32(MEMORY + k, 37 * k + 11);
}

static u32 stored(void) {
  v128 v = v128_load_default32(MEMORY + 32);
  return folded(v);
}

static void vectors(int i, int j) {
  v128 a = vector(i, j), b = vector(j, i), c = vector(i + j, 1);
  u32 words[20];
  int n = 0;
  words[n++] = w2c_mve_mladav(a, b);
  words[n++] = w2c_mve_mladava(a, b, EDGES[i]);
  words[n++] = w2c_mve_minv(a, EDGES[j] & 127);
  words[n++] = folded(w2c_mve_qrdmulh(a, b));
  words[n++] = folded(w2c_mve_shlv(a, simde_wasm_i32x4_splat(2 * j - 16)));
  words[n++] = folded(w2c_mve_widenEven(a));
  words[n++] = folded(w2c_mve_widenOdd(a));
  words[n++] = folded(w2c_mve_narrowEven(a));
  words[n++] = folded(w2c_mve_narrowOdd(c, a));
  words[n++] = folded(w2c_mve_narrowBytes(a));
  fill_memory();
  w2c_mve_storeBytes(MEMORY + 33, a);
  words[n++] = stored();
  fill_memory();
  w2c_mve_storeFirst(MEMORY + 33, a, (u32)j + 1);
  words[n++] = stored();
  fill_memory();
  words[n++] = folded(w2c_mve_loadFirst(MEMORY + (u32)i + 1, (u32)j + 1));
  fill_memory();
  words[n++] = folded(w2c_mve_gatherWords(MEMORY, simde_wasm_i32x4_splat(4 * j)));
  fill_memory();
  words[n++] = folded(w2c_mve_gatherWiden(MEMORY, simde_wasm_i16x8_splat(9 * j)));
  fill_memory();
  words[n++] = folded(w2c_mve_gatherBytes(MEMORY, a));
  fill_memory();
  words[n++] = folded(w2c_mve_gatherFirst(MEMORY, a, (u32)j + 1));
  fill_memory();
  words[n++] = folded(w2c_mve_loadFour(MEMORY + 16 * (u32)i + (u32)j));
  v128 by = simde_wasm_i8x16_sub(simde_wasm_v128_and(b, simde_wasm_i8x16_splat(15)), simde_wasm_i8x16_splat(8));
  words[n++] = folded(w2c_mve_shiftBytes(a, by));
  words[n++] = folded(w2c_mve_joinFields(a, b));
  for (int k = 0; k < n; k++) line(words[k]);
}

int main(void) {
  board_init();
  uart_init();
  for (int i = 0; i < COUNT; i++) {
    volatile u32 a = EDGES[i]; /* volatile: the compiler may not compute the answers itself */
    line(w2c_dsp_sxtb16(a));
    line(w2c_dsp_sxtb16r8(a));
    line(w2c_core_ssat8(a));
    for (int j = 0; j < COUNT; j++) {
      volatile u32 b = EDGES[j];
      line(w2c_dsp_smlad(a, b, a ^ b));
      line(w2c_dsp_smmlar(a, b, a ^ b));
      line(w2c_dsp_pkhbt(a, b));
      line(w2c_dsp_pkhtb(a, b));
    }
  }
  for (int i = 0; i < COUNT; i++) {
    for (int j = 0; j < COUNT; j++) vectors(i, j);
  }
  reply_text("end\n");
  return 0;
}

/* Prints each intrinsic over pairs of edge values, in hex, one a line; intrinsics.test.ts compares them. */
#include "board.h"
#include "reply.h"

#define HTPW_HOST_BYTES 16
#include "w2c_prelude.h"
/* the prelude comes first */
#include "intrinsics.h"

static const u32 EDGES[] = {
    0,          1,          0xffffffff, 0x7fffffff, 0x80000000, 0x80008000, 0x7fff7fff, 0x8000ffff,
    0x00ff00ff, 0x80808080, 0x7f807f80, 0x12345678, 0xfffffe00, 127,        128,        0xffffff7f,
};
enum { COUNT = sizeof EDGES / sizeof *EDGES };

static void line(u32 value) {
  reply_hex32(value);
  reply_end();
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
  reply_text("end\n");
  return 0;
}

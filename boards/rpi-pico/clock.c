/*
 * RP2040: 125 MHz from the 12 MHz crystal. Register names and sequence as in the RP2040 datasheet, 2.14 (resets),
 * 2.15 (clocks), 2.16 (crystal oscillator) and 2.18 (PLL).
 */
#include "board.h"
#include "rp2040.h"

#define RESETS_RESET 0x4000c000
#define RESETS_DONE REGISTER(0x4000c008)
#define XOSC_CTRL 0x40024000
#define XOSC_STATUS REGISTER(0x40024004)
#define XOSC_STARTUP REGISTER(0x4002400c)
#define PLL_SYS_CS REGISTER(0x40028000)
#define PLL_SYS_PWR 0x40028004
#define PLL_SYS_FBDIV REGISTER(0x40028008)
#define PLL_SYS_PRIM REGISTER(0x4002800c)
#define CLK_REF_CTRL REGISTER(0x40008030)
#define CLK_REF_SELECTED REGISTER(0x40008038)
#define CLK_SYS_CTRL REGISTER(0x4000803c)
#define CLK_SYS_SELECTED REGISTER(0x40008044)
#define CLK_PERI_CTRL REGISTER(0x40008048)

enum {
  XOSC_1_TO_15_MHZ = 0xaa0, XOSC_ENABLE = 0xfab, XOSC_WAIT = 47, /* of 256 periods: a millisecond */
  PLL_FEEDBACK = 125, PLL_POST1 = 6, PLL_POST2 = 2,              /* 12 MHz * 125 = 1500 MHz, / 6 / 2 */
  PLL_OFF = 1 << 0, PLL_DIVIDERS_OFF = 1 << 3, PLL_VCO_OFF = 1 << 5,
};

void release(uint32_t blocks) {
  CLEAR(RESETS_RESET) = blocks;
  while ((RESETS_DONE & blocks) != blocks) {
  }
}

static void start_crystal(void) {
  XOSC_STARTUP = XOSC_WAIT;
  REGISTER(XOSC_CTRL) = XOSC_ENABLE << 12 | XOSC_1_TO_15_MHZ;
  while (!(XOSC_STATUS & BIT(31))) { /* STABLE */
  }
}

static void start_pll(void) {
  SET(RESETS_RESET) = RESET_PLL_SYS;
  release(RESET_PLL_SYS);
  PLL_SYS_CS = 1; /* reference undivided */
  PLL_SYS_FBDIV = PLL_FEEDBACK;
  CLEAR(PLL_SYS_PWR) = PLL_OFF | PLL_VCO_OFF;
  while (!(PLL_SYS_CS & BIT(31))) { /* LOCK */
  }
  PLL_SYS_PRIM = PLL_POST1 << 16 | PLL_POST2 << 12;
  CLEAR(PLL_SYS_PWR) = PLL_DIVIDERS_OFF;
}

void board_init(void) {
  start_crystal();
  CLK_SYS_CTRL = 0; /* as after reset: from the reference clock, while that changes, and the PLL stops */
  while (CLK_SYS_SELECTED != BIT(0)) {
  }
  CLK_REF_CTRL = 2; /* crystal */
  while (CLK_REF_SELECTED != BIT(2)) {
  }
  start_pll();
  CLK_SYS_CTRL = 1; /* the auxiliary source, which is the PLL */
  while (CLK_SYS_SELECTED != BIT(1)) {
  }
  CLK_PERI_CTRL = BIT(11); /* enabled, from the system clock: the UART's */
}

/*
 * Core cycles: the low 24 from SysTick, the others from the microsecond timer (RP2040 datasheet, 2.4.5, 4.6 and
 * 4.7.2). Both run from the crystal, 125 cycles a microsecond, so the timer says to within some hundred cycles where
 * the core is, and SysTick which of the cycles there it is. Right for 2^32 microseconds, 71 minutes.
 */
#include "board.h"
#include "rp2040.h"

#define WATCHDOG_TICK REGISTER(0x4005802c)
#define TIMER_LOW REGISTER(0x40054028)
#define SYST_CSR REGISTER(0xe000e010)
#define SYST_RVR REGISTER(0xe000e014)
#define SYST_CVR REGISTER(0xe000e018)

enum { CRYSTAL_MHZ = 12, CYCLES_PER_MICROSECOND = BOARD_CLOCK_HZ / 1000000 };

static uint32_t first_microsecond;

void ticks_init(void) {
  WATCHDOG_TICK = BIT(9) | CRYSTAL_MHZ; /* the timer's step: so many periods of the reference clock */
  release(RESET_TIMER);
  SYST_RVR = 0xffffff;
  SYST_CVR = 0;      /* any write clears it */
  SYST_CSR = 1 | 4;  /* on, at the core's clock, without interrupts */
  first_microsecond = TIMER_LOW;
}

uint64_t ticks_now(void) {
  static uint64_t microseconds;
  uint32_t cycle = ~SYST_CVR; /* it counts down; only the low 24 bits are its own */
  microseconds = ticks_extended(microseconds, TIMER_LOW - first_microsecond);
  uint64_t about = microseconds * CYCLES_PER_MICROSECOND;
  int32_t off = (int32_t)((cycle - (uint32_t)about) << 8) >> 8; /* the nearest of all cycles that have these low bits */
  return about + (uint64_t)off;
}

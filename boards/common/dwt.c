/*
 * The cycle counter of the Cortex-M3, M4, M7, M55 and M85 (ARMv7-M and ARMv8-M Architecture Reference Manuals, DWT): core
 * clock cycles.
 */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define DEMCR REGISTER(0xe000edfc)
#define DWT_CTRL REGISTER(0xe0001000)
#define DWT_CYCCNT REGISTER(0xe0001004)
#define DWT_LAR REGISTER(0xe0001fb0)

void ticks_init(void) {
  DEMCR |= 1u << 24;    /* TRCENA */
  DWT_LAR = 0xc5acce55; /* the Cortex-M7 locks the DWT after reset; elsewhere the write does nothing */
  DWT_CYCCNT = 0;
  DWT_CTRL |= 1;
}

uint64_t ticks_now(void) {
  static uint64_t ticks;
  return ticks = ticks_extended(ticks, DWT_CYCCNT);
}

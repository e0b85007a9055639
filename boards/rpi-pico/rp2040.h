/* Registers of the RP2040, and its aliases of them that set or clear bits (datasheet, 2.1.2 and 2.14). */
#ifndef RP2040_H
#define RP2040_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SET(address) REGISTER((address) + 0x2000)
#define CLEAR(address) REGISTER((address) + 0x3000)
#define BIT(n) (1u << (n))

enum {
  RESET_IO_BANK0 = 1 << 5, RESET_PADS_BANK0 = 1 << 8, RESET_PLL_SYS = 1 << 12, RESET_TIMER = 1 << 21,
  RESET_UART0 = 1 << 22,
};

/* Let blocks out of reset, and wait until they are. */
void release(uint32_t blocks);

#endif

/*
 * STM32G0B1: 64 MHz from the internal 16 MHz oscillator, which runs after reset.
 * Register names and sequence as in ST's reference manual RM0444, chapters 5 (RCC) and 3 (flash).
 *
 * RAM is 144 KiB, of which the last 16 KiB hold the parity bits of the others where option bytes ask for parity checks:
 * the budget stays below.
 */
#include "board.h"
#include "stm32.h"

#define RCC_CR REGISTER(0x40021000)
#define RCC_CFGR REGISTER(0x40021008)
#define RCC_PLLCFGR REGISTER(0x4002100c)
#define FLASH_ACR REGISTER(0x40022000)

enum { PLL_FROM_HSI16 = 2, PLL_M = 1, PLL_N = 8, PLL_R = 2, WAIT_STATES = 2 };

void board_init(void) {
  FLASH_ACR = (FLASH_ACR & ~7u) | WAIT_STATES | BIT(8) | BIT(9); /* prefetch, instruction cache */
  wait_for(&FLASH_ACR, 7, WAIT_STATES);
  /* 16 MHz * 8 = 128 MHz, halved; fields are factors less one, PLLREN enables the output */
  RCC_PLLCFGR = PLL_FROM_HSI16 | (PLL_M - 1) << 4 | PLL_N << 8 | BIT(28) | (PLL_R - 1) << 29;
  RCC_CR |= BIT(24); /* PLLON */
  wait_for(&RCC_CR, BIT(25), BIT(25));
  RCC_CFGR = 2; /* system clock: PLL; core, bus and timers at 64 MHz */
  wait_for(&RCC_CFGR, 7u << 3, 2u << 3);
}

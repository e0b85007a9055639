/*
 * STM32L4R5: 120 MHz from the internal 16 MHz oscillator, regulator in range 1 boost mode. The board has no crystal for
 * the core, and the 16 MHz oscillator is trimmed closer than the 4 MHz one that runs after reset, which the UART needs.
 * Register names and sequence as in ST's reference manual RM0432, chapters 5 (PWR), 6 (RCC) and 3 (flash).
 *
 * RAM is one block: SRAM1 of 192 KiB, SRAM2 of 64 KiB at its second address, SRAM3 of 384 KiB (RM0432, chapter 2.4).
 */
#include "board.h"
#include "stm32.h"

#define RCC_CR REGISTER(0x40021000)
#define RCC_CFGR REGISTER(0x40021008)
#define RCC_PLLCFGR REGISTER(0x4002100c)
#define RCC_APB1ENR1 REGISTER(0x40021058)
#define PWR_CR1 REGISTER(0x40007000)
#define PWR_SR2 REGISTER(0x40007014)
#define PWR_CR5 REGISTER(0x40007080)
#define FLASH_ACR REGISTER(0x40022000)

enum { PLL_FROM_HSI16 = 2, PLL_M = 2, PLL_N = 30, WAIT_STATES = 5, HALVED = 8 };

/* Above 80 MHz; the manual wants the step to 120 MHz taken at half the bus clock, and a microsecond's rest there. */
static void allow_boost(void) {
  RCC_APB1ENR1 |= BIT(28); /* PWREN */
  (void)RCC_APB1ENR1;
  PWR_CR1 = (PWR_CR1 & ~(3u << 9)) | 1u << 9; /* VOS: range 1, as after reset */
  wait_for(&PWR_SR2, BIT(10), 0);             /* VOSF */
  RCC_CFGR |= HALVED << 4;                    /* HPRE */
  PWR_CR5 &= ~BIT(8);                         /* R1MODE: boost */
}

static void start_pll(void) {
  RCC_CR |= BIT(8); /* HSION */
  wait_for(&RCC_CR, BIT(10), BIT(10));
  /* 16 MHz / 2 * 30 = 240 MHz, R = 2 (field 0): 120 MHz, its output enabled by PLLREN */
  RCC_PLLCFGR = PLL_FROM_HSI16 | (PLL_M - 1) << 4 | PLL_N << 8 | BIT(24);
  RCC_CR |= BIT(24); /* PLLON */
  wait_for(&RCC_CR, BIT(25), BIT(25));
}

static void switch_to_pll(void) {
  FLASH_ACR = WAIT_STATES | BIT(8) | BIT(9) | BIT(10); /* prefetch, instruction and data cache */
  wait_for(&FLASH_ACR, 0xf, WAIT_STATES);
  RCC_CFGR |= 3; /* system clock: PLL */
  wait_for(&RCC_CFGR, 3u << 2, 3u << 2);
  for (volatile uint32_t turns = 60; turns; turns--) { /* more than a microsecond at 60 MHz */
  }
  RCC_CFGR &= ~(0xfu << 4); /* cores and both peripheral buses at 120 MHz */
}

void board_init(void) {
  allow_boost();
  start_pll();
  switch_to_pll();
}

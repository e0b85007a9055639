/*
 * STM32F767: 216 MHz from the 8 MHz that the ST-LINK feeds into HSE (bypass); caches on.
 * Without the ST-LINK's clock the PLL runs from the internal 16 MHz oscillator: same speed, less exact.
 * Register names and sequence as in ST's reference manual RM0410, chapters 4 (PWR), 5 (RCC) and 3 (flash).
 *
 * Code runs at 0x08000000, over AXI, where the L1 caches hide the seven wait states. The ART accelerator only serves
 * the other view of the flash, at 0x00200000; it is on so that code linked there would be fast, too.
 */
#include <stdbool.h>

#include "board.h"
#include "stm32.h"

#define RCC_CR REGISTER(0x40023800)
#define RCC_PLLCFGR REGISTER(0x40023804)
#define RCC_CFGR REGISTER(0x40023808)
#define RCC_APB1ENR REGISTER(0x40023840)
#define PWR_CR1 REGISTER(0x40007000)
#define PWR_CSR1 REGISTER(0x40007004)
#define FLASH_ACR REGISTER(0x40023c00)
#define SCB_CCR REGISTER(0xe000ed14)
#define SCB_CCSIDR REGISTER(0xe000ed80)
#define SCB_CSSELR REGISTER(0xe000ed84)
#define SCB_ICIALLU REGISTER(0xe000ef50)
#define SCB_DCISW REGISTER(0xe000ef60)

enum { HSE_MHZ = 8, HSI_MHZ = 16, PLL_INPUT_MHZ = 2, PLL_N = 216, PLL_Q = 9, PLL_R = 2, WAIT_STATES = 7 };

/* True when the external clock is there; gives up after some ten milliseconds. */
static bool start_external_clock(void) {
  RCC_CR |= BIT(18);          /* HSEBYP: a clock, not a crystal */
  RCC_CR |= BIT(16);          /* HSEON */
  for (uint32_t tries = 20000; tries; tries--) {
    if (RCC_CR & BIT(17)) return true; /* HSERDY */
  }
  RCC_CR &= ~BIT(16);
  return false;
}

static void start_pll(bool external) {
  uint32_t divider = (external ? HSE_MHZ : HSI_MHZ) / PLL_INPUT_MHZ;
  /* 2 MHz * 216 = 432 MHz, P = 2 (field 0): 216 MHz */
  RCC_PLLCFGR = divider | PLL_N << 6 | (external ? BIT(22) : 0) | PLL_Q << 24 | PLL_R << 28;
  RCC_CR |= BIT(24); /* PLLON */
  /* above 180 MHz the regulator needs over-drive, switched on while the system still runs from HSI */
  PWR_CR1 |= BIT(16); /* ODEN */
  wait_for(&PWR_CSR1, BIT(16), BIT(16));
  PWR_CR1 |= BIT(17); /* ODSWEN */
  wait_for(&PWR_CSR1, BIT(17), BIT(17));
  wait_for(&RCC_CR, BIT(25), BIT(25)); /* PLLRDY */
}

static void switch_to_pll(void) {
  FLASH_ACR = WAIT_STATES | BIT(8) | BIT(9); /* prefetch, ART */
  wait_for(&FLASH_ACR, 0xf, WAIT_STATES);
  RCC_CFGR = 5u << 10 | 4u << 13; /* APB1 at a quarter (54 MHz), APB2 at half (108 MHz) */
  RCC_CFGR |= 2;                  /* system clock: PLL */
  wait_for(&RCC_CFGR, 3u << 2, 2u << 2);
}

static void enable_caches(void) {
  SCB_ICIALLU = 0;
  __asm__ volatile("dsb\n isb" ::: "memory");
  SCB_CCR |= BIT(17);
  SCB_CSSELR = 0; /* level 1 data */
  __asm__ volatile("dsb" ::: "memory");
  uint32_t size = SCB_CCSIDR;
  uint32_t sets = (size >> 13 & 0x7fff) + 1, ways = (size >> 3 & 0x3ff) + 1;
  for (uint32_t set = 0; set < sets; set++) {
    for (uint32_t way = 0; way < ways; way++) SCB_DCISW = way << 30 | set << 5; /* 4 ways, lines of 32 bytes */
  }
  __asm__ volatile("dsb" ::: "memory");
  SCB_CCR |= BIT(16);
  __asm__ volatile("dsb\n isb" ::: "memory");
}

void board_init(void) {
  RCC_APB1ENR |= BIT(28);     /* PWREN */
  (void)RCC_APB1ENR;          /* read back: the clock takes two cycles to arrive */
  PWR_CR1 |= 3u << 14;        /* regulator scale 1 */
  start_pll(start_external_clock());
  switch_to_pll();
  enable_caches();
}

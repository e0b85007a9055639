/*
 * RA8M1: 480 MHz from the 20 MHz crystal; both caches on. Register names and sequence as in Renesas' user's manual of the
 * RA8M1 group, chapters 9 (clock generation), 12 (register write protection) and 47 (flash); the core's as in Arm's
 * technical reference manual of the Cortex-M85. After reset the core runs from the internal 8 MHz oscillator, and SRAM
 * has the wait state that it needs.
 */
#include "board.h"
#include "ra8m1.h"

#define SCKDIVCR REGISTER(0x4001e020)
#define SCKDIVCR2 REGISTER8(0x4001e024)
#define SCKSCR REGISTER8(0x4001e026)
#define PLLCCR REGISTER16(0x4001e028)
#define PLLCR REGISTER8(0x4001e02a)
#define MOSCCR REGISTER8(0x4001e032)
#define OSCSF REGISTER8(0x4001e03c)
#define PLLCCR2 REGISTER16(0x4001e04c)
#define SCICKDIVCR REGISTER8(0x4001e054)
#define SCICKCR REGISTER8(0x4001e055)
#define MOMCR REGISTER8(0x4001ea50)
#define FLWT REGISTER8(0x4001c11c)
#define FCACHEE REGISTER16(0x4001c100)
#define FCACHEIV REGISTER16(0x4001c104)
#define SCB_VTOR REGISTER(0xe000ed08)
#define SCB_CCR REGISTER(0xe000ed14)
#define MSCR REGISTER(0xe001e000)

enum {
  MAIN_STABLE = 1 << 3, PLL_STABLE = 1 << 5,         /* OSCSF */
  DRIVE_8_TO_24_MHZ = 3 << 1,                        /* MOMCR */
  PLL_DIVIDE_2 = 1, PLL_TIMES_96 = (96 - 1) << 8,    /* PLLCCR: 20 MHz / 2 * 96 = 960 MHz */
  EACH_OUTPUT_HALF = 0x111,                          /* PLLCCR2: P, Q and R at 480 MHz */
  PLL = 5,                                           /* SCKSCR, SCICKCR: output P */
  QUARTER = 2,                                       /* SCICKDIVCR */
  CLOCK_STOP = 1 << 6, CLOCK_STOPPED = 1 << 7,       /* SCICKCR */
  FLASH_WAITS = 4,                                   /* up to 240 MHz of the system's clock */
  WRITE_THROUGH = 1 << 2,                            /* MSCR */
  DATA_CACHE = 1 << 16, INSTRUCTION_CACHE = 1 << 17, BRANCH_PREDICTION = 1 << 18, /* CCR */
};

/* From the highest digit: flash 60 MHz, system and peripherals E 240, bus and A 120, B and C 60, D 120. */
static const uint32_t DIVIDERS = 0x31122332;

static void wait_until(volatile uint8_t *address, uint32_t flags, uint32_t value) {
  while ((*address & flags) != value) {
  }
}

static void start_pll(void) {
  MOMCR = DRIVE_8_TO_24_MHZ | 1 << 4; /* a bit that must be written as 1 */
  MOSCCR = 0;
  wait_until(&OSCSF, MAIN_STABLE, MAIN_STABLE);
  PLLCCR = PLL_DIVIDE_2 | PLL_TIMES_96;
  PLLCCR2 = EACH_OUTPUT_HALF;
  PLLCR = 0;
  wait_until(&OSCSF, PLL_STABLE, PLL_STABLE);
}

static void switch_to_pll(void) {
  FLWT = FLASH_WAITS;
  SCKDIVCR = DIVIDERS;
  SCKDIVCR2 = 0; /* the core at the whole of it */
  SCKSCR = PLL;
}

static void start_serial_clock(void) {
  SCICKCR |= CLOCK_STOP;
  wait_until(&SCICKCR, CLOCK_STOPPED, CLOCK_STOPPED);
  SCICKDIVCR = QUARTER;
  SCICKCR = PLL | CLOCK_STOP;
  SCICKCR = PLL;
  wait_until(&SCICKCR, CLOCK_STOPPED, 0);
}

/* The core's caches are invalid after reset. Early revisions of the Cortex-M85 need write-through (erratum 3175626). */
static void enable_caches(void) {
  FCACHEIV = 1;
  while (FCACHEIV & 1) {
  }
  FCACHEE = 1;
  MSCR |= WRITE_THROUGH;
  __asm__ volatile("dsb\n isb" ::: "memory");
  SCB_CCR |= DATA_CACHE | INSTRUCTION_CACHE | BRANCH_PREDICTION;
  __asm__ volatile("dsb\n isb" ::: "memory");
}

void board_init(void) {
  SCB_VTOR = 0x02000000; /* not defined after reset; the linker script places the vectors there */
  PRCR = REGISTERS_UNLOCKED;
  start_pll();
  switch_to_pll();
  start_serial_clock();
  PRCR = REGISTERS_LOCKED;
  enable_caches();
}

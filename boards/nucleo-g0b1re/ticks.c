/* TIM2, a 32-bit counter at the core's clock, for want of a DWT: wraps after 67 seconds at 64 MHz (RM0444, TIM2). */
#include "board.h"
#include "stm32.h"

#define RCC_APBENR1 REGISTER(0x4002103c)
#define TIM2_CR1 REGISTER(0x40000000)
#define TIM2_CNT REGISTER(0x40000024)

void ticks_init(void) {
  RCC_APBENR1 |= BIT(0); /* TIM2, from the bus clock, undivided */
  (void)RCC_APBENR1;
  TIM2_CR1 = 1; /* count up to the reset value of the reload register, 2^32 - 1 */
}

uint64_t ticks_now(void) {
  static uint64_t ticks;
  return ticks = ticks_extended(ticks, TIM2_CNT);
}

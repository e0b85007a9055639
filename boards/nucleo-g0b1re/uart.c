/* USART2 on PA2 (TX) and PA3 (RX): the ST-LINK's virtual COM port. 115200 baud, 8N1. */
#include "board.h"
#include "stm32.h"

#define RCC_IOPENR REGISTER(0x40021034)
#define RCC_APBENR1 REGISTER(0x4002103c)
#define GPIOA ((struct gpio *)0x50000000)

struct usart *const console = (struct usart *)0x40004400; /* USART2 */

void uart_init(void) {
  RCC_IOPENR |= BIT(0);   /* GPIOA */
  RCC_APBENR1 |= BIT(17); /* USART2 */
  (void)RCC_APBENR1;      /* the clock is up once the write has been read back */
  pin_function(GPIOA, 2, 1); /* AF1: USART2 */
  pin_function(GPIOA, 3, 1);
  console_start((BOARD_CLOCK_HZ + BAUD / 2) / BAUD);
}

/* LPUART1 on PG7 (TX) and PG8 (RX): the ST-LINK's virtual COM port. 115200 baud, 8N1. */
#include "board.h"
#include "stm32.h"

#define RCC_AHB2ENR REGISTER(0x4002104c)
#define RCC_APB1ENR2 REGISTER(0x4002105c)
#define PWR_CR2 REGISTER(0x40007004)
#define GPIOG ((struct gpio *)0x48001800)

struct usart *const console = (struct usart *)0x40008000; /* LPUART1 */

void uart_init(void) {
  RCC_AHB2ENR |= BIT(6);  /* GPIOG */
  RCC_APB1ENR2 |= BIT(0); /* LPUART1, from the bus clock */
  (void)RCC_APB1ENR2;     /* the clock is up once the write has been read back */
  PWR_CR2 |= BIT(9);      /* IOSV: PG2 to PG15 have a supply of their own, cut off until it is declared valid */
  pin_function(GPIOG, 7, 8); /* AF8: LPUART1 */
  pin_function(GPIOG, 8, 8);
  console_start((uint32_t)((256ull * BOARD_CLOCK_HZ + BAUD / 2) / BAUD)); /* a low-power UART counts in 256ths */
}

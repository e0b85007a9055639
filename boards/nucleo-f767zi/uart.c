/* USART3 on PD8 (TX) and PD9 (RX): the ST-LINK's virtual COM port. 115200 baud, 8N1. */
#include "board.h"
#include "stm32.h"

#define RCC_AHB1ENR REGISTER(0x40023830)
#define RCC_APB1ENR REGISTER(0x40023840)
#define GPIOD ((struct gpio *)0x40020c00)

enum { PERIPHERAL_CLOCK = BOARD_CLOCK_HZ / 4 }; /* APB1, see clock.c */

struct usart *const console = (struct usart *)0x40004800; /* USART3 */

void uart_init(void) {
  RCC_AHB1ENR |= BIT(3);  /* GPIOD */
  RCC_APB1ENR |= BIT(18); /* USART3 */
  (void)RCC_APB1ENR;      /* the clock is up once the write has been read back */
  pin_function(GPIOD, 8, 7); /* AF7: USART3 */
  pin_function(GPIOD, 9, 7);
  console_start((PERIPHERAL_CLOCK + BAUD / 2) / BAUD);
}

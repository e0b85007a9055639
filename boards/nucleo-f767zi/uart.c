/* USART3 on PD8 (TX) and PD9 (RX): the ST-LINK's virtual COM port. 115200 baud, 8N1. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_AHB1ENR REGISTER(0x40023830)
#define RCC_APB1ENR REGISTER(0x40023840)
#define GPIOD_MODER REGISTER(0x40020c00)
#define GPIOD_OSPEEDR REGISTER(0x40020c08)
#define GPIOD_PUPDR REGISTER(0x40020c0c)
#define GPIOD_AFRH REGISTER(0x40020c24)
#define USART3_CR1 REGISTER(0x40004800)
#define USART3_BRR REGISTER(0x4000480c)
#define USART3_ISR REGISTER(0x4000481c)
#define USART3_ICR REGISTER(0x40004820)
#define USART3_RDR REGISTER(0x40004824)
#define USART3_TDR REGISTER(0x40004828)

enum {
  BAUD = 115200,
  PERIPHERAL_CLOCK = BOARD_CLOCK_HZ / 4, /* APB1, see clock.c */
  ENABLE = 1, RECEIVE = 1 << 2, TRANSMIT = 1 << 3,
  OVERRUN = 1 << 3, RX_NOT_EMPTY = 1 << 5, TX_EMPTY = 1 << 7,
};

void uart_init(void) {
  RCC_AHB1ENR |= 1u << 3;  /* GPIOD */
  RCC_APB1ENR |= 1u << 18; /* USART3 */
  (void)RCC_APB1ENR;       /* the clock is up once the write has been read back */
  GPIOD_MODER = (GPIOD_MODER & ~(0xfu << 16)) | 0xau << 16; /* PD8, PD9: alternate function */
  GPIOD_OSPEEDR |= 0xfu << 16;
  GPIOD_PUPDR = (GPIOD_PUPDR & ~(0xfu << 16)) | 0x5u << 16; /* idle high, also when the ST-LINK is off */
  GPIOD_AFRH = (GPIOD_AFRH & ~0xffu) | 0x77u;               /* AF7: USART3 */
  USART3_BRR = (PERIPHERAL_CLOCK + BAUD / 2) / BAUD;
  USART3_CR1 = ENABLE | RECEIVE | TRANSMIT;
}

void uart_put(char byte) {
  while (!(USART3_ISR & TX_EMPTY)) {
  }
  USART3_TDR = (uint8_t)byte;
}

int uart_get(void) {
  uint32_t state;
  do {
    state = USART3_ISR;
    if (state & OVERRUN) USART3_ICR = OVERRUN; /* a byte is lost; the line it was in will not parse */
  } while (!(state & RX_NOT_EMPTY));
  return (int)(USART3_RDR & 0xff);
}

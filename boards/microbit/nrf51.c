/*
 * UART and timer of the nRF51822 on the BBC micro:bit v1: TX on P0.24, RX on P0.25, 115200 baud.
 * Under `-icount shift=10` an instruction takes 1024 ns, 16.384 steps of the 16 MHz timer.
 * It goes round after 2^32 steps and has no other beside it, but notes at three marks, a quarter apart, that it passed
 * them.
 */
#include "board.h"

#define REGISTER(base, offset) (*(volatile uint32_t *)((base) + (offset)))
#define UART(offset) REGISTER(0x40002000u, offset)
#define TIMER(offset) REGISTER(0x40008000u, offset)
#define GPIO(offset) REGISTER(0x50000000u, offset)

enum {
  UART_START_RX = 0x000, UART_START_TX = 0x008, UART_RX_READY = 0x108, UART_TX_READY = 0x11c, UART_ENABLE = 0x500,
  UART_PIN_TX = 0x50c, UART_PIN_RX = 0x514, UART_RX = 0x518, UART_TX = 0x51c, UART_BAUD = 0x524,
  TIMER_START = 0x000, TIMER_CLEAR = 0x00c, TIMER_CAPTURE0 = 0x040, TIMER_PASSED0 = 0x140, TIMER_MODE = 0x504,
  TIMER_BITS = 0x508, TIMER_PRESCALER = 0x510, TIMER_VALUE0 = 0x540, MARKS = 3,
  GPIO_SET = 0x508, GPIO_OUTPUT = 0x518,
  PIN_TX = 24, PIN_RX = 25, ENABLED = 4, BAUD_115200 = 0x01d7e000, BITS_32 = 3,
};

void board_init(void) {}

void uart_init(void) {
  GPIO(GPIO_SET) = 1u << PIN_TX;
  GPIO(GPIO_OUTPUT) = 1u << PIN_TX;
  UART(UART_PIN_TX) = PIN_TX;
  UART(UART_PIN_RX) = PIN_RX;
  UART(UART_BAUD) = BAUD_115200;
  UART(UART_ENABLE) = ENABLED;
  UART(UART_START_RX) = 1;
  UART(UART_START_TX) = 1;
}

void uart_put(char byte) {
  UART(UART_TX_READY) = 0;
  UART(UART_TX) = (uint8_t)byte;
  while (!UART(UART_TX_READY)) {
  }
}

int uart_get(void) {
  while (!UART(UART_RX_READY)) {
  }
  UART(UART_RX_READY) = 0; /* before the read: the next byte may be ready right after it */
  return (int)(UART(UART_RX) & 0xff);
}

bool uart_waiting(void) { return UART(UART_RX_READY); }

void ticks_init(void) {
  TIMER(TIMER_MODE) = 0;
  TIMER(TIMER_BITS) = BITS_32;
  TIMER(TIMER_PRESCALER) = 0;
  for (uint32_t mark = 1; mark <= MARKS; mark++) TIMER(TIMER_VALUE0 + 4 * mark) = mark << 30;
  TIMER(TIMER_CLEAR) = 1;
  TIMER(TIMER_START) = 1;
}

/* Where not all marks were passed since the last call, it has not gone round in between; otherwise it may have. */
uint64_t ticks_now(void) {
  static uint64_t ticks;
  TIMER(TIMER_CAPTURE0) = 1;
  uint32_t passed = 0;
  for (uint32_t mark = 1; mark <= MARKS; mark++) {
    passed += TIMER(TIMER_PASSED0 + 4 * mark);
    TIMER(TIMER_PASSED0 + 4 * mark) = 0;
  }
  ticks = ticks_extended(ticks, TIMER(TIMER_VALUE0));
  if (passed == MARKS) ticks += TICKS_LOST;
  return ticks;
}

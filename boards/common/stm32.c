/* Pins and the serial port of STM32; each board says which, and sets its clocks. */
#include "stm32.h"

#include "board.h"

enum {
  ENABLE = 1, RECEIVE = 1 << 2, TRANSMIT = 1 << 3,
  OVERRUN = 1 << 3, RX_NOT_EMPTY = 1 << 5, TX_EMPTY = 1 << 7,
};

void wait_for(volatile uint32_t *address, uint32_t mask, uint32_t value) {
  while ((*address & mask) != value) {
  }
}

static void set_field(volatile uint32_t *address, uint32_t width, uint32_t index, uint32_t value) {
  uint32_t shift = index * width;
  *address = (*address & ~((BIT(width) - 1) << shift)) | value << shift;
}

void pin_function(struct gpio *port, uint32_t pin, uint32_t function) {
  set_field(&port->afr[pin / 8], 4, pin % 8, function);
  set_field(&port->ospeedr, 2, pin, 3);
  set_field(&port->pupdr, 2, pin, 1);
  set_field(&port->moder, 2, pin, 2); /* alternate function */
}

void console_start(uint32_t divider) {
  console->brr = divider;
  console->cr1 = ENABLE | RECEIVE | TRANSMIT;
}

void uart_put(char byte) {
  while (!(console->isr & TX_EMPTY)) {
  }
  console->tdr = (uint8_t)byte;
}

bool uart_waiting(void) { return console->isr & RX_NOT_EMPTY; }

int uart_get(void) {
  uint32_t state;
  do {
    state = console->isr;
    if (state & OVERRUN) console->icr = OVERRUN; /* a byte is lost; the line it was in will not parse */
  } while (!(state & RX_NOT_EMPTY));
  return (int)(console->rdr & 0xff);
}

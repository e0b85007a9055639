/* UART0, a PL011, on GPIO 0 (TX) and 1 (RX): pins 1 and 2 (RP2040 datasheet, 4.2 and 2.19). 115200 baud, 8N1. */
#include "board.h"
#include "rp2040.h"

#define GPIO0_CTRL REGISTER(0x40014004)
#define GPIO1_CTRL REGISTER(0x4001400c)
#define GPIO1_PAD 0x4001c008
#define UART0_DATA REGISTER(0x40034000)
#define UART0_FLAGS REGISTER(0x40034018)
#define UART0_BAUD_INTEGER REGISTER(0x40034024)
#define UART0_BAUD_FRACTION REGISTER(0x40034028)
#define UART0_LINE REGISTER(0x4003402c)
#define UART0_CONTROL REGISTER(0x40034030)

enum {
  DIVIDER_64 = (4 * BOARD_CLOCK_HZ + 57600) / 115200, /* clock / (16 * baud), in 64ths */
  FUNCTION_UART = 2, PAD_PULL_DOWN = 1 << 2, PAD_PULL_UP = 1 << 3,
  LINE_FIFO = 1 << 4, LINE_8_BITS = 3 << 5, ENABLE = 1 << 0, TRANSMIT = 1 << 8, RECEIVE = 1 << 9,
  RX_EMPTY = 1 << 4, TX_FULL = 1 << 5,
};

void uart_init(void) {
  release(RESET_IO_BANK0 | RESET_PADS_BANK0 | RESET_UART0);
  CLEAR(GPIO1_PAD) = PAD_PULL_DOWN;
  SET(GPIO1_PAD) = PAD_PULL_UP; /* idle high, also with nothing attached */
  GPIO0_CTRL = FUNCTION_UART;
  GPIO1_CTRL = FUNCTION_UART;
  UART0_BAUD_INTEGER = DIVIDER_64 / 64;
  UART0_BAUD_FRACTION = DIVIDER_64 % 64;
  UART0_LINE = LINE_8_BITS | LINE_FIFO; /* written after the divider, which it puts into effect */
  UART0_CONTROL = ENABLE | TRANSMIT | RECEIVE;
}

void uart_put(char byte) {
  while (UART0_FLAGS & TX_FULL) {
  }
  UART0_DATA = (uint8_t)byte;
}

bool uart_waiting(void) { return !(UART0_FLAGS & RX_EMPTY); }

int uart_get(void) {
  while (UART0_FLAGS & RX_EMPTY) {
  }
  return (int)(UART0_DATA & 0xff);
}

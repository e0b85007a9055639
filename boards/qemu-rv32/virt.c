/*
 * QEMU's RISC-V machine `virt`: a 16550 UART, and the core's own counter of instructions, which `-icount shift=0` makes
 * exact.
 */
#include "board.h"

extern uint32_t stack_bottom[];

struct uart {
  volatile uint8_t data, interrupts, fifo, format, modem, line_state;
};
#define UART0 ((struct uart *)0x10000000)

enum { RX_READY = 1, TX_EMPTY = 1 << 5, EIGHT_BITS = 3 };
enum { GUARD_BYTES = 4096, NAPOT = 3 << 3, LOCKED = 1 << 7 };

/*
 * Below RAM lies the window of PCI, which swallows writes. So that a stack that grows too far faults, its last page may
 * not be touched, by machine mode neither: that is what locked says.
 */
void board_init(void) {
  uint32_t guard = (uint32_t)(uintptr_t)stack_bottom - GUARD_BYTES;
  __asm__ volatile("csrw pmpaddr0, %0\n csrw pmpcfg0, %1" ::"r"(guard >> 2 | (GUARD_BYTES / 8 - 1)), "r"(NAPOT | LOCKED));
}

void uart_init(void) { UART0->format = EIGHT_BITS; }

void uart_put(char byte) {
  while (!(UART0->line_state & TX_EMPTY)) {
  }
  UART0->data = (uint8_t)byte;
}

bool uart_waiting(void) { return UART0->line_state & RX_READY; }

int uart_get(void) {
  while (!(UART0->line_state & RX_READY)) {
  }
  return UART0->data;
}

void ticks_init(void) {}

/* The counter has 64 bits in two registers: read again when the upper one moved on in between. */
uint64_t ticks_now(void) {
  uint32_t high, low, again;
  do {
    __asm__ volatile("csrr %0, minstreth\n csrr %1, minstret\n csrr %2, minstreth"
                     : "=r"(high), "=r"(low), "=r"(again));
  } while (high != again);
  return (uint64_t)high << 32 | low;
}

/*
 * SCI9 on PA14 (TXD) and PA15 (RXD): the J-Link's virtual COM port. 115200 baud, 8N1, no FIFO. Register names as in
 * Renesas' user's manual of the RA8M1 group, chapters 19 (ports) and 30 (SCI).
 */
#include "board.h"
#include "ra8m1.h"

#define MSTPCRB REGISTER(0x40203004)
#define PA14PFS REGISTER(0x40400ab8)
#define PA15PFS REGISTER(0x40400abc)
#define PWPRS REGISTER8(0x40400d14)
#define RDR REGISTER(0x40358900)
#define TDR REGISTER(0x40358904)
#define CCR0 REGISTER(0x40358908)
#define CCR2 REGISTER(0x40358910)
#define CCR3 REGISTER(0x40358914)
#define CSR REGISTER(0x40358948)
#define CFCLR REGISTER(0x40358968)

enum {
  BAUD = 115200,
  RECEIVE = 1 << 0, TRANSMIT = 1 << 4,              /* CCR0 */
  DOUBLE_SPEED = 1 << 4,                            /* CCR2: 16 periods of the clock are a bit, times what BRR says */
  LEAST_BIT_FIRST = 1 << 12, EIGHT_BITS = 2 << 8,   /* CCR3 */
  OVERRUN = 1 << 24, TX_EMPTY = 1 << 29,            /* CSR and CFCLR */
  PIN_OF_PERIPHERAL = 1 << 16, SERIAL_ODD = 5 << 24, /* PFS: SCI 1, 3, 5, 7 and 9 */
};
#define RX_FULL BIT(31)

void uart_init(void) {
  PRCR = REGISTERS_UNLOCKED;
  MSTPCRB &= ~BIT(31 - 9); /* SCI9 */
  PRCR = REGISTERS_LOCKED;
  CCR0 = 0;
  CCR2 = DOUBLE_SPEED | ((SERIAL_CLOCK_HZ / 16 + BAUD / 2) / BAUD - 1) << 8;
  CCR3 = LEAST_BIT_FIRST | EIGHT_BITS;
  PWPRS = 0;
  PWPRS = BIT(6); /* pins can be given away */
  PA14PFS = SERIAL_ODD;
  PA14PFS = SERIAL_ODD | PIN_OF_PERIPHERAL;
  PA15PFS = SERIAL_ODD;
  PA15PFS = SERIAL_ODD | PIN_OF_PERIPHERAL;
  PWPRS = 0;
  PWPRS = BIT(7);
  CCR0 = RECEIVE | TRANSMIT;
}

void uart_put(char byte) {
  while (!(CSR & TX_EMPTY)) {
  }
  TDR = (uint8_t)byte;
}

bool uart_waiting(void) { return CSR & RX_FULL; }

int uart_get(void) {
  uint32_t state;
  do {
    state = CSR;
    if (state & OVERRUN) CFCLR = OVERRUN; /* a byte is lost; the line it was in will not parse */
  } while (!(state & RX_FULL));
  int byte = (int)(RDR & 0xff);
  CFCLR = RX_FULL;
  return byte;
}

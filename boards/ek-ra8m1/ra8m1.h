/* Registers of the RA8M1 are 8, 16 or 32 bits wide; all here are seen from Secure state, which the core starts in. */
#ifndef RA8M1_H
#define RA8M1_H

#include <stdint.h>

#define REGISTER8(address) (*(volatile uint8_t *)(address))
#define REGISTER16(address) (*(volatile uint16_t *)(address))
#define REGISTER(address) (*(volatile uint32_t *)(address))
#define BIT(n) (1u << (n))

/* Registers of clocks and of what is stopped to save power can be written while unlocked. */
#define PRCR REGISTER16(0x4001e3fa)
enum { REGISTERS_UNLOCKED = 0xa503, REGISTERS_LOCKED = 0xa500 };

/* SCICLK, which the serial ports count their bits with: clock.c makes it. */
enum { SERIAL_CLOCK_HZ = BOARD_CLOCK_HZ / 4 };

#endif

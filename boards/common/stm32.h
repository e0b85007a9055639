/*
 * What STM32F7, L4+ and G0 have in common, register for register (reference manuals RM0410, RM0432 and RM0444: chapters
 * GPIO, USART and LPUART). Clocks differ too much to be shared.
 */
#ifndef STM32_H
#define STM32_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define BIT(n) (1u << (n))

struct gpio {
  volatile uint32_t moder, otyper, ospeedr, pupdr, idr, odr, bsrr, lckr, afr[2];
};

struct usart {
  volatile uint32_t cr1, cr2, cr3, brr, gtpr, rtor, rqr, isr, icr, rdr, tdr;
};

enum { BAUD = 115200 };

/* Wait until the masked bits of a register have a value. */
void wait_for(volatile uint32_t *address, uint32_t mask, uint32_t value);

/* Give a pin to an alternate function: fast, and pulled up, so that a line is idle also when nobody drives it. */
void pin_function(struct gpio *port, uint32_t pin, uint32_t function);

/* The port that uart_put and uart_get use; each board defines it. */
extern struct usart *const console;

/* Start it, 8N1; its clock must be on. `divider` is the value of BRR. */
void console_start(uint32_t divider);

#endif

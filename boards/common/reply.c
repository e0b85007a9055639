#include "reply.h"

#include "board.h"
#include "htpw.h"

void reply_text(const char *text) {
  while (*text) uart_put(*text++);
}

/* Decimal digits without 64-bit division, which would pull a kilobyte of library code into small devices. */
void reply_unsigned(uint64_t number) {
  char digits[20];
  uint32_t count = 0;
  do {
    uint32_t remainder = 0;
    uint64_t quotient = 0;
    for (int shift = 48; shift >= 0; shift -= 16) { /* long division by 10 in base 2^16 */
      uint32_t part = remainder << 16 | (uint32_t)(number >> shift & 0xffff);
      quotient |= (uint64_t)(part / 10) << shift;
      remainder = part % 10;
    }
    digits[count++] = (char)('0' + remainder);
    number = quotient;
  } while (number);
  while (count) uart_put(digits[--count]);
}

void reply_signed(int32_t number) {
  if (number < 0) uart_put('-');
  reply_unsigned(number < 0 ? 0u - (uint32_t)number : (uint32_t)number);
}

static void hex_digit(uint32_t value) { uart_put("0123456789abcdef"[value & 15]); }

void reply_hex(const uint8_t *bytes, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    hex_digit(bytes[i] >> 4);
    hex_digit(bytes[i]);
  }
}

void reply_hex32(uint32_t value) {
  for (int shift = 28; shift >= 0; shift -= 4) hex_digit(value >> shift);
}

void reply_field(const char *key, uint64_t number) {
  uart_put(' ');
  reply_text(key);
  uart_put('=');
  reply_unsigned(number);
}

void reply_end(void) { uart_put('\n'); }

void reply_error(const char *name, const char *detail) {
  reply_text("error ");
  reply_text(name);
  if (*detail) uart_put(' ');
  reply_text(detail);
  reply_end();
}

void reply_status(int32_t status) {
  reply_text("error ");
  reply_text(htpw_status_name(status));
  reply_text(" status=");
  reply_signed(status);
  reply_end();
}

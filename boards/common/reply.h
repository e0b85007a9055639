/* Words of a reply line: text, decimal, hex. Nothing is buffered. */
#ifndef REPLY_H
#define REPLY_H

#include <stdint.h>

void reply_text(const char *text);
void reply_unsigned(uint64_t number);
void reply_signed(int32_t number);
void reply_hex(const uint8_t *bytes, uint32_t count);
/* Eight digits, highest first. */
void reply_hex32(uint32_t value);
/* " key=number" */
void reply_field(const char *key, uint64_t number);
void reply_end(void);

/* "error <name> <detail>" and the end of the line; `detail` may be empty. */
void reply_error(const char *name, const char *detail);
/* The same for a status of the runtime, with its number. */
void reply_status(int32_t status);

#endif

/*
 * One command line, parsed as it arrives: RAM for a whole line of hex would cost more than the stack.
 *
 * Every reader stops at the end of the line and never eats into the next one. After a failed reader the caller skips
 * the rest with line_skip.
 */
#ifndef LINE_H
#define LINE_H

#include <stdbool.h>
#include <stdint.h>

struct line {
  int next; /* the byte after what was read: LINE_END, or a character not yet consumed */
};
enum { LINE_END = '\n' };

enum word { WORD_OK, WORD_NONE, WORD_TOO_LONG };

/* Wait for the first byte of a line; false at the end of input (hosts only). */
bool line_begin(struct line *line);
/* The next word, without blanks around it, zero-terminated, of at most `size` - 1 characters. */
enum word line_word(struct line *line, char *word, uint32_t size);
/* A decimal number of at most nine digits; false when there is none, or anything but digits. */
bool line_number(struct line *line, int32_t *number);
/* One word of hex digits, two a byte; the bytes read, or -1 on a digit too few, a bad digit or a byte too many. */
int32_t line_hex(struct line *line, uint8_t *bytes, uint32_t size);
/* True when nothing but blanks is left. */
bool line_ended(struct line *line);
void line_skip(struct line *line);
/*
 * Whether a byte has come after the line: what takes long stops then. The byte belongs to the next line. The second
 * half of "\r\n" is none.
 */
bool line_interrupted(void);

#endif

#include "line.h"

#include "board.h"

/* A byte that came before its line was waited for. */
static struct {
  bool has;
  int byte;
} early;
/* The byte before was '\r', so a '\n' belongs to it. */
static bool after_return;

static int next_byte(void) {
  int byte = early.has ? early.byte : uart_get();
  early.has = false;
  after_return = byte == '\r';
  return byte;
}

bool line_interrupted(void) {
  while (!early.has && uart_waiting()) {
    bool half = after_return;
    int byte = next_byte();
    if (half && byte == '\n') continue;
    early.has = true;
    early.byte = byte;
  }
  return early.has;
}

static void advance(struct line *line) {
  int byte = next_byte();
  line->next = byte == END_OF_INPUT || byte == '\r' ? LINE_END : byte;
}

static bool is_end(const struct line *line) { return line->next == LINE_END; }
static bool is_word(const struct line *line) { return !is_end(line) && line->next != ' '; }

static void skip_blanks(struct line *line) {
  while (line->next == ' ') advance(line);
}

bool line_begin(struct line *line) {
  int byte;
  do {
    byte = next_byte();
    if (byte == END_OF_INPUT) return false;
  } while (byte == '\r' || byte == '\n'); /* "\r\n" is one end and an empty one; empty lines have no answer */
  line->next = byte;
  return true;
}

enum word line_word(struct line *line, char *word, uint32_t size) {
  uint32_t length = 0;
  skip_blanks(line);
  if (is_end(line)) return WORD_NONE;
  for (; is_word(line); advance(line)) {
    if (length + 1 == size) return WORD_TOO_LONG;
    word[length++] = (char)line->next;
  }
  word[length] = 0;
  return WORD_OK;
}

bool line_number(struct line *line, int32_t *number) {
  char digits[10];
  if (line_word(line, digits, sizeof digits) != WORD_OK) return false;
  *number = 0;
  for (const char *digit = digits; *digit; digit++) {
    if (*digit < '0' || *digit > '9') return false;
    *number = *number * 10 + (*digit - '0');
  }
  return true;
}

static int hex_value(int digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

int32_t line_hex(struct line *line, uint8_t *bytes, uint32_t size) {
  uint32_t count = 0;
  skip_blanks(line);
  while (is_word(line)) {
    int high = hex_value(line->next);
    if (high < 0 || count == size) return -1;
    advance(line);
    int low = is_word(line) ? hex_value(line->next) : -1;
    if (low < 0) return -1;
    advance(line);
    bytes[count++] = (uint8_t)(high << 4 | low);
  }
  return (int32_t)count;
}

bool line_ended(struct line *line) {
  skip_blanks(line);
  return is_end(line);
}

void line_skip(struct line *line) {
  while (!is_end(line)) advance(line);
}

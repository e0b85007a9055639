/*
 * What a board's folder and start-up code promise, one answer for each byte received; boards.test.ts asks.
 *
 *   c   counts: ticks of 64,000 instructions, as the difference of two loops
 *   l   the same of 288,000,000, more than 32 bits of any emulated timer hold; "unknown" where it says so
 *   t   traps: an instruction that no core runs
 *   o   overflows the stack by one small frame; says so if it survives that
 */
#include "board.h"
#include "reply.h"

enum { ROUNDS = 2000, MANY_ROUNDS = 9000000 };
#define NOPS_4 "nop\n nop\n nop\n nop\n"
#define NOPS_16 NOPS_4 NOPS_4 NOPS_4 NOPS_4

/* Two loops that differ in 32 instructions a round and in nothing else: both are short enough for the same branch. */
static uint64_t ticks_of_short(uint32_t rounds) {
  uint64_t begin = ticks_now();
  for (uint32_t round = rounds; round; round--) __asm__ volatile("");
  return ticks_now() - begin;
}

static uint64_t ticks_of_long(uint32_t rounds) {
  uint64_t begin = ticks_now();
  for (uint32_t round = rounds; round; round--) __asm__ volatile(NOPS_16 NOPS_16);
  return ticks_now() - begin;
}

static void count(uint32_t rounds) {
  uint64_t shorter = ticks_of_short(rounds), longer = ticks_of_long(rounds);
  if (longer >= TICKS_LOST) reply_text("unknown");
  else reply_unsigned(longer - shorter);
  reply_end();
}

extern uint32_t stack_bottom[];

static uint32_t deeper(uint32_t depth) {
  volatile uint32_t words[8];
  for (uint32_t i = 0; i < 8; i++) words[i] = depth;
  return (uintptr_t)words < (uintptr_t)stack_bottom ? words[0] : deeper(depth + 1) + words[depth % 8];
}

int main(void) {
  board_init();
  uart_init();
  ticks_init();
  reply_text("ready\n");
  for (;;) {
    int byte = uart_get();
    if (byte == 'c') count(ROUNDS);
    if (byte == 'l') count(MANY_ROUNDS);
    if (byte == 't') __builtin_trap();
    if (byte == 'o') reply_text(deeper(1) ? "survived\n" : "survived with 0\n");
  }
}

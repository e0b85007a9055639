/*
 * Loads every program of the image and runs it once, in order: what a trace of executed instructions needs, since it has
 * no conversation in it.
 */
#include "board.h"
#include "htpw.h"

int main(void) {
  board_init();
  struct board_memory memory = board_memory();
  if (htpw_open(memory.image, memory.image_bytes, 0) < 0) return 1;
  for (int32_t program = 0; program < htpw_programs(memory.image); program++) {
    if (htpw_load(memory.image, program, memory.arena, memory.arena_bytes, 0, 0) < 0) return 1;
    if (htpw_invoke(memory.arena, memory.input, memory.output, 0, 0) < 0) return 1;
  }
  for (;;) {
  }
}

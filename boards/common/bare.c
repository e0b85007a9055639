/*
 * The smallest program around the runtime: prove the image, make the weights, and run the network for ever. What its
 * firmware takes is what the network takes, without the agent.
 */
#include "board.h"
#include "htpw.h"

int main(void) {
  board_init();
  struct board_memory memory = board_memory();
  uint32_t refused_at;
  if (htpw_open(memory.image, memory.image_bytes, &refused_at) < 0) return 1;
  if (htpw_load(memory.image, 0, memory.arena, memory.arena_bytes, 0, 0) < 0) return 1;
  for (;;) htpw_invoke(memory.arena, memory.input, memory.output, 0, 0);
}

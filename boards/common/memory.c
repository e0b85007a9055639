/* The agent's memory on a device: image in flash, buffers in RAM, sized by the build for the image at hand. */
#include "board.h"

extern const uint8_t htpw_image[], htpw_image_end[];

static uint8_t arena[HTPW_ARENA_BYTES] __attribute__((aligned(16)));
static uint8_t input[HTPW_INPUT_BYTES] __attribute__((aligned(16)));
static uint8_t output[HTPW_OUTPUT_BYTES] __attribute__((aligned(16)));

struct board_memory board_memory(void) {
  return (struct board_memory){
      .image = htpw_image,
      .image_bytes = (uint32_t)(htpw_image_end - htpw_image),
      .arena = arena,
      .arena_bytes = sizeof arena,
      .input = input,
      .input_bytes = sizeof input,
      .output = output,
      .output_bytes = sizeof output,
  };
}

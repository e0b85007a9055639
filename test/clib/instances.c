/* Two instances of the image in argv[1], invoked in turns, twice; prints each output as a line of hexadecimal. */
#include <stdio.h>

#include "htpw.h"

static uint32_t used = HTPW_HOST_RESERVED;

static uint8_t *take(uint32_t bytes) {
  uint8_t *piece = htpw_host_memory() + used;
  used += (bytes + 15) / 16 * 16;
  return used <= HTPW_HOST_BYTES ? piece : NULL;
}

int main(int count, char **words) {
  FILE *file = count > 1 ? fopen(words[1], "rb") : NULL;
  uint8_t *image = take(100000);
  if (!file || !image) return 1;
  uint32_t bytes = (uint32_t)fread(image, 1, 100000, file);
  uint32_t refused_at;
  if (htpw_open(image, bytes, &refused_at) < 0) return 2;

  uint8_t *arenas[2], *inputs[2], *outputs[2];
  uint32_t arena_bytes = (uint32_t)htpw_arena_bytes(image, 0);
  int32_t input_bytes = htpw_input_bytes(image, 0), output_bytes = htpw_output_bytes(image, 0);
  for (int k = 0; k < 2; k++) {
    arenas[k] = take(arena_bytes);
    inputs[k] = take((uint32_t)input_bytes);
    outputs[k] = take((uint32_t)output_bytes);
    if (!arenas[k] || !inputs[k] || !outputs[k]) return 3;
    for (int32_t i = 0; i < input_bytes; i++) inputs[k][i] = (uint8_t)(i * (37 + k) & 127);
  }
  for (int k = 0; k < 2; k++)
    if (htpw_load(image, 0, arenas[k], arena_bytes, NULL, NULL) < 0) return 4;
  for (int round = 0; round < 2; round++) {
    for (int k = 0; k < 2; k++) {
      if (htpw_invoke(arenas[k], inputs[k], outputs[k], NULL, NULL) < 0) return 5;
      for (int32_t i = 0; i < output_bytes; i++) printf("%02x", outputs[k][i]);
      printf("\n");
    }
  }
  return 0;
}

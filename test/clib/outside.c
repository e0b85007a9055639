/*
 * What the library answers to pointers that it cannot reach on a 64-bit computer, with the image in argv[1]. A line for
 * each place: what open, load, invoke and the others say where the image, arena, input or output is there.
 */
#include <stdio.h>
#include <string.h>

#include "htpw.h"

enum { MOST = 1 << 20 };

static const char *name(int32_t status) { return htpw_status_name(status); }

int main(int count, char **words) {
  FILE *file = count > 1 ? fopen(words[1], "rb") : NULL;
  if (!file) return 1;
  uint8_t *block = htpw_host_memory(), *end = block + HTPW_HOST_BYTES;
  uint8_t *image = block + HTPW_HOST_RESERVED, *arena = image + MOST, *input = arena + MOST, *output = input + MOST;
  uint32_t bytes = (uint32_t)fread(image, 1, MOST, file);
  int32_t status = htpw_open(image, bytes, NULL);
  if (status < 0) return 2;
  uint32_t arena_bytes = (uint32_t)htpw_arena_bytes(image, 0);
  static uint8_t elsewhere[MOST] __attribute__((aligned(16)));
  memcpy(elsewhere, image, bytes);
  memset(input, 7, (uint32_t)htpw_input_bytes(image, 0));
  struct {
    const char *where;
    uint8_t *at;
  } rows[] = {
      {"NULL", NULL},
      {"an array", elsewhere},
      {"4 GiB on", image + (1ull << 32)},
      {"4 GiB before", image - (1ull << 32)},
      {"before the block", block - 16},
      {"the runtime's own", block},
      {"the end", end},
      {"across the end", end - 2},
  };
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t *at = rows[i].at;
    if (htpw_load(image, 0, arena, arena_bytes, NULL, NULL) < 0) return 3;
    printf("%s: open %s,", rows[i].where, name(htpw_open(at, bytes, NULL)));
    printf(" load %s %s,", name(htpw_load(at, 0, arena, arena_bytes, NULL, NULL)),
           name(htpw_load(image, 0, at, arena_bytes, NULL, NULL)));
    printf(" invoke %s %s,", name(htpw_invoke(at, input, output, NULL, NULL)),
           name(htpw_invoke(arena, at, output, NULL, NULL)));
    printf(" output %s,", name(htpw_invoke(arena, input, at, NULL, NULL)));
    printf(" programs %s, sizes %s %s %s,", name(htpw_programs(at)), name(htpw_arena_bytes(at, 0)),
           name(htpw_input_bytes(at, 0)), name(htpw_output_bytes(at, 0)));
    printf(" operators %s, weights %s;", name(htpw_operators(at)), name(htpw_check_weights(at, 0)));
    printf(" still %s\n", name(htpw_invoke(arena, input, output, NULL, NULL)));
  }
  printf("misaligned: open %s,", name(htpw_open(image + 4, bytes - 4, NULL)));
  printf(" load %s,", name(htpw_load(image, 0, arena + 8, arena_bytes, NULL, NULL)));
  printf(" invoke %s %s,", name(htpw_invoke(arena, input + 1, output, NULL, NULL)),
         name(htpw_invoke(arena, input, output + 2, NULL, NULL)));
  printf(" still %s\n", name(htpw_invoke(arena, input, output, NULL, NULL)));
  printf("%08x %08x\n", htpw_crc32(image, bytes), htpw_crc32(elsewhere, bytes));
  return 0;
}

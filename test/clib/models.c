/*
 * A library that was cut to two images, on a 64-bit computer: what htpw_open answers to these and to others, and what
 * both networks compute in one arena. argv[1] is an image that the library was not cut to. Prints a line for each.
 */
#include <stdio.h>
#include <string.h>

#include "htpw.h"
#include "htpw_model.h"

static uint8_t *image, *arena, *input, *output;

static const char *opened(const void *bytes, uint32_t length, uint32_t given, uint32_t damaged_at, uint32_t aside) {
  memcpy(image + aside, bytes, length);
  if (damaged_at) image[aside + damaged_at] ^= 1;
  return htpw_status_name(htpw_open(image + aside, given, NULL));
}

static void answers(const char *name, const uint8_t *bytes, uint32_t length) {
  printf("%s: whole %s,", name, opened(bytes, length, length, 0, 0));
  printf(" in more memory %s,", opened(bytes, length, length + 64, 0, 0));
  printf(" damaged %s,", opened(bytes, length, length, length / 2, 0));
  printf(" of another length %s,", opened(bytes, length, length, 8, 0));
  printf(" cut %s,", opened(bytes, length, length - 1, 0, 0));
  printf(" misaligned %s\n", opened(bytes, length, length, 0, 8));
}

static int run(const uint8_t *bytes, uint32_t length) {
  memcpy(image, bytes, length);
  if (htpw_open(image, length, NULL) < 0) return 1;
  if (htpw_load(image, 0, arena, HTPW_MODELS_ARENA_BYTES, NULL, NULL) < 0) return 2;
  for (uint32_t i = 0; i < HTPW_MODELS_INPUT_BYTES; i++) input[i] = (uint8_t)(i * 37 & 127);
  if (htpw_invoke(arena, input, output, NULL, NULL) < 0) return 3;
  for (int32_t i = 0; i < htpw_output_bytes(image, 0); i++) printf("%02x", output[i]);
  printf("\n");
  return 0;
}

int main(int count, char **words) {
  static uint8_t other[100000];
  FILE *file = count > 1 ? fopen(words[1], "rb") : NULL;
  if (!file) return 4;
  uint32_t bytes = (uint32_t)fread(other, 1, sizeof other, file);
  uint8_t *memory = htpw_host_memory() + HTPW_HOST_RESERVED;
  image = memory;
  arena = memory + 200000;
  input = arena + HTPW_MODELS_ARENA_BYTES;
  output = input + (HTPW_MODELS_INPUT_BYTES + 15) / 16 * 16;
  answers("first", htpw_model_first_net, HTPW_MODEL_FIRST_NET_BYTES);
  answers("second", htpw_model_2nd, HTPW_MODEL_2ND_BYTES);
  printf("other: %s\n", opened(other, bytes, bytes, 0, 0));
  printf("%s of %d, %s of %d\n", htpw_model_first_net_labels[1], HTPW_MODEL_FIRST_NET_LABELS,
         HTPW_MODEL_2ND_OUTPUT_LABELS[0], HTPW_MODEL_2ND_LABELS);
  int failed = run(htpw_model_first_net, HTPW_MODEL_FIRST_NET_BYTES);
  return failed ? failed : run(htpw_model_2nd, HTPW_MODEL_2ND_BYTES);
}

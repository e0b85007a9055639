/*
 * Opens two damaged copies of the image in argv[1] at the same time, again and again; each thread must get the offset
 * of its own damage. Prints how often it did not.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "htpw.h"

enum { ROUNDS = 1000000, COPY_BYTES = 1 << 20 };

struct copy {
  uint8_t *image;
  uint32_t bytes;
  uint32_t damaged_at; /* a place that is looked at early */
  uint32_t wrong;
};

static void *open_often(void *argument) {
  struct copy *copy = argument;
  for (int round = 0; round < ROUNDS; round++) {
    uint32_t refused_at = 0xdead;
    if (htpw_open(copy->image, copy->bytes, &refused_at) >= 0 || refused_at != copy->damaged_at) copy->wrong++;
  }
  return NULL;
}

int main(int count, char **words) {
  FILE *file = count > 1 ? fopen(words[1], "rb") : NULL;
  uint8_t *memory = htpw_host_memory() + HTPW_HOST_RESERVED;
  struct copy copies[2] = {{.image = memory}, {.image = memory + COPY_BYTES, .damaged_at = 4}};
  if (!file) return 1;
  copies[0].bytes = copies[1].bytes = (uint32_t)fread(memory, 1, COPY_BYTES, file);
  memcpy(copies[1].image, memory, copies[1].bytes);

  pthread_t threads[2];
  for (int k = 0; k < 2; k++) {
    copies[k].image[copies[k].damaged_at] ^= 0xff;
    if (pthread_create(&threads[k], NULL, open_often, &copies[k])) return 4;
  }
  for (int k = 0; k < 2; k++) pthread_join(threads[k], NULL);
  printf("%u %u\n", copies[0].wrong, copies[1].wrong);
  return 0;
}

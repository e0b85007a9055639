/*
 * The three functions that GCC may call in freestanding code. Byte loops: nothing that is timed uses them.
 * The attribute keeps GCC from recognising each loop as the function it is in.
 */
#include <stddef.h>

#define PLAIN_LOOP __attribute__((optimize("no-tree-loop-distribute-patterns")))

PLAIN_LOOP void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  unsigned char *t = to;
  const unsigned char *f = from;
  while (bytes--) *t++ = *f++;
  return to;
}

PLAIN_LOOP void *memset(void *to, int value, size_t bytes) {
  unsigned char *t = to;
  while (bytes--) *t++ = (unsigned char)value;
  return to;
}

PLAIN_LOOP int strcmp(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (unsigned char)*a - (unsigned char)*b;
}

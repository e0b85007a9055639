/*
 * The one block that the runtime can reach on a 64-bit computer, all of it poisoned but for what was taken: the address
 * sanitizer stops the program at the first byte that is touched between or behind the pieces.
 */
#ifndef GUARDED_H
#define GUARDED_H

#include <sanitizer/asan_interface.h>
#include <stdio.h>

#include "htpw.h"

enum { GUARD_BYTES = 64 };

/* Bytes of the block that are given out; the first ones are the runtime's own. */
static uint32_t guarded_used = HTPW_HOST_RESERVED;

/* Everything is free, and poisoned. */
static inline void guarded_poison_all(void) {
  guarded_used = HTPW_HOST_RESERVED;
  ASAN_POISON_MEMORY_REGION(htpw_host_memory() + guarded_used, HTPW_HOST_BYTES - guarded_used);
}

/* The next `bytes` of the block, 16-byte aligned, with a guard before and behind. Stops when the block is too small. */
static inline uint8_t *guarded_take(uint32_t bytes) {
  uint32_t start = guarded_used + GUARD_BYTES;
  uint64_t end = start + ((uint64_t)bytes + 15) / 16 * 16;
  if (end + GUARD_BYTES > HTPW_HOST_BYTES) {
    fprintf(stderr, "host memory: image and arena need more than HTPW_HOST_BYTES = %u bytes\n", HTPW_HOST_BYTES);
    __builtin_trap();
  }
  guarded_used = (uint32_t)end;
  ASAN_UNPOISON_MEMORY_REGION(htpw_host_memory() + start, bytes);
  return htpw_host_memory() + start;
}

/* Gives back what was taken last, and everything taken after it. */
static inline void guarded_give_back(uint8_t *piece) {
  uint32_t start = (uint32_t)(piece - htpw_host_memory());
  ASAN_POISON_MEMORY_REGION(piece, guarded_used - start);
  guarded_used = start - GUARD_BYTES;
}

#endif

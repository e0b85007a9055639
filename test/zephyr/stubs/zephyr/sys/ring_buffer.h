/* Of Zephyr's header, as much as the module uses. */
#pragma once
#include <stdint.h>
struct ring_buf {
  uint8_t *buffer;
  uint32_t size;
};
#define RING_BUF_DECLARE(name, bytes)                  \
  static uint8_t stub_ring_buf_##name[bytes];          \
  struct ring_buf name = {stub_ring_buf_##name, bytes}
uint32_t ring_buf_put(struct ring_buf *buffer, const uint8_t *data, uint32_t bytes);
uint32_t ring_buf_get(struct ring_buf *buffer, uint8_t *data, uint32_t bytes);

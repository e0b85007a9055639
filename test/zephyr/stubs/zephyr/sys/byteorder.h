/* Of Zephyr's header, as much as the module uses. */
#pragma once
#include <stdint.h>
static inline uint32_t sys_get_le32(const uint8_t bytes[4]) {
  return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Of Zephyr's header, as much as the module uses. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
struct flash_area {
  off_t fa_off;
  size_t fa_size;
};
#define FIXED_PARTITION_ID(label) 1
int flash_area_open(uint8_t id, const struct flash_area **area);
void flash_area_close(const struct flash_area *area);
int flash_area_read(const struct flash_area *area, off_t at, void *to, size_t bytes);
int flash_area_write(const struct flash_area *area, off_t at, const void *from, size_t bytes);
int flash_area_erase(const struct flash_area *area, off_t at, size_t bytes);

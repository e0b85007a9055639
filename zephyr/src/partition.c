/* Images out of flash that only its driver can read. SPDX-License-Identifier: Apache-2.0 */
#include <htpw/model.h>
#include <zephyr/logging/log.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/sys/byteorder.h>

LOG_MODULE_DECLARE(htpw, CONFIG_HTPW_LOG_LEVEL);

/* Of docs/format.md */
enum { HEADER_BYTES = 32, TOTAL_AT = 8 };
static const uint32_t MAGIC = 0x57505448;

/* Length of the image at the start of an area, HTPW_BAD_MAGIC, or the driver's error as HTPW_FLASH_ERROR. */
static int32_t read_image(const struct flash_area *area, void *memory, uint32_t bytes) {
  uint8_t header[HEADER_BYTES];
  int error = flash_area_read(area, 0, header, sizeof(header));
  if (error == 0) {
    uint32_t total = sys_get_le32(header + TOTAL_AT);
    if (sys_get_le32(header) != MAGIC) {
      LOG_ERR("partition: begins with %08x: expected %08x, an image; flash one", (unsigned int)sys_get_le32(header),
              (unsigned int)MAGIC);
      return HTPW_BAD_MAGIC;
    }
    if (total > bytes || total > area->fa_size || total > INT32_MAX) {
      LOG_ERR("partition: image of %u bytes: expected at most %u (partition), %u (memory)", (unsigned int)total,
              (unsigned int)area->fa_size, (unsigned int)bytes);
      return HTPW_TRUNCATED;
    }
    error = flash_area_read(area, 0, memory, total);
    if (error == 0) {
      return (int32_t)total;
    }
  }
  LOG_ERR("partition: flash driver: error %d", error);
  return HTPW_FLASH_ERROR;
}

int32_t htpw_read_partition(uint8_t id, void *memory, uint32_t bytes) {
  const struct flash_area *area;
  int error = flash_area_open(id, &area);
  if (error != 0) {
    LOG_ERR("partition %u: flash_area_open: error %d", (unsigned int)id, error);
    return HTPW_FLASH_ERROR;
  }
  int32_t length = read_image(area, memory, bytes);
  flash_area_close(area);
  return length;
}

/* A model that is copied out of flash that only a driver can read. SPDX-License-Identifier: Apache-2.0 */
#include <htpw/model.h>
#include <htpw/models/expected.h>
#include <zephyr/storage/flash_map.h>
#include <zephyr/ztest.h>

#ifdef PARTITION_ID /* the name since Zephyr 4.4 */
#define AREA PARTITION_ID(storage_partition)
#else
#define AREA FIXED_PARTITION_ID(storage_partition)
#endif

static uint8_t image[htpw_expected_bytes] __aligned(16);
static uint8_t arena[CONFIG_HTPW_ARENA_BYTES] __aligned(16);

/* What a programmer or an update would do; the image is a multiple of 4 bytes long. */
static void write_partition(const void *data, size_t bytes) {
  const struct flash_area *area;
  zassert_ok(flash_area_open(AREA, &area));
  zassert_ok(flash_area_erase(area, 0, area->fa_size));
  zassert_ok(flash_area_write(area, 0, data, bytes));
  flash_area_close(area);
}

ZTEST_SUITE(partition, NULL, NULL, NULL, NULL, NULL);

ZTEST(partition, test_the_image_is_copied_and_runs) {
  static uint8_t input[htpw_expected_input_bytes] __aligned(4);
  static uint8_t output[htpw_expected_output_bytes] __aligned(4);
  write_partition(htpw_image_expected, htpw_expected_bytes);
  zassert_equal(htpw_read_partition(AREA, image, sizeof(image)), htpw_expected_bytes);
  zassert_mem_equal(image, htpw_image_expected, htpw_expected_bytes);
  HTPW_DEFINE_OVER(model, image, sizeof(image), arena, sizeof(arena));
  zassert_equal(htpw_model_load(&model, 0), HTPW_OK);
  zassert_equal(htpw_model_run(&model, input, output), HTPW_OK);
}

ZTEST(partition, test_memory_that_is_too_small_is_refused) {
  write_partition(htpw_image_expected, htpw_expected_bytes);
  zassert_equal(htpw_read_partition(AREA, image, sizeof(image) - 1), HTPW_TRUNCATED);
}

ZTEST(partition, test_a_partition_without_an_image_is_refused_by_name) {
  static const uint32_t nothing[8];
  write_partition(nothing, sizeof(nothing));
  zassert_equal(htpw_read_partition(AREA, image, sizeof(image)), HTPW_BAD_MAGIC);
}

ZTEST(partition, test_an_area_that_does_not_exist_is_the_drivers_error) {
  zassert_equal(htpw_read_partition(UINT8_MAX, image, sizeof(image)), HTPW_FLASH_ERROR);
}

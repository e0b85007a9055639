/* A model that is read in place from a flash partition, which was written apart. SPDX-License-Identifier: Apache-2.0 */
#include <htpw/model.h>
#include <htpw/models/expected.h>
#include <zephyr/ztest.h>

HTPW_DEFINE_IN_PARTITION(model, DT_CHOSEN(htpw_model));
HTPW_DEFINE_IN_PARTITION(none, DT_NODELABEL(empty_partition));

ZTEST_SUITE(partition, NULL, NULL, NULL, NULL, NULL);

ZTEST(partition, test_the_image_is_found_where_devicetree_says) {
  zassert_equal((uintptr_t)model.image, 0x200000);
  zassert_equal(model.image_bytes, 0x10000);
  zassert_mem_equal(model.image, htpw_image_expected, htpw_expected_bytes);
}

ZTEST(partition, test_it_runs_as_the_same_image_embedded) {
  static uint8_t input[htpw_expected_input_bytes] __aligned(4);
  static uint8_t outputs[2][htpw_expected_output_bytes] __aligned(4);
  for (size_t i = 0; i < sizeof(input); i++) {
    input[i] = (uint8_t)(i * 37);
  }
  zassert_equal(htpw_model_load(&model, 0), HTPW_OK);
  zassert_equal(htpw_model_run(&model, input, outputs[0]), HTPW_OK);
  HTPW_DEFINE_OVER(embedded, htpw_image_expected, htpw_expected_bytes, model_arena, sizeof(model_arena));
  zassert_equal(htpw_model_load(&embedded, 0), HTPW_OK);
  zassert_equal(htpw_model_run(&embedded, input, outputs[1]), HTPW_OK);
  zassert_mem_equal(outputs[0], outputs[1], sizeof(outputs[0]));
}

ZTEST(partition, test_a_partition_without_an_image_is_refused_by_name) {
  zassert_equal(htpw_model_load(&none, 0), HTPW_BAD_MAGIC);
}

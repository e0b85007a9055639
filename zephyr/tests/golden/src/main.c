/*
 * Golden vectors: what this core computes is, byte for byte, what the WebAssembly in Node computed when vectors.c was
 * made.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <htpw/model.h>
#include <htpw/models/ecg_beats.h>
#include <htpw/models/ecg_beats_boot.h>
#include <htpw/models/ecg_beats_lazy.h>
#include <htpw/models/ecg_beats_stream.h>
#include <string.h>
#include <zephyr/ztest.h>

#include "vectors.h"

#define MOST_OUTPUT 4096

static uint8_t arena[MAX(htpw_ecg_beats_boot_arena_bytes, htpw_ecg_beats_lazy_arena_bytes)] __aligned(16);
static uint8_t output[MOST_OUTPUT] __aligned(4);

/* Runs every vector of an image twice: weights that are made in the first run are there in the second. */
static void replay(const struct golden *vectors) {
  const struct htpw_model model = {vectors->name, vectors->image, vectors->image_bytes, arena, sizeof(arena)};
  zassert_equal(htpw_model_load(&model, 0), HTPW_OK, "%s does not load", vectors->name);
  uint32_t input_bytes = ROUND_UP(htpw_input_bytes(model.image, 0), 4);
  uint32_t output_bytes = (uint32_t)htpw_output_bytes(model.image, 0);
  zassert_true(output_bytes <= sizeof(output), "%s: output of %u bytes", vectors->name, (unsigned int)output_bytes);
  for (uint32_t i = 0; i < 2 * vectors->count; i++) {
    uint32_t vector = i % vectors->count;
    memset(output, 0x55, sizeof(output));
    zassert_equal(htpw_model_run(&model, vectors->inputs + vector * input_bytes, output), HTPW_OK, "%s does not run",
                  vectors->name);
    zassert_mem_equal(output, vectors->outputs + vector * ROUND_UP(output_bytes, 4), output_bytes,
                      "%s: vector %u differs", vectors->name, (unsigned int)vector);
  }
  for (int32_t index = 0; index < htpw_operators(arena); index++) {
    zassert_equal(htpw_check_weights(arena, index), HTPW_OK, "%s: weights of operator %d differ", vectors->name,
                  (int)index);
  }
}

ZTEST_SUITE(golden, NULL, NULL, NULL, NULL, NULL);

ZTEST(golden, test_every_operator_and_weight_source) {
  for (uint32_t i = 0; i < golden_count; i++) {
    replay(&golden[i]);
  }
}

ZTEST(golden, test_ecg_network_of_every_residency) {
  const struct golden residencies[] = {
      {"as packed", htpw_image_ecg_beats, htpw_ecg_beats_bytes, GOLDEN_ECG_COUNT, golden_ecg_inputs, golden_ecg_outputs},
      {"boot", htpw_image_ecg_beats_boot, htpw_ecg_beats_boot_bytes, GOLDEN_ECG_COUNT, golden_ecg_inputs,
       golden_ecg_outputs},
      {"lazy", htpw_image_ecg_beats_lazy, htpw_ecg_beats_lazy_bytes, GOLDEN_ECG_COUNT, golden_ecg_inputs,
       golden_ecg_outputs},
      {"stream", htpw_image_ecg_beats_stream, htpw_ecg_beats_stream_bytes, GOLDEN_ECG_COUNT, golden_ecg_inputs,
       golden_ecg_outputs},
  };
  for (size_t i = 0; i < ARRAY_SIZE(residencies); i++) {
    replay(&residencies[i]);
  }
}

ZTEST(golden, test_sizes_that_cmake_read_are_those_of_the_runtime) {
  zassert_equal(htpw_open(htpw_image_ecg_beats, htpw_ecg_beats_bytes, NULL), HTPW_OK);
  zassert_equal(htpw_arena_bytes(htpw_image_ecg_beats, 0), htpw_ecg_beats_arena_bytes);
  zassert_equal(htpw_input_bytes(htpw_image_ecg_beats, 0), htpw_ecg_beats_input_bytes);
  zassert_equal(htpw_output_bytes(htpw_image_ecg_beats, 0), htpw_ecg_beats_output_bytes);
  zassert_equal(htpw_arena_bytes(htpw_image_ecg_beats_stream, 0), htpw_ecg_beats_stream_arena_bytes);
}

ZTEST(golden, test_what_is_refused_has_a_name) {
  HTPW_DEFINE_OVER(cut, htpw_image_ecg_beats, htpw_ecg_beats_bytes - 1, arena, sizeof(arena));
  zassert_equal(htpw_model_load(&cut, 0), HTPW_TRUNCATED);
  HTPW_DEFINE_OVER(small, htpw_image_ecg_beats, htpw_ecg_beats_bytes, arena, 1024);
  zassert_equal(htpw_model_load(&small, 0), HTPW_ARENA_TOO_SMALL);
  HTPW_DEFINE_OVER(absent, htpw_image_ecg_beats, htpw_ecg_beats_bytes, arena, sizeof(arena));
  zassert_equal(htpw_model_load(&absent, 1), HTPW_NO_SUCH_PROGRAM);
}

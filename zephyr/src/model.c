/* Models: open, load and run with one log line for what went wrong. SPDX-License-Identifier: Apache-2.0 */
#include <htpw/model.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

LOG_MODULE_REGISTER(htpw, CONFIG_HTPW_LOG_LEVEL);

/* What a library that was cut to images says to all others is that they are damaged. */
#define IS_CUT (sizeof(CONFIG_HTPW_LIBRARY) > 1 && !IS_ENABLED(CONFIG_HTPW_PROVE_AGAIN))
#define ITS_OWN (IS_CUT ? " (CONFIG_HTPW_LIBRARY is for its own images; CONFIG_HTPW_PROVE_AGAIN takes others)" : "")

int32_t htpw_model_load(const struct htpw_model *model, int32_t program) {
  uint32_t refused_at = 0;
  int32_t status = htpw_open(model->image, model->image_bytes, &refused_at);
  if (status < 0) {
    LOG_ERR("%s: open: %s at byte %u%s", model->name, htpw_status_name(status), (unsigned int)refused_at, ITS_OWN);
    return status;
  }
  uint32_t arena_bytes = (uint32_t)htpw_arena_bytes(model->image, program);
  status = htpw_load(model->image, program, model->arena, model->arena_bytes, NULL, NULL);
  if (status == HTPW_ARENA_TOO_SMALL) {
    LOG_ERR("%s: load program %d: ARENA_TOO_SMALL: needs %u bytes, has %u (in a partition: CONFIG_HTPW_ARENA_BYTES)",
            model->name, (int)program, (unsigned int)arena_bytes, (unsigned int)model->arena_bytes);
    return status;
  }
  if (status < 0) {
    LOG_ERR("%s: load program %d of %d: %s", model->name, (int)program, (int)htpw_programs(model->image),
            htpw_status_name(status));
    return status;
  }
  LOG_INF("%s: program %d of %d: %d operators, arena %u bytes", model->name, (int)program,
          (int)htpw_programs(model->image), (int)htpw_operators(model->arena), (unsigned int)arena_bytes);
  return HTPW_OK;
}

#ifdef CONFIG_HTPW_TRACE
static void log_operator(void *context, int32_t index, const void *output, uint32_t bytes) {
  uint32_t *since = context;
  uint32_t cycles = k_cycle_get_32() - *since;
  LOG_INF("operator %d: %u bytes, crc %08x, %u cycles", (int)index, (unsigned int)bytes,
          (unsigned int)htpw_crc32(output, bytes), (unsigned int)cycles);
  *since = k_cycle_get_32();
}
#endif

int32_t htpw_model_run(const struct htpw_model *model, const void *input, void *output) {
#ifdef CONFIG_HTPW_TRACE
  uint32_t since = k_cycle_get_32();
  int32_t status = htpw_invoke(model->arena, input, output, log_operator, &since);
#else
  int32_t status = htpw_invoke(model->arena, input, output, NULL, NULL);
#endif
  if (status < 0) {
    LOG_ERR("%s: run: %s", model->name, htpw_status_name(status));
  }
  return status;
}

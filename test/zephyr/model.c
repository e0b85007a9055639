/*
 * zephyr/src/model.c over a runtime that takes note of what it is given, and refuses it as the runtime would: one line
 * for each call, and for each line of the log.
 */
#include <htpw/model.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>

enum { NEEDS = 640, PROGRAMS = 2, IMAGE_BYTES = 4096 };

static uint8_t image[IMAGE_BYTES], arena[1024];
static int32_t open_status, invoke_status;

int32_t htpw_open(const void *from, uint32_t bytes, uint32_t *offset) {
  printf("open %s, %u bytes\n", from == image ? "image" : "?", (unsigned)bytes);
  *offset = 12;
  return open_status;
}

int32_t htpw_arena_bytes(const void *from, int32_t program) {
  return from == image && program < PROGRAMS ? NEEDS : HTPW_NO_SUCH_PROGRAM;
}

int32_t htpw_load(const void *from, int32_t program, void *to, uint32_t bytes, htpw_progress progress, void *context) {
  bool right = from == image && to == arena && progress == NULL && context == NULL;
  printf("load %s, program %d, %u bytes\n", right ? "arena" : "?", (int)program, (unsigned)bytes);
  if (program >= PROGRAMS) return HTPW_NO_SUCH_PROGRAM;
  return bytes < NEEDS ? HTPW_ARENA_TOO_SMALL : HTPW_OK;
}

int32_t htpw_invoke(void *in, const void *input, void *output, htpw_trace trace, void *context) {
  bool right = in == arena && strcmp(input, "input") == 0 && trace == NULL && context == NULL;
  printf("invoke %s\n", right ? "arena" : "?");
  strcpy(output, "output");
  return invoke_status;
}

int32_t htpw_programs(const void *from) { return from == image ? PROGRAMS : 0; }
int32_t htpw_operators(const void *in) { return in == arena ? 7 : 0; }
const char *htpw_status_name(int32_t status) { return status == HTPW_BAD_CRC ? "BAD_CRC" : "NO_SUCH_PROGRAM"; }

void stub_log(const char *format, ...) {
  va_list values;
  va_start(values, format);
  printf("log: ");
  vprintf(format, values);
  printf("\n");
  va_end(values);
}

static void load(uint32_t arena_bytes, int32_t program) {
  HTPW_DEFINE_OVER(net, image, sizeof image, arena, arena_bytes);
  printf("= %d\n", (int)htpw_model_load(&net, program));
}

int main(void) {
  HTPW_DEFINE_OVER(net, image, sizeof image, arena, sizeof arena);
  char output[8] = "";
  load(sizeof arena, 1);
  load(NEEDS, 0);
  load(NEEDS - 1, 0);
  load(sizeof arena, PROGRAMS);
  printf("= %d", (int)htpw_model_run(&net, "input", output));
  printf(" %s\n", output);
  open_status = invoke_status = HTPW_BAD_CRC;
  load(sizeof arena, 0);
  printf("= %d\n", (int)htpw_model_run(&net, "input", output));
  return 0;
}

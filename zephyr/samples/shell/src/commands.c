/* The commands htpw info, htpw run and htpw bench. SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <errno.h>
#include <htpw/models/ecg_beats.h>
#include <stdlib.h>
#include <zephyr/kernel.h>
#include <zephyr/shell/shell.h>

#define MOST_RUNS 1000

HTPW_DEFINE(ecg_beats);

static uint8_t input[htpw_ecg_beats_input_bytes] __aligned(4);
static int8_t output[htpw_ecg_beats_output_bytes] __aligned(4);

/* A pattern, another one for each seed, so that results can be compared with those of another device. */
static void make_input(uint32_t seed) {
  for (uint32_t i = 0; i < sizeof(input); i++) {
    input[i] = (uint8_t)(i * (37 + seed) & 127);
  }
}

/* An argument between 0 and `most`, `otherwise` where there is none, or -1 after saying what is wrong. */
static long number(const struct shell *sh, size_t argc, char **argv, long otherwise, long most) {
  if (argc < 2) {
    return otherwise;
  }
  char *end;
  long value = strtol(argv[1], &end, 10);
  if (*end != '\0' || end == argv[1] || value < 0 || value > most) {
    shell_error(sh, "%s: expected a number from 0 to %ld, got \"%s\"", argv[0], most, argv[1]);
    return -1;
  }
  return value;
}

static int info(const struct shell *sh, size_t argc, char **argv) {
  ARG_UNUSED(argc);
  ARG_UNUSED(argv);
  shell_print(sh, "image    %s, %u bytes, format %d, crc %08x", ecg_beats.name, (unsigned int)ecg_beats.image_bytes,
              (int)htpw_version(), (unsigned int)htpw_crc32(ecg_beats.image, ecg_beats.image_bytes));
  shell_print(sh, "kernels  %s", IS_ENABLED(CONFIG_HTPW_VARIANT_DSP) ? "dsp" : "scalar");
  for (int32_t p = 0; p < htpw_programs(ecg_beats.image); p++) {
    shell_print(sh, "program %d: arena %d bytes, input %d, output %d", (int)p, (int)htpw_arena_bytes(ecg_beats.image, p),
                (int)htpw_input_bytes(ecg_beats.image, p), (int)htpw_output_bytes(ecg_beats.image, p));
  }
  return 0;
}

static int run(const struct shell *sh, size_t argc, char **argv) {
  long seed = number(sh, argc, argv, 0, 1000);
  if (seed < 0) {
    return -EINVAL;
  }
  make_input((uint32_t)seed);
  if (htpw_model_run(&ecg_beats, input, output) < 0) {
    return -EIO;
  }
  shell_fprintf(sh, SHELL_NORMAL, "output  ");
  for (size_t k = 0; k < sizeof(output); k++) {
    shell_fprintf(sh, SHELL_NORMAL, " %d", output[k]);
  }
  shell_fprintf(sh, SHELL_NORMAL, "\n");
  return 0;
}

static int bench(const struct shell *sh, size_t argc, char **argv) {
  long runs = number(sh, argc, argv, 10, MOST_RUNS);
  if (runs < 1) {
    return -EINVAL;
  }
  uint32_t fewest = UINT32_MAX;
  uint32_t most = 0;
  make_input(0);
  for (long i = 0; i < runs; i++) {
    uint32_t begin = k_cycle_get_32();
    if (htpw_model_run(&ecg_beats, input, output) < 0) {
      return -EIO;
    }
    uint32_t cycles = k_cycle_get_32() - begin;
    fewest = MIN(fewest, cycles);
    most = MAX(most, cycles);
  }
  shell_print(sh, "%ld runs: %u to %u cycles of k_cycle_get_32, %u to %u us", runs, (unsigned int)fewest,
              (unsigned int)most, (unsigned int)k_cyc_to_us_floor32(fewest), (unsigned int)k_cyc_to_us_floor32(most));
  return 0;
}

SHELL_STATIC_SUBCMD_SET_CREATE(htpw_commands,
                               SHELL_CMD_ARG(info, NULL, "What the image is and what it takes", info, 1, 0),
                               SHELL_CMD_ARG(run, NULL, "Run it on a pattern: run [seed]", run, 1, 1),
                               SHELL_CMD_ARG(bench, NULL, "Time it: bench [runs]", bench, 1, 1),
                               SHELL_SUBCMD_SET_END);
SHELL_CMD_REGISTER(htpw, &htpw_commands, "hypertinypw", NULL);

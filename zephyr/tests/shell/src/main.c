/* The commands of samples/shell, typed. SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <zephyr/shell/shell.h>
#include <zephyr/shell/shell_dummy.h>
#include <zephyr/ztest.h>

#include "commands.h"

static const char *typed(const char *command, int expected) {
  const struct shell *sh = shell_backend_dummy_get_ptr();
  size_t length;
  shell_backend_dummy_clear_output(sh);
  zassert_equal(shell_execute_cmd(sh, command), expected, "%s", command);
  return shell_backend_dummy_get_output(sh, &length);
}

static void says(const char *command, const char *expected) {
  const char *answer = typed(command, 0);
  zassert_not_null(strstr(answer, expected), "%s: expected \"%s\", got \"%s\"", command, expected, answer);
}

static void *load(void) {
  WAIT_FOR(shell_ready(shell_backend_dummy_get_ptr()), 20000, k_msleep(1));
  zassert_equal(htpw_model_load(&ecg_beats, 0), HTPW_OK);
  return NULL;
}

ZTEST_SUITE(shell, NULL, load, NULL, NULL, NULL);

ZTEST(shell, test_info_has_the_sizes_of_the_image) {
  says("htpw info", "16340 bytes, format 2");
  says("htpw info", "program 0: arena 41328 bytes, input 640, output 4");
}

ZTEST(shell, test_run_has_the_scores_of_the_pattern) {
  says("htpw run", "output   61 118 -128 -74");
  says("htpw run 1", "output   58 59 -128 -46");
}

ZTEST(shell, test_bench_runs_so_often) { says("htpw bench 3", "3 runs: "); }

ZTEST(shell, test_a_wrong_number_is_named) {
  const char *answer = typed("htpw run x", -EINVAL);
  zassert_not_null(strstr(answer, "expected a number from 0 to 1000, got \"x\""), "%s", answer);
}

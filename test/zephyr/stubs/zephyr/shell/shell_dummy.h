/* Of Zephyr's header, as much as the module uses. */
#pragma once
#include <zephyr/shell/shell.h>
const struct shell *shell_backend_dummy_get_ptr(void);
const char *shell_backend_dummy_get_output(const struct shell *sh, size_t *length);
void shell_backend_dummy_clear_output(const struct shell *sh);

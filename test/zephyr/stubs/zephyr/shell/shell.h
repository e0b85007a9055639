/* Of Zephyr's header, as much as the module uses. */
#pragma once
#include <stddef.h>
#include <stdint.h>
struct shell;
enum shell_vt100_color { SHELL_NORMAL };
typedef int (*shell_cmd_handler)(const struct shell *sh, size_t argc, char **argv);
struct shell_static_entry {
  const char *syntax, *help;
  const struct shell_static_entry *subcommands;
  shell_cmd_handler handler;
  uint8_t mandatory, optional;
};
#define SHELL_CMD_ARG(name, subcommands, help, handler, mandatory, optional) \
  { #name, help, subcommands, handler, mandatory, optional }
#define SHELL_SUBCMD_SET_END \
  { 0 }
#define SHELL_STATIC_SUBCMD_SET_CREATE(name, ...) static const struct shell_static_entry name[] = {__VA_ARGS__}
#define SHELL_CMD_REGISTER(name, subcommands, help, handler) \
  const struct shell_static_entry *const stub_command_##name = *(subcommands)
void shell_fprintf(const struct shell *sh, enum shell_vt100_color color, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
#define shell_print(sh, ...) shell_fprintf(sh, SHELL_NORMAL, __VA_ARGS__)
#define shell_error(sh, ...) shell_fprintf(sh, SHELL_NORMAL, __VA_ARGS__)
int shell_execute_cmd(const struct shell *sh, const char *command);
int shell_ready(const struct shell *sh);

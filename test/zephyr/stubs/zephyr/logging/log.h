/* Of Zephyr's header, as much as the module uses. */
#pragma once
#define LOG_LEVEL_INF 3
#define LOG_MODULE_REGISTER(name, level) enum { stub_log_level_##name = (level) }
#define LOG_MODULE_DECLARE(name, level) enum { stub_log_level_##name = (level) }
void stub_log(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define LOG_ERR(...) stub_log(__VA_ARGS__)
#define LOG_INF(...) stub_log(__VA_ARGS__)

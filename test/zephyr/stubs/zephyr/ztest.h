/* Of Zephyr's header, as much as the module uses. */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <zephyr/kernel.h>
#define ZTEST_SUITE(suite, predicate, setup, before, after, teardown) \
  void *(*const stub_setup_##suite)(void) = (setup)
#define ZTEST(suite, name)                       \
  void stub_##suite##_##name(void);              \
  void stub_##suite##_##name(void)
void stub_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool stub_check(bool holds);
#define STUB_CHECK(holds, ...) (stub_check(holds) ? (void)0 : stub_message(" " __VA_ARGS__))
#define zassert_true(condition, ...) STUB_CHECK((condition), __VA_ARGS__)
#define zassert_ok(status, ...) STUB_CHECK((status) == 0, __VA_ARGS__)
#define zassert_not_null(pointer, ...) STUB_CHECK((pointer) != NULL, __VA_ARGS__)
#define zassert_equal(a, b, ...) STUB_CHECK((a) == (b), __VA_ARGS__)
#define zassert_mem_equal(a, b, bytes, ...) STUB_CHECK(memcmp(a, b, bytes) == 0, __VA_ARGS__)

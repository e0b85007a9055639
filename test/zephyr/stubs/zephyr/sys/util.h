/* Of Zephyr's header, as much as the module uses. */
#pragma once
#include <stddef.h>
#define ARG_UNUSED(argument) (void)(argument)
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ROUND_UP(value, step) (((value) + (step)-1) / (step) * (step))

/* COND_CODE_1(1, (a), (b)) is a, COND_CODE_1(0, (a), (b)) is b */
#define COND_CODE_1(flag, yes, no) STUB_CHOOSE(flag, yes, no)
#define STUB_CHOOSE(flag, yes, no) STUB_CHOOSE_##flag(yes, no)
#define STUB_CHOOSE_1(yes, no) STUB_BARE yes
#define STUB_CHOOSE_0(yes, no) STUB_BARE no
#define STUB_BARE(...) __VA_ARGS__

/* IS_ENABLED(CONFIG_X) is 1 where CONFIG_X is defined as 1, else 0 */
#define IS_ENABLED(option) STUB_ENABLED(option)
#define STUB_ENABLED(value) STUB_SECOND(STUB_SHIFT_##value 1, 0, 0)
#define STUB_SHIFT_1 0,
#define STUB_SECOND(...) STUB_SECOND_OF(__VA_ARGS__)
#define STUB_SECOND_OF(first, second, ...) second

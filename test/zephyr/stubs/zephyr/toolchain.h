/* Of Zephyr's header, as much as the module uses. */
#pragma once
#ifndef __aligned /* newlib has it, too */
#define __aligned(bytes) __attribute__((aligned(bytes)))
#endif
#define BUILD_ASSERT(condition, ...) _Static_assert(condition, "" __VA_ARGS__)

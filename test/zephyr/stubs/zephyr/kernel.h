/* Of Zephyr's header, as much as the module uses. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zephyr/sys/util.h>
#include <zephyr/toolchain.h>

typedef struct {
  int64_t ticks;
} k_timeout_t;
#define K_MSEC(milliseconds) ((k_timeout_t){(milliseconds)})
#define K_FOREVER ((k_timeout_t){-1})

struct k_sem {
  unsigned int count, limit;
};
#define K_SEM_DEFINE(name, initial, most) struct k_sem name = {(initial), (most)}
int k_sem_take(struct k_sem *sem, k_timeout_t timeout);
void k_sem_give(struct k_sem *sem);

struct k_timer {
  void (*expired)(struct k_timer *timer);
  void (*stopped)(struct k_timer *timer);
};
#define K_TIMER_DEFINE(name, expiry, stop) struct k_timer name = {(expiry), (stop)}
void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period);
void k_timer_stop(struct k_timer *timer);

uint32_t k_cycle_get_32(void);
uint32_t k_cyc_to_us_floor32(uint32_t cycles);
int32_t k_msleep(int32_t milliseconds);
#define WAIT_FOR(condition, microseconds, meanwhile) ((condition) || ((meanwhile), (microseconds) > 0))

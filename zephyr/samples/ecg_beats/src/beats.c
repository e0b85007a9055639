/* A detector of heart beats: beats.h says what it can do. SPDX-License-Identifier: Apache-2.0 */
#include "beats.h"

#include <string.h>

#define LEARN (2 * BEATS_RATE)       /* samples from which the usual movement is learned before any beat is reported */
#define REFRACTORY (BEATS_RATE / 4)  /* no two beats are closer */
#define PATIENCE (3 * BEATS_RATE / 2) /* without a beat for so long, smaller ones count */
#define REACH 8                      /* samples before its movement began in which a beat's peak may lie */

void beats_init(struct beats *beats) { memset(beats, 0, sizeof(*beats)); }

static int32_t sample_at(const struct beats *beats, uint32_t at) { return beats->history[at % BEATS_HISTORY]; }

static int32_t distance(int32_t a, int32_t b) { return a > b ? a - b : b - a; }

/* The sample that is furthest from the mean of the last second, between where the movement began and now. */
static uint32_t peak(const struct beats *beats) {
  int32_t sum = 0;
  for (uint32_t i = 1; i <= BEATS_RATE; i++) {
    sum += sample_at(beats, beats->samples - i);
  }
  int32_t mean = sum / BEATS_RATE;
  uint32_t best = beats->begin - REACH;
  for (uint32_t at = beats->begin - REACH; at < beats->samples; at++) {
    if (distance(sample_at(beats, at), mean) > distance(sample_at(beats, best), mean)) {
      best = at;
    }
  }
  return best;
}

/* Whether a beat ended with this sample; `movement` is up to date. */
static bool ended(struct beats *beats) {
  if (beats->samples <= LEARN) {
    if (beats->movement > beats->usual) {
      beats->usual = beats->movement;
    }
    return false;
  }
  if (beats->samples - beats->last > PATIENCE && beats->most == 0) {
    beats->usual -= beats->usual / 64;
  }
  if (beats->movement > beats->most && beats->movement > beats->usual / 2) {
    if (beats->most == 0) {
      beats->begin = beats->samples;
    }
    beats->most = beats->movement;
  }
  if (beats->most == 0 || beats->movement > beats->most / 2) {
    return false;
  }
  beats->usual += (beats->most - beats->usual) / 8;
  beats->most = 0;
  return true;
}

static void take_window(const struct beats *beats, uint32_t at, int16_t *window) {
  for (uint32_t i = 0; i < BEATS_WINDOW; i++) {
    window[i] = (int16_t)sample_at(beats, at - BEATS_BEFORE + i);
  }
}

bool beats_push(struct beats *beats, int16_t sample, int16_t window[BEATS_WINDOW], uint32_t *at) {
  uint32_t now = beats->samples;
  beats->history[now % BEATS_HISTORY] = sample;
  int32_t step = now >= 2 ? distance(sample, sample_at(beats, now - 2)) : 0;
  int32_t *oldest = &beats->steps[now % BEATS_SPAN];
  beats->movement += step - *oldest;
  *oldest = step;
  beats->samples = now + 1;

  if (ended(beats)) {
    uint32_t found = peak(beats);
    if (beats->found == 0 || found - beats->last >= REFRACTORY) {
      beats->pending[beats->found++ % BEATS_PENDING] = found;
      beats->last = found;
    }
  }
  if (beats->windows == beats->found) {
    return false;
  }
  *at = beats->pending[beats->windows % BEATS_PENDING];
  if (now + 1 < *at + BEATS_WINDOW - BEATS_BEFORE) {
    return false;
  }
  beats->windows++;
  take_window(beats, *at, window);
  return true;
}

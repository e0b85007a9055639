/*
 * Heart beats in a stream of ECG samples, and the window around each that the network wants: 320 raw samples at 120 Hz,
 * the beat at sample 160. Plain C without Zephyr.
 *
 * The detector is a simple one, enough for a clean lead: a beat is where the signal, in a tenth of a second, moves more
 * than half of what it moved in the beats before. It can miss or invent beats in noise; a product needs a better one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef BEATS_H
#define BEATS_H

#include <stdbool.h>
#include <stdint.h>

#define BEATS_RATE 120  /* samples per second */
#define BEATS_WINDOW 320 /* samples of a window */
#define BEATS_BEFORE 160 /* of them before the beat */

#define BEATS_HISTORY 512 /* samples that are kept; a power of two */
#define BEATS_SPAN 12     /* samples over which movement is summed */
#define BEATS_PENDING 8   /* beats whose window is not complete yet; it takes 1.3 seconds */

struct beats {
  int16_t history[BEATS_HISTORY];
  int32_t steps[BEATS_SPAN]; /* movement of the last samples */
  int32_t movement;          /* their sum */
  int32_t usual;             /* movement of the beats before */
  int32_t most;              /* of the beat that is under way, 0: none */
  uint32_t samples;          /* so far */
  uint32_t begin;            /* of the beat that is under way */
  uint32_t last;             /* beat, in samples */
  uint32_t pending[BEATS_PENDING];
  uint32_t found;   /* beats so far */
  uint32_t windows; /* of them given out */
};

void beats_init(struct beats *beats);

/*
 * Takes one sample. Returns true when with it the window around a beat is complete: then that window is in `window`,
 * and the number of the beat's sample, counted from 0, in `*at`.
 */
bool beats_push(struct beats *beats, int16_t sample, int16_t window[BEATS_WINDOW], uint32_t *at);

#endif

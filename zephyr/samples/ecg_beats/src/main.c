/*
 * ECG samples -> ring buffer -> beats -> class of each beat: N normal, S supraventricular, V ventricular, F fusion of
 * both.
 *
 * The samples are a synthetic strip. A device replaces adc_block_done() by the interrupt of its converter: 12 samples,
 * every tenth of a second. Everything else stays. For research and demonstration; not a medical device.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <htpw/model.h>
#include <htpw/models/ecg_beats.h>
#include <string.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/sys/ring_buffer.h>

#include "beats.h"
#include "strip.h"

LOG_MODULE_REGISTER(ecg_beats, LOG_LEVEL_INF);

#define BLOCK_SAMPLES 12
#define BLOCK_MS (1000 * BLOCK_SAMPLES / BEATS_RATE / CONFIG_ECG_SPEED)
#define BUFFERED_BLOCKS 20 /* two seconds: how long the consumer may be late */

static const char CLASSES[] = "NSVF";

HTPW_DEFINE(ecg_beats);
BUILD_ASSERT(htpw_ecg_beats_input_bytes == BEATS_WINDOW * sizeof(int16_t), "another network than beats.h is for");
BUILD_ASSERT(htpw_ecg_beats_output_bytes == sizeof(CLASSES) - 1, "another network than CLASSES is for");

RING_BUF_DECLARE(samples, BUFFERED_BLOCKS *BLOCK_SAMPLES * sizeof(int16_t));
static K_SEM_DEFINE(block_ready, 0, BUFFERED_BLOCKS);
static volatile uint32_t lost; /* samples that found the buffer full */

/* The producer, in interrupt context. */
static void adc_block_done(struct k_timer *timer) {
  static uint32_t position;
  int16_t block[BLOCK_SAMPLES];
  memcpy(block, strip + position, sizeof(block));
  lost += BLOCK_SAMPLES - ring_buf_put(&samples, (const uint8_t *)block, sizeof(block)) / sizeof(int16_t);
  position += BLOCK_SAMPLES;
  if (position == STRIP_SAMPLES) {
    k_timer_stop(timer);
  }
  k_sem_give(&block_ready);
}
static K_TIMER_DEFINE(adc, adc_block_done, NULL);

static char classify(int16_t window[BEATS_WINDOW], uint32_t at) {
  static int8_t scores[htpw_ecg_beats_output_bytes] __aligned(4);
  if (htpw_model_run(&ecg_beats, window, scores) < 0) {
    return '?';
  }
  unsigned int best = 0;
  for (unsigned int k = 1; k < sizeof(scores); k++) {
    if (scores[k] > scores[best]) {
      best = k;
    }
  }
  LOG_INF("%3u.%02u s: %c (N %d, S %d, V %d, F %d)", (unsigned int)(at / BEATS_RATE),
          (unsigned int)(at % BEATS_RATE * 100 / BEATS_RATE), CLASSES[best], scores[0], scores[1], scores[2], scores[3]);
  return CLASSES[best];
}

int main(void) {
  static struct beats beats;
  static int16_t window[BEATS_WINDOW] __aligned(4);
  static char sequence[80];
  size_t length = 0;
  uint32_t taken = 0;

  if (htpw_model_load(&ecg_beats, 0) < 0) {
    return 0;
  }
  beats_init(&beats);
  k_timer_start(&adc, K_MSEC(BLOCK_MS), K_MSEC(BLOCK_MS));
  while (taken + lost < STRIP_SAMPLES) {
    int16_t sample;
    uint32_t at;
    k_sem_take(&block_ready, K_FOREVER);
    while (ring_buf_get(&samples, (uint8_t *)&sample, sizeof(sample)) == sizeof(sample)) {
      taken++;
      if (beats_push(&beats, sample, window, &at) && length < sizeof(sequence) - 1) {
        sequence[length++] = classify(window, at);
      }
    }
  }
  LOG_INF("%u samples, %u lost, %u beats: %s", (unsigned int)taken, (unsigned int)lost, (unsigned int)length, sequence);
  return 0;
}

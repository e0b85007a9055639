/* Images, inputs for each, and every byte that must come out. SPDX-License-Identifier: Apache-2.0 */
#ifndef VECTORS_H
#define VECTORS_H

#include <stdint.h>

/* Inputs and outputs lie one behind the other, each padded to 4 bytes. */
struct golden {
  const char *name;
  const uint8_t *image;
  uint32_t image_bytes;
  uint32_t count;
  const uint8_t *inputs;
  const uint8_t *outputs;
};

#define GOLDEN_ECG_COUNT 4

extern const struct golden golden[];
extern const uint32_t golden_count;
/* For all residencies of the ECG network */
extern const uint8_t golden_ecg_inputs[], golden_ecg_outputs[];

#endif

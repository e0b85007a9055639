/* Half a minute of ECG that is replayed in place of an ADC. SPDX-License-Identifier: Apache-2.0 */
#ifndef STRIP_H
#define STRIP_H

#include <stdint.h>

#define STRIP_SAMPLES 3600

extern const int16_t strip[STRIP_SAMPLES];

#endif

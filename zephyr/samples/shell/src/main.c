/* Makes the model ready; everything else is done by commands.c, at the prompt. SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

int main(void) {
  htpw_model_load(&ecg_beats, 0);
  return 0;
}

/* The model of the shell's commands. SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <htpw/model.h>

extern const struct htpw_model ecg_beats;

#endif

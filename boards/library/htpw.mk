# hypertinypw for a Makefile. Set CC and CFLAGS (with the flags that select the core), then include this file. It gives
#   HTPW_SOURCES   C files to compile
#   HTPW_HEADERS   what they and your own files include, for the rules that compile them
#   HTPW_INCLUDES  -I flags, for these and for your own files
#   HTPW_CFLAGS    for HTPW_SOURCES only, after your own: -O2, and with GCC what its kernels need to stay in registers
# HTPW_VARIANT is scalar, dsp (Arm's DSP extension), mve (Helium), or auto, which asks the compiler.
HTPW_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
# HTPW_SMALL=1 makes less code, for instructions.
HTPW_VARIANT ?= auto
# Macros that the compiler defines become their value, the others stay.
HTPW_COMPILER := $(shell printf 'mve=__ARM_FEATURE_MVE dsp=__ARM_FEATURE_DSP clang=__clang__ gnu=__GNUC__' | $(CC) $(CFLAGS) -E -P -x c -)

HTPW_CHOSEN := $(HTPW_VARIANT)
ifeq ($(HTPW_VARIANT),auto)
  HTPW_CHOSEN := $(if $(findstring __ARM_FEATURE_DSP,$(HTPW_COMPILER)),scalar,dsp)
  HTPW_CHOSEN := $(if $(findstring __ARM_FEATURE_MVE,$(HTPW_COMPILER)),$(HTPW_CHOSEN),mve)
endif
ifeq ($(filter scalar dsp mve,$(HTPW_CHOSEN)),)
  $(error HTPW_VARIANT: expected auto, scalar, dsp or mve, got "$(HTPW_VARIANT)")
endif
HTPW_SOURCES := $(HTPW_DIR)/src/htpw_$(HTPW_CHOSEN).c $(wildcard $(HTPW_DIR)/src/htpw_model.c)
HTPW_HEADERS := $(wildcard $(HTPW_DIR)/include/*.h $(HTPW_DIR)/src/*.h)
HTPW_INCLUDES := -I$(HTPW_DIR)/include
HTPW_CFLAGS := -O2 -ffunction-sections -fdata-sections
ifneq ($(findstring __clang__,$(HTPW_COMPILER)),)
ifeq ($(findstring __GNUC__,$(HTPW_COMPILER)),)
  HTPW_CFLAGS += @GCC_FLAGS@ $(if $(filter 1,$(HTPW_SMALL)),@SMALL_FLAGS@)
endif
endif

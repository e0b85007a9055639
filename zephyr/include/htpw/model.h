/*
 * hypertinypw for Zephyr: a model is an image with an arena, made ready and run in one line each. Everything of htpw.h
 * can be used beside it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef HTPW_ZEPHYR_MODEL_H
#define HTPW_ZEPHYR_MODEL_H

#include <htpw.h>
#include <stdint.h>
#include <zephyr/devicetree.h>
#include <zephyr/sys/util.h>
#include <zephyr/toolchain.h>

#ifdef __cplusplus
extern "C" {
#endif

struct htpw_model {
  const char *name;
  const void *image;    /* 16-byte aligned */
  uint32_t image_bytes; /* of the image, or more: of what it lies in */
  void *arena;          /* 16-byte aligned */
  uint32_t arena_bytes;
};

/* A model `_name` over memory of yours. */
#define HTPW_DEFINE_OVER(_name, _image, _image_bytes, _arena, _arena_bytes)                                     \
  const struct htpw_model _name = {.name = #_name,                                                             \
                                   .image = (_image),                                                          \
                                   .image_bytes = (_image_bytes),                                              \
                                   .arena = (_arena),                                                          \
                                   .arena_bytes = (_arena_bytes)}

/* A model of an image that htpw_add_model() embedded under the same name, with an arena as large as that image says. */
#define HTPW_DEFINE(_name)                                                                                      \
  static uint8_t _name##_arena[htpw_##_name##_arena_bytes] __aligned(16);                                       \
  HTPW_DEFINE_OVER(_name, htpw_image_##_name, htpw_##_name##_bytes, _name##_arena, sizeof(_name##_arena))

/*
 * Address of a flash partition that the core can read like memory. Partitions of fixed-partitions count from the start
 * of their flash, those of zephyr,mapped-partition (Zephyr 4.4) from 0.
 */
#define HTPW_PARTITION_ADDRESS(_node)                                                                           \
  (COND_CODE_1(DT_NODE_HAS_COMPAT(_node, zephyr_mapped_partition), (DT_REG_ADDR(_node)),                        \
               (DT_REG_ADDR(DT_GPARENT(_node)) + DT_REG_ADDR(_node))))

/*
 * Whether that address is where the core sees it: so for flash inside the chip, but not for what simulates one, nor for
 * an ESP32, whose flash is seen through a translation of addresses.
 */
#define HTPW_PARTITION_IS_MEMORY(_node)                                                                         \
  (DT_NODE_HAS_COMPAT(DT_GPARENT(_node), soc_nv_flash) &&                                                       \
   !DT_NODE_HAS_COMPAT(DT_PARENT(DT_GPARENT(_node)), zephyr_sim_flash) &&                                       \
   !IS_ENABLED(CONFIG_SOC_FAMILY_ESP32) && !IS_ENABLED(CONFIG_SOC_FAMILY_ESPRESSIF_ESP32))

/*
 * A model whose image is read in place from a partition, and an arena of CONFIG_HTPW_ARENA_BYTES. Flash outside the
 * chip that is mapped into the address space takes HTPW_DEFINE_OVER() with the address that it is mapped to.
 */
#define HTPW_DEFINE_IN_PARTITION(_name, _node)                                                                  \
  COND_CODE_1(DT_NODE_EXISTS(_node), (HTPW_DEFINE_IN_NODE(_name, _node)),                                       \
              (BUILD_ASSERT(0, "no such partition: expected a node label, or a chosen, of this board's devicetree")))

#define HTPW_DEFINE_IN_NODE(_name, _node)                                                                       \
  BUILD_ASSERT(HTPW_PARTITION_IS_MEMORY(_node),                                                                 \
               "not in flash inside the chip, so not known to be in the address space: copy the image with "    \
               "htpw_read_partition(), or give HTPW_DEFINE_OVER() the address where it can be read");           \
  BUILD_ASSERT(HTPW_PARTITION_ADDRESS(_node) % 16 == 0, "an image must be 16-byte aligned");                    \
  static uint8_t _name##_arena[CONFIG_HTPW_ARENA_BYTES] __aligned(16);                                          \
  HTPW_DEFINE_OVER(_name, (const void *)HTPW_PARTITION_ADDRESS(_node), DT_REG_SIZE(_node), _name##_arena,       \
                   sizeof(_name##_arena))

/*
 * A model belongs to one thread at a time: neither of these while the other runs for the same model. Different models
 * are independent.
 *
 * Prove the image, see that the arena is large enough, and make a program ready in it. Logs what it did, or what was
 * refused and where. Returns HTPW_OK or a status of htpw.h.
 */
int32_t htpw_model_load(const struct htpw_model *model, int32_t program);

/*
 * Run the loaded program once. `input` and `output` are 4-byte aligned, of the lengths that htpw_input_bytes() and
 * htpw_output_bytes() tell. Logs errors, with CONFIG_HTPW_TRACE every operator. Returns HTPW_OK or a status of htpw.h.
 */
int32_t htpw_model_run(const struct htpw_model *model, const void *input, void *output);

/*
 * Copy an image out of a flash partition that cannot be read in place, into `bytes` bytes of 16-byte aligned memory.
 * `area` is its FIXED_PARTITION_ID(), since Zephyr 4.4 PARTITION_ID(); needs CONFIG_FLASH_MAP. Returns the length of
 * the image, which is not proved yet, a status of htpw.h (HTPW_BAD_MAGIC: none is there, HTPW_TRUNCATED: it is longer
 * than partition or memory), or HTPW_FLASH_ERROR, after logging the driver's.
 */
#define HTPW_FLASH_ERROR INT32_MIN
int32_t htpw_read_partition(uint8_t area, void *memory, uint32_t bytes);

#ifdef __cplusplus
}
#endif
#endif

/* Of Zephyr's header, as much as the module uses, for a tree in which every node lies in one flash. */
#pragma once
#include <zephyr/sys/util.h>
#define DT_CHOSEN(name) STUB_NODE_##name
#define DT_NODELABEL(label) STUB_NODE_##label
#define DT_PARENT(node) STUB_PARENT
#define DT_GPARENT(node) STUB_FLASH
#define DT_NODE_HAS_COMPAT(node, compatible) STUB_COMPATIBLE_##compatible
#define STUB_COMPATIBLE_zephyr_mapped_partition 0
#ifndef DT_NODE_EXISTS
#define DT_NODE_EXISTS(node) 1
#endif
#ifndef STUB_COMPATIBLE_soc_nv_flash
#define STUB_COMPATIBLE_soc_nv_flash 1
#endif
#ifndef STUB_COMPATIBLE_zephyr_sim_flash
#define STUB_COMPATIBLE_zephyr_sim_flash 0
#endif
#ifndef STUB_ADDRESS
#define STUB_ADDRESS 0x10000
#endif
#define DT_REG_ADDR(node) STUB_ADDRESS
#define DT_REG_SIZE(node) 0x10000

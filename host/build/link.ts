/**
 * The linker script of a board, from its memory map.
 *
 *   flash   boot (where a boot ROM wants it) | vectors | image (16-byte aligned) | code and constants | values of .data
 *   RAM     stack | .data | .bss (arena, input, output, the rest)
 *
 * .vectors is what the core looks for at the start of flash: a table of addresses, or its first instructions.
 *
 * The stack comes first in RAM and grows down: when it overflows it leaves RAM, which faults, instead of eating .data.
 * Start-up code may guard the GUARD_BYTES below it.
 */
import type { Board } from '../boards/board.ts';
import { BOOT_BYTES } from '../boards/boot.ts';

const GUARD_BYTES = 4096;

const hex = (value: number) => `0x${value.toString(16).padStart(8, '0')}`;

export function linkerScript(board: Board): string {
  const { memory, budget } = board;
  if (!memory || !budget) throw new Error(`board "${board.name}": has no memory map, so it needs no linker script`);
  return `/* Generated from board.json of ${board.name}: do not edit. */
ENTRY(reset)

MEMORY {
  flash (rx) : ORIGIN = ${hex(memory.flash.origin)}, LENGTH = ${memory.flash.bytes}
  ram (rwx) : ORIGIN = ${hex(memory.ram.origin)}, LENGTH = ${memory.ram.bytes}
}

SECTIONS {
  .boot : { KEEP(*(.boot)) } > flash
  .vectors : { KEEP(*(.vectors)) } > flash
  .image : ALIGN(16) { KEEP(*(.image)) } > flash
  .text : ALIGN(4) { *(.text .text.*) *(.rodata .rodata.*) *(.srodata .srodata.*) . = ALIGN(4); } > flash

  .stack (NOLOAD) : ALIGN(8) { stack_bottom = .; . += ${budget.stackBytes}; . = ALIGN(8); stack_top = .; } > ram
  .data : ALIGN(4) { data_start = .; *(.data .data.*) *(.sdata .sdata.*) . = ALIGN(4); data_end = .; } > ram AT > flash
  data_load = LOADADDR(.data);
  .bss (NOLOAD) : ALIGN(16) { bss_start = .; *(.bss .bss.* COMMON) *(.sbss .sbss.*) . = ALIGN(4); bss_end = .; } > ram

  /DISCARD/ : { *(.*.exidx* .*.extab* .eh_frame* .*.attributes .note.* .comment) }
}

ASSERT(SIZEOF(.boot) == ${board.boot ? BOOT_BYTES : 0}, "boot: must be as long as the board's boot ROM reads")
ASSERT(ADDR(.vectors) == ORIGIN(flash) + SIZEOF(.boot), "vectors: must lie at the start of flash, where the core looks for them")
ASSERT(SIZEOF(.vectors) > 0, "vectors: missing; does the board list its start-up code, such as ../common/cortex_m.c?")
ASSERT(stack_bottom % ${GUARD_BYTES} == 0, "RAM: must start at a multiple of ${GUARD_BYTES}, below which the stack is guarded")
ASSERT((htpw_image & 15) == 0, "image: must be 16-byte aligned in flash")
ASSERT(htpw_image >= ORIGIN(flash) && htpw_image_end <= ORIGIN(flash) + LENGTH(flash), "image: must lie in flash")
ASSERT(data_load % 4 == 0 && bss_start % 4 == 0, "data: must be copied and cleared word by word")
`;
}

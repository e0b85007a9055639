/*
 * The second stage of the RP2040's boot (datasheet, 2.8.1: boot sequence; 4.10: SSI). The boot ROM copies the first 256
 * bytes of flash to the end of RAM, checks their CRC-32, which the build writes into the last four, and jumps to them.
 *
 * They let the core read the flash where it lies, with the serial read command 03h, which every flash chip has, and go
 * on with the vector table behind them. 31.25 MHz once the core runs at 125: chips promise 50 for this command. What
 * misses the cache of 16 KiB takes 64 of these clocks, 256 of the core's, for four bytes. The quad commands are several
 * times faster, but need settings that differ from chip to chip.
 *
 * It runs elsewhere than it is linked: no absolute address of its own.
 */
  .syntax unified
  .cpu cortex-m0plus
  .thumb

  .equ SSI, 0x18000000
  .equ CTRLR0, 0x00
  .equ CTRLR1, 0x04
  .equ SSIENR, 0x08
  .equ BAUDR, 0x14
  .equ SPI_CTRLR0, 0xf4
  .equ VTOR, 0xe000ed08
  .equ VECTORS, 0x10000100

  .equ CLOCK_DIVIDER, 4
  .equ READ_FRAMES, 31 << 16 | 3 << 8                /* one line; 32 bits a frame; send command and address, then receive */
  .equ READ_COMMAND, 0x03 << 24 | 2 << 8 | 24 / 4 << 2 /* 03h, of 8 bits; 24 bits of address */

  .section .boot, "ax"
  .global boot2
  .thumb_func
boot2:
  ldr r0, =SSI
  movs r1, #0
  str r1, [r0, #SSIENR]            /* it can be set up only while it is off */
  movs r2, #CLOCK_DIVIDER
  str r2, [r0, #BAUDR]
  ldr r2, =READ_FRAMES
  str r2, [r0, #CTRLR0]
  str r1, [r0, #CTRLR1]            /* one frame a read */
  movs r3, #SPI_CTRLR0
  ldr r2, =READ_COMMAND
  str r2, [r0, r3]
  movs r2, #1
  str r2, [r0, #SSIENR]

  ldr r0, =VECTORS
  ldr r1, =VTOR
  str r0, [r1]
  ldr r1, [r0]
  msr msp, r1
  ldr r0, [r0, #4]
  bx r0
  .ltorg

  .org 252
  .word 0                          /* CRC, by host/boards/boot.ts */

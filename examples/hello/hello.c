/*
 * Classifies one ECG window on an emulated Cortex-M7 (Arm MPS2 with the AN500 image), bare metal: vectors, the network,
 * and one line on the first UART. Nothing of it needs Node.
 */
#include "htpw.h"

/* A file as constant data, aligned as the runtime wants it. */
#define EMBED(name, path)                                              \
  __asm__(".section .rodata." #name ", \"a\"\n .balign 16\n"           \
          #name ": .incbin \"" path "\"\n" #name "_end:\n .previous"); \
  extern const uint8_t name[], name##_end[]

EMBED(image, IMAGE_FILE);
EMBED(window, WINDOW_FILE);

static uint8_t arena[48 * 1024] __attribute__((aligned(16)));
static uint8_t scores[4] __attribute__((aligned(4)));
static const char *const CLASSES[] = {"N, normal", "S, supraventricular", "V, ventricular", "F, fusion"};

static void print(const char *text) {
  volatile uint32_t *uart = (volatile uint32_t *)0x40004000; /* data, state, control */
  uart[2] = 1;                                               /* transmit */
  for (; *text; text++) {
    while (uart[1] & 1) {
    }
    uart[0] = (uint8_t)*text;
  }
}

static int32_t classify(void) {
  uint32_t refused_at;
  int32_t status = htpw_open(image, (uint32_t)(image_end - image), &refused_at);
  if (status == HTPW_OK) status = htpw_load(image, 0, arena, sizeof arena, 0, 0);
  if (status == HTPW_OK) status = htpw_invoke(arena, window, scores, 0, 0);
  if (status < 0) return status;
  int32_t best = 0;
  for (int32_t k = 1; k < 4; k++)
    if ((int8_t)scores[k] > (int8_t)scores[best]) best = k;
  return best;
}

/* SYS_EXIT of semihosting, which ends the emulator. */
static void leave(void) {
  register uint32_t call __asm__("r0") = 0x18, reason __asm__("r1") = 0x20026;
  __asm__ volatile("bkpt 0xab" ::"r"(call), "r"(reason));
}

extern uint32_t bss_start[], bss_end[], stack_top[];

static void reset(void) {
  for (uint32_t *word = bss_start; word < bss_end; word++) *word = 0;
  int32_t result = classify();
  print(result < 0 ? htpw_status_name(result) : CLASSES[result]);
  print("\n");
  leave();
  for (;;) {
  }
}

static void fault(void) {
  print("fault\n");
  leave();
}

__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack;
  void (*handlers[15])(void);
} vectors = {stack_top, {reset, fault, fault, fault, fault, fault}};

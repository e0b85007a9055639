/*
 * Runs every program of an image on every one of its inputs, amid two kinds of garbage, and prints a line for each:
 *
 *   <program> <garbage> <input> <CRC-32 of every layer's output> ... <CRC-32 of the output>
 *
 * followed by what was written that should not have been, if anything was. shapes.test.ts compares the lines. Behind
 * the image, from the next 16 bytes on, the file holds u32 words for each program:
 *
 *   for each operator   { count, { offset, bytes }[count] } of the arena that it may touch, the same of the image
 *   for the program     input count, then the inputs, each padded to 4 bytes
 *
 * Guards lie directly before and behind arena, input and output. On the sanitized host everything is poisoned but what
 * the operator at hand may touch; elsewhere guards, and all of the arena that no operator may touch, are compared after
 * each inference.
 */
#include <stdbool.h>
#include <stddef.h>
#if __STDC_HOSTED__
#include <string.h>
#else /* boards/common/libc.c has them */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
#endif

#include "board.h"
#include "htpw.h"
#include "reply.h"

extern const uint8_t htpw_image[], htpw_image_end[];

static const uint8_t GARBAGE[] = {0xa5, 0x5a};
enum { TOTAL_AT = 8, MOST_OPERATORS = 64 };

struct piece {
  uint8_t *at;
  uint32_t bytes;
};

/* Where ranges are listed: { count, { offset, bytes }[count] } */
struct ranges {
  uint32_t count;
  const uint32_t *words;
};

struct run {
  struct piece image, arena, input, output;
  uint32_t operators;
  struct ranges in_arena[MOST_OPERATORS], in_image[MOST_OPERATORS];
};

#if defined(__SANITIZE_ADDRESS__)

#include "../../boards/host/guarded.h"

static void memory_begin(void) { guarded_poison_all(); }
static struct piece memory_take(uint32_t bytes) { return (struct piece){guarded_take(bytes), bytes}; }
static void memory_give_back(struct piece piece) { guarded_give_back(piece.at); }
static bool is_guarded(struct piece piece) { return piece.at != NULL; /* else the sanitizer has stopped the program */ }

static struct piece memory_of_image(uint32_t bytes) {
  struct piece image = memory_take(bytes);
  memcpy(image.at, htpw_image, bytes);
  return image;
}

static void poison(struct piece piece) { ASAN_POISON_MEMORY_REGION(piece.at, piece.bytes); }
static void unpoison(struct piece piece) { ASAN_UNPOISON_MEMORY_REGION(piece.at, piece.bytes); }

static void unpoison_ranges(struct piece piece, struct ranges ranges) {
  for (uint32_t i = 0; i < ranges.count; i++) {
    ASAN_UNPOISON_MEMORY_REGION(piece.at + ranges.words[2 * i], ranges.words[2 * i + 1]);
  }
}

/* Operators [first, last) and nothing else. */
static void allow(const struct run *run, uint32_t first, uint32_t last) {
  poison(run->arena);
  poison(run->image);
  for (uint32_t l = first; l < last; l++) {
    unpoison_ranges(run->arena, run->in_arena[l]);
    unpoison_ranges(run->image, run->in_image[l]);
  }
}

static void allow_all(const struct run *run) {
  unpoison(run->arena);
  unpoison(run->image);
}

#else

enum { GUARD_BYTES = 64, GUARD = 0xc3, PIECES = 3 };

static uint8_t block[HTPW_ARENA_BYTES + HTPW_INPUT_BYTES + HTPW_OUTPUT_BYTES + PIECES * (2 * GUARD_BYTES + 16)]
    __attribute__((aligned(16)));
static uint32_t used;

static void memory_begin(void) { used = 0; }

static struct piece memory_take(uint32_t bytes) {
  struct piece piece = {block + used + GUARD_BYTES, bytes};
  memset(block + used, GUARD, GUARD_BYTES);
  memset(piece.at + bytes, GUARD, GUARD_BYTES);
  used += (bytes + 2 * GUARD_BYTES + 15) & ~15u;
  return piece;
}

static void memory_give_back(struct piece piece) { used = (uint32_t)(piece.at - GUARD_BYTES - block); }

static bool is_guarded(struct piece piece) {
  bool whole = true;
  for (uint32_t i = 1; i <= GUARD_BYTES; i++) {
    whole &= *(piece.at - i) == GUARD && *(piece.at + piece.bytes + i - 1) == GUARD;
  }
  return whole;
}

static struct piece memory_of_image(uint32_t bytes) { return (struct piece){(uint8_t *)htpw_image, bytes}; }
static void allow(const struct run *run, uint32_t first, uint32_t last) { (void)run, (void)first, (void)last; }
static void allow_all(const struct run *run) { (void)run; }

#endif

static struct ranges take_ranges(const uint32_t **words) {
  struct ranges ranges = {(*words)[0], *words + 1};
  *words += 1 + 2 * ranges.count;
  return ranges;
}

/* One bit per byte of the arena would do; a byte is simpler. */
static uint8_t touchable[HTPW_ARENA_BYTES];

static void mark_touchable(const struct run *run) {
  memset(touchable, 0, run->arena.bytes);
  for (uint32_t l = 0; l < run->operators; l++) {
    for (uint32_t i = 0; i < run->in_arena[l].count; i++) {
      const uint32_t *range = run->in_arena[l].words + 2 * i;
      memset(touchable + range[0], 1, range[1]);
    }
  }
}

/* Says which byte of the arena was written that belongs to nothing. */
static void check_untouched(const struct run *run, uint8_t garbage) {
  for (uint32_t i = 0; i < run->arena.bytes; i++) {
    if (touchable[i] || run->arena.at[i] == garbage) continue;
    reply_field("arenaWrittenAt", i);
    return;
  }
}

static void check_input(const struct run *run, const uint8_t *given) {
  bool same = true;
  for (uint32_t i = 0; i < run->input.bytes; i++) same &= run->input.at[i] == given[i];
  if (!same) reply_text(" wrote to the input");
}

static void check_guards(const struct run *run) {
  if (!is_guarded(run->arena)) reply_text(" wrote beside the arena");
  if (!is_guarded(run->input)) reply_text(" wrote beside the input");
  if (!is_guarded(run->output)) reply_text(" wrote beside the output");
}

static void print_checksum(const void *data, uint32_t bytes) {
  reply_text(" ");
  reply_hex32(htpw_crc32(data, bytes));
}

static void after_layer(void *context, int32_t index, const void *output, uint32_t bytes) {
  const struct run *run = context;
  uint32_t next = (uint32_t)index + 1;
  print_checksum(output, bytes);
  if (next < run->operators) allow(run, next, next + 1);
  else allow_all(run);
}

static void print_status(int32_t status) {
  if (status >= 0) return;
  reply_text(" ");
  reply_text(htpw_status_name(status));
}

/* Loads the program and runs it on `count` inputs that lie at `inputs`. */
static void run_inputs(struct run *run, int32_t program, uint32_t garbage, const uint32_t *inputs, uint32_t count) {
  memset(run->arena.at, GARBAGE[garbage], run->arena.bytes);
  allow(run, 0, run->operators);
  int32_t loaded = htpw_load(run->image.at, program, run->arena.at, run->arena.bytes, NULL, NULL);
  for (uint32_t i = 0; i < count; i++) {
    memcpy(run->input.at, inputs, run->input.bytes);
    memset(run->output.at, GARBAGE[garbage], run->output.bytes);
    reply_unsigned((uint32_t)program);
    reply_text(garbage ? " 1 " : " 0 ");
    reply_unsigned(i);
    print_status(loaded);
    if (loaded >= 0) {
      allow(run, 0, 1);
      print_status(htpw_invoke(run->arena.at, run->input.at, run->output.at, after_layer, run));
    }
    allow_all(run);
    print_checksum(run->output.at, run->output.bytes);
    check_guards(run);
    check_untouched(run, GARBAGE[garbage]);
    check_input(run, (const uint8_t *)inputs);
    reply_end();
    inputs += (run->input.bytes + 3) / 4;
  }
}

/* Returns where the words of the next program begin. */
static const uint32_t *run_program(struct run *run, int32_t program, const uint32_t *words) {
  const void *image = run->image.at;
  run->arena = memory_take((uint32_t)htpw_arena_bytes(image, program));
  run->input = memory_take((uint32_t)htpw_input_bytes(image, program));
  run->output = memory_take((uint32_t)htpw_output_bytes(image, program));
  run->operators = *words++;
  for (uint32_t l = 0; l < run->operators; l++) {
    run->in_arena[l] = take_ranges(&words);
    run->in_image[l] = take_ranges(&words);
  }
  mark_touchable(run);
  uint32_t count = *words++;
  for (uint32_t garbage = 0; garbage < sizeof GARBAGE; garbage++) run_inputs(run, program, garbage, words, count);
  words += count * ((run->input.bytes + 3) / 4);
  memory_give_back(run->arena);
  return words;
}

int main(void) {
  static struct run run;
  board_init();
  uart_init();
  memory_begin();
  uint32_t bytes = *(const uint32_t *)(const void *)(htpw_image + TOTAL_AT);
  run.image = memory_of_image(bytes);
  print_status(htpw_open(run.image.at, bytes, NULL));
  const uint32_t *words = (const uint32_t *)(const void *)(htpw_image + ((bytes + 15) & ~15u));
  for (int32_t program = 0; program < htpw_programs(run.image.at); program++) {
    words = run_program(&run, program, words);
  }
  reply_text((const uint8_t *)words == htpw_image_end ? "end\n" : "words left\nend\n");
  return 0;
}

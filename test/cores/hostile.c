/*
 * Runs images, damaged or not, under the sanitizers: on stdin one after another as {u32 bytes, image}, little-endian.
 * For each a line on stdout: the first status that refused it or 0, then the CRC-32 over the layers' and outputs' CRCs.
 * All memory but image, arena, input and output is poisoned while the runtime works; those three hold FILL at first,
 * so that what comes out is the same as in a WebAssembly memory that was filled with it.
 */
#include <stdlib.h>
#include <string.h>

#include "guarded.h"
#include "htpw.h"

enum { FILL = 0xa5, MOST_BYTES = 1 << 20 };

struct piece {
  uint8_t *at;
  uint32_t bytes;
};

static struct piece take(int32_t bytes) {
  struct piece piece = {guarded_take((uint32_t)bytes), (uint32_t)bytes};
  memset(piece.at, FILL, piece.bytes);
  return piece;
}

/* CRC-32 of the checksum so far and the one of `data`; eight bytes of the block belong to it. */
static void add_checksum(uint32_t *words, const void *data, uint32_t bytes) {
  words[1] = htpw_crc32(data, bytes);
  words[0] = htpw_crc32(words, 8);
}

static void add_layer(void *words, int32_t index, const void *output, uint32_t bytes) {
  (void)index;
  add_checksum(words, output, bytes);
}

/* Loads a program, runs it plainly and traced, and looks at its weights; 0 or the first refusal. */
static int32_t run_program(const uint8_t *image, int32_t program, uint32_t *words) {
  struct piece arena = take(htpw_arena_bytes(image, program));
  struct piece input = take(htpw_input_bytes(image, program));
  struct piece output = take(htpw_output_bytes(image, program));
  int32_t status = htpw_load(image, program, arena.at, arena.bytes, NULL, NULL);
  if (status >= 0) status = htpw_invoke(arena.at, input.at, output.at, NULL, NULL);
  if (status >= 0) add_checksum(words, output.at, output.bytes);
  if (status >= 0) status = htpw_invoke(arena.at, input.at, output.at, add_layer, words);
  if (status >= 0) add_checksum(words, output.at, output.bytes);
  /* damaged weights may well differ from their checksum: that is an answer, not a refusal */
  for (int32_t l = 0; status >= 0 && l < htpw_operators(arena.at); l++) htpw_check_weights(arena.at, l);
  guarded_give_back(arena.at);
  return status;
}

static int32_t run_image(const uint8_t *image, uint32_t bytes, uint32_t *words) {
  uint32_t offset = 0;
  int32_t status = htpw_open(image, bytes, &offset);
  if (status < 0 && offset > bytes) {
    fprintf(stderr, "refused with %d at offset %u of %u bytes: expected one inside\n", status, offset, bytes);
    exit(1);
  }
  for (int32_t program = 0; status >= 0 && program < htpw_programs(image); program++) {
    status = run_program(image, program, words);
  }
  return status < 0 ? status : 0;
}

int main(void) {
  static uint8_t received[MOST_BYTES];
  guarded_poison_all();
  uint32_t *words = (uint32_t *)(void *)guarded_take(8);
  for (uint32_t bytes; fread(&bytes, sizeof bytes, 1, stdin) == 1;) {
    if (bytes > MOST_BYTES || fread(received, 1, bytes, stdin) != bytes) {
      fprintf(stderr, "stdin: expected %u bytes of image, at most %d\n", bytes, MOST_BYTES);
      return 1;
    }
    uint8_t *image = guarded_take(bytes);
    memcpy(image, received, bytes);
    words[0] = 0;
    int32_t status = run_image(image, bytes, words);
    if (memcmp(image, received, bytes) != 0) {
      fprintf(stderr, "the image was written to\n");
      return 1;
    }
    printf("%d %08x\n", status, words[0]);
    guarded_give_back(image);
  }
  return 0;
}

/*
 * hypertinypw: runs the networks of a flash image over memory that the caller brings.
 *
 *   image    read in place, 16-byte aligned, never written; usually const data in flash
 *   arena    one block of RAM per loaded program, 16-byte aligned, at least htpw_arena_bytes()
 *   input    htpw_input_bytes() bytes, as the program's input descriptor says (usually int8); 4-byte aligned
 *   output   htpw_output_bytes() bytes; 4-byte aligned; it may be the input's place
 *   stack    of the caller, below 1 kB; `htpw clib --sizes` has the figure of each core
 *
 * A complete program, with an image and sizes that `htpw clib --tailor` writes as htpw_model.c and htpw_model.h:
 *
 *   #include "htpw.h"
 *   #include "htpw_model.h"
 *
 *   static uint8_t arena[HTPW_MODEL_ARENA_BYTES] __attribute__((aligned(16)));
 *   static uint8_t input[HTPW_MODEL_INPUT_BYTES] __attribute__((aligned(16)));
 *   static uint8_t output[HTPW_MODEL_OUTPUT_BYTES] __attribute__((aligned(16)));
 *
 *   int main(void) {
 *     uint32_t refused_at;
 *     if (htpw_open(htpw_model, HTPW_MODEL_BYTES, &refused_at) < 0) return 1;
 *     if (htpw_load(htpw_model, 0, arena, sizeof arena, 0, 0) < 0) return 1;
 *     for (;;) {
 *       sample_into(input);
 *       if (htpw_invoke(arena, input, output, 0, 0) < 0) return 1;
 *       act_upon(output);
 *     }
 *   }
 *
 * Order: htpw_open once per image, htpw_load, then htpw_invoke as often as wanted. Loading another program into the
 * same arena switches to it.
 *
 * Units: sizes are in bytes, and 0 for a program that is not there. Programs and operators are counted from 0.
 *
 * Errors: every function that returns a status gives HTPW_OK (0), or one of the negative codes below, of which
 * htpw_status_name tells the name. A call that failed has written to nothing but the arena, and htpw_open to *offset. A
 * htpw_load that failed for its arguments (no such program, an arena too small or misaligned) has not even done that:
 * what was loaded before still runs.
 *
 * Trust: only htpw_open distrusts the image. Everything else trusts that htpw_open returned HTPW_OK for these very
 * bytes, that they have not changed since, and that pointers are aligned and long enough. A pointer may be NULL where
 * it says so.
 *
 * Threads: no allocation, no recursion, no state outside the arena. Any number of arenas may be used at once, by as
 * many threads, of the same image or of several; one arena by one thread at a time. Nothing waits or blocks; an
 * interrupt handler may use an arena of its own.
 *
 * 64-bit hosts: the runtime's addresses have 32 bits. Where pointers have more, they reach one static block only:
 * image, arena, input and output must lie inside htpw_host_memory(), HTPW_HOST_BYTES long (16 MiB, or what the build
 * defines), which is the one thing that threads share: each its own part. Every function of an image or an arena
 * answers a pointer elsewhere with HTPW_OUTSIDE_HOST_MEMORY, those that tell sizes and counts, too. On a 32-bit target
 * any address will do.
 */
#ifndef HTPW_H
#define HTPW_H

#include <stdint.h>

#include "htpw_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The image format that this runtime reads; an image of another version is refused. */
int32_t htpw_version(void);

/*
 * Prove an image; `bytes` is its length, or more. On error `*offset` is the byte offset of what was refused, or 0 where
 * that is the image as a whole; `offset` may be NULL. Reads every byte once (CRC-32); never reads outside the image,
 * whatever it holds. A library that was cut to images answers HTPW_BAD_CRC to every other, damaged or not, unless it is
 * compiled with HTPW_PROVE_AGAIN.
 */
int32_t htpw_open(const void *image, uint32_t bytes, uint32_t *offset);

/*
 * Called between steps of long work with done in 0..total; the place to feed a watchdog. It calls no function of this
 * header.
 */
typedef void (*htpw_progress)(void *context, int32_t done, int32_t total);

/* The same, with a call every 4 KiB of the CRC, which is most of the work; done and total in bytes. */
int32_t htpw_open_watched(const void *image, uint32_t bytes, uint32_t *offset, htpw_progress progress, void *context);

/*
 * Whether an image that was opened still has the bytes it had: HTPW_OK, or what htpw_open would say of the header, the
 * section table or the CRC. Finds every single flipped bit, for the price of reading the image once;
 * docs/reliability.md. `progress` as above, or NULL.
 */
int32_t htpw_check(const void *image, uint32_t bytes, htpw_progress progress, void *context);

/*
 * A bound of the time that htpw_load or htpw_invoke of a program takes, for setting a watchdog: units of 16
 * multiply-accumulates, below 2^31, or 0 for a program that is not there. docs/reliability.md has the instructions of a
 * unit on each core.
 */
uint32_t htpw_work(const void *image, int32_t program);

/* Number of programs in the image, 1 or more. */
int32_t htpw_programs(const void *image);

int32_t htpw_arena_bytes(const void *image, int32_t program);
int32_t htpw_input_bytes(const void *image, int32_t program);
int32_t htpw_output_bytes(const void *image, int32_t program);

/*
 * Make a program ready in the arena: expand its tables, generate the weights that are resident from boot on.
 * `progress` may be NULL; it is called between operators. The more is generated, the longer it takes (htpw_work).
 */
int32_t htpw_load(const void *image, int32_t program, void *arena, uint32_t arena_bytes, htpw_progress progress,
                  void *context);

/*
 * Begin again what the program in the arena keeps from one inference to the next, such as the windows of a network that
 * is given one frame at a time: all is as it was after htpw_load. HTPW_OK, also for a program that keeps nothing, or
 * HTPW_NOT_LOADED. Not between the steps of a run.
 */
int32_t htpw_reset(void *arena);

/* Number of operators of the program in the arena, 1..256, or HTPW_NOT_LOADED. */
int32_t htpw_operators(const void *arena);

/*
 * Called after each operator of an invoke, in order, with its result: `bytes` bytes at `output`.
 * The result lies in the arena and only lasts until a later operator reuses its place. An operator that is not run, as it
 * is in a branch that was not taken, has none: `output` is NULL and `bytes` 0.
 */
typedef void (*htpw_trace)(void *context, int32_t index, const void *output, uint32_t bytes);

/*
 * Run the loaded program once. `trace` may be NULL; it may use other arenas, not this one. Input and output may not
 * overlap the arena.
 */
int32_t htpw_invoke(void *arena, const void *input, void *output, htpw_trace trace, void *context);

/*
 * Streams, of a program that begins with log-mel features of raw sound: samples are handed over as they come, in any
 * number at a time, and only the features of new frames are computed. The state is the caller's, htpw_stream_bytes()
 * bytes, 4-byte aligned, one for each stream; it needs no arena of its own.
 *
 *   htpw_stream_reset(arena, state);
 *   for (;;) {
 *     if (htpw_push(arena, state, samples, samples_into(samples)) < 1) continue;
 *     htpw_invoke_stream(arena, state, output, 0, 0);
 *     act_upon(output);
 *   }
 *
 * Order: htpw_load, htpw_stream_reset, then htpw_push and htpw_invoke_stream in any order; htpw_invoke in between
 * disturbs nothing. HTPW_NOT_STREAMED says that the program in the arena cannot be streamed, or is not that for which
 * the state was reset. After another load of the same program the stream goes on.
 *
 * The answer is, byte for byte, that of htpw_invoke on the latest window: after a reset and as many samples as the
 * input has on just these, afterwards on the samples from the first of the latest frames on. Before, frames that have
 * not come yet count as silence.
 */

/* Bytes of the state of a program's stream; 0 for a program that cannot be streamed. */
int32_t htpw_stream_bytes(const void *image, int32_t program);

/* Begin a stream for the program in the arena, with silence. */
int32_t htpw_stream_reset(const void *arena, void *state);

/*
 * Take `count` samples, 2-byte aligned. Returns how many frames they have completed, 0 or more, or a status. A frame
 * takes its part of what htpw_work counts for the first operator; where none is complete, samples are only copied.
 */
int32_t htpw_push(void *arena, void *state, const int16_t *samples, uint32_t count);

/* Run the program on the latest window. `trace` as in htpw_invoke, without the first operator, which is not run. */
int32_t htpw_invoke_stream(void *arena, const void *state, void *output, htpw_trace trace, void *context);

/*
 * Compare the generated weights of one operator with the CRC-32 in the image: HTPW_OK, or HTPW_WEIGHTS_DIFFER.
 * Operators without generated weights give HTPW_OK. It works in scratch that tensors share: call it between runs, not
 * between the steps of one.
 */
int32_t htpw_check_weights(void *arena, int32_t index);

/* CRC-32 (IEEE 802.3), as in zip and PNG. */
uint32_t htpw_crc32(const void *data, uint32_t bytes);

/* "BAD_MAGIC" for HTPW_BAD_MAGIC, "OK" for 0 and above, "UNKNOWN" for anything else; never NULL. */
const char *htpw_status_name(int32_t status);

#if UINTPTR_MAX > 0xffffffffu
/* The block that everything handed to the runtime must lie in; its first HTPW_HOST_RESERVED bytes are the runtime's. */
#ifndef HTPW_HOST_BYTES
#define HTPW_HOST_BYTES (16u << 20)
#endif
#define HTPW_HOST_RESERVED 96u
uint8_t *htpw_host_memory(void);
#endif

#ifdef __cplusplus
}
#endif
#endif

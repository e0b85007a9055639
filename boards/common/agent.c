/*
 * The program that every board runs: answers commands over a UART so that a host can load, run, time and check the
 * embedded image. docs/protocol.md describes the commands; each has one function here.
 */
#include <stdbool.h>
#include <stddef.h>

#include "board.h"
#include "htpw.h"
#include "line.h"
#include "reply.h"

struct agent {
  struct board_memory memory;
  uint64_t ticks_overhead; /* of reading the counter twice */
  int32_t opened;          /* status of htpw_open */
  uint64_t open_ticks;     /* that it took */
  uint32_t refused_at;     /* byte offset in the image, when it was refused */
  int32_t program;         /* loaded, or -1 */
  uint32_t input_bytes;    /* of the loaded program */
  uint32_t output_bytes;
  bool has_input;
};

static uint64_t ticks_since(const struct agent *agent, uint64_t start) {
  uint64_t ticks = ticks_now() - start;
  return ticks > agent->ticks_overhead ? ticks - agent->ticks_overhead : 0;
}

/* " key=ticks", or "unknown" where the counter went round unseen. */
static void reply_ticks(const char *key, uint64_t ticks) {
  if (ticks < TICKS_LOST) return reply_field(key, ticks);
  reply_text(" ");
  reply_text(key);
  reply_text("=unknown");
}

/* True when the line holds nothing more; answers it otherwise. */
static bool ended(struct line *line) {
  if (line_ended(line)) return true;
  reply_error("TRAILING_TEXT", "nothing may follow here");
  return false;
}

/* Whether a byte came while a command ran that is not done yet; answers the command then. */
static bool stopped(void) {
  if (!line_interrupted()) return false;
  reply_error("STOPPED", "a byte came");
  return true;
}

static bool loaded(const struct agent *agent) {
  if (agent->program >= 0) return true;
  reply_error("NOT_LOADED", "send: load <program>");
  return false;
}

static bool with_input(const struct agent *agent) {
  if (!loaded(agent)) return false;
  if (agent->has_input) return true;
  reply_error("NO_INPUT", "send: run <hex>");
  return false;
}

static void command_info(struct agent *agent, struct line *line) {
  if (!ended(line)) return;
  bool running = agent->program >= 0;
  reply_text("ok board=" BOARD_NAME " core=" BOARD_CORE " variant=" BOARD_VARIANT);
  reply_field("protocol", 1);
  reply_field("version", (uint32_t)htpw_version());
  reply_field("imageBytes", agent->memory.image_bytes);
  reply_text(" imageCrc=");
  reply_hex32(htpw_crc32(agent->memory.image, agent->memory.image_bytes));
  reply_text(" image=");
  reply_text(htpw_status_name(agent->opened));
  reply_field("refusedAt", agent->refused_at);
  reply_ticks("openTicks", agent->open_ticks);
  reply_field("programs", agent->opened < 0 ? 0 : (uint32_t)htpw_programs(agent->memory.image));
  reply_field("arenaBytes", agent->memory.arena_bytes);
  reply_field("inputBytes", running ? agent->input_bytes : agent->memory.input_bytes);
  reply_field("outputBytes", running ? agent->output_bytes : agent->memory.output_bytes);
  reply_text(" program=");
  reply_signed(agent->program);
  reply_field("operators", running ? (uint32_t)htpw_operators(agent->memory.arena) : 0);
  reply_field("stackBytes", stack_bytes());
  reply_field("stackUsed", stack_used());
  reply_end();
}

static void command_load(struct agent *agent, struct line *line) {
  struct board_memory *memory = &agent->memory;
  int32_t program;
  if (!line_number(line, &program)) return reply_error("BAD_NUMBER", "expected: load <program>");
  if (!ended(line)) return;
  if (agent->opened < 0) return reply_status(agent->opened);
  agent->program = -1; /* the arena is about to be overwritten, whatever comes of it */
  agent->has_input = false;
  uint64_t start = ticks_now();
  int32_t status = htpw_load(memory->image, program, memory->arena, memory->arena_bytes, NULL, NULL);
  uint64_t ticks = ticks_since(agent, start);
  if (status < 0) return reply_status(status);
  agent->program = program;
  agent->input_bytes = (uint32_t)htpw_input_bytes(memory->image, program);
  agent->output_bytes = (uint32_t)htpw_output_bytes(memory->image, program);
  reply_text("ok");
  reply_ticks("ticks", ticks);
  reply_field("operators", (uint32_t)htpw_operators(memory->arena));
  reply_end();
}

/* An invoke and nothing else, so that what is timed is what a product would run. */
static int32_t timed_invoke(struct agent *agent, uint64_t *ticks) {
  struct board_memory *memory = &agent->memory;
  uint64_t start = ticks_now();
  int32_t status = htpw_invoke(memory->arena, memory->input, memory->output, NULL, NULL);
  *ticks = ticks_since(agent, start);
  return status;
}

/* Of an operator in a branch that was not taken. */
static void reply_not_run(const char *name, int32_t index) {
  reply_text(name);
  reply_text(" ");
  reply_signed(index);
  reply_text(" not run");
  reply_end();
}

static void trace_checksum(void *context, int32_t index, const void *output, uint32_t bytes) {
  (void)context;
  if (!output) return reply_not_run("layer", index);
  reply_text("layer ");
  reply_signed(index);
  reply_text(" crc=");
  reply_hex32(htpw_crc32(output, bytes));
  reply_field("bytes", bytes);
  reply_end();
}

static void command_run(struct agent *agent, struct line *line) {
  struct board_memory *memory = &agent->memory;
  char option[8];
  if (!loaded(agent)) return;
  agent->has_input = false;
  int32_t count = line_hex(line, memory->input, agent->input_bytes);
  if (count < 0) return reply_error("BAD_HEX", "expected two hex digits a byte, as many bytes as the input has");
  if ((uint32_t)count != agent->input_bytes) return reply_error("BAD_LENGTH", "fewer bytes than the input has");
  enum word word = line_word(line, option, sizeof option);
  bool trace = word == WORD_OK && __builtin_strcmp(option, "trace") == 0;
  if (word != WORD_NONE && !trace) return reply_error("BAD_OPTION", "expected: run <hex> [trace]");
  if (!ended(line)) return;
  agent->has_input = true;

  uint64_t ticks;
  int32_t status = timed_invoke(agent, &ticks);
  /* the traced pass is a second one: its checksums must not be timed */
  if (status >= 0 && trace) status = htpw_invoke(memory->arena, memory->input, memory->output, trace_checksum, NULL);
  if (status < 0) return reply_status(status);
  reply_text("ok output=");
  reply_hex(memory->output, agent->output_bytes);
  reply_ticks("ticks", ticks);
  reply_end();
}

static void command_bench(struct agent *agent, struct line *line) {
  int32_t count;
  if (!line_number(line, &count) || count == 0) return reply_error("BAD_NUMBER", "expected: bench <n>, n above 0");
  if (!ended(line) || !with_input(agent)) return;
  uint64_t total = 0, most = 0;
  int32_t runs = 0;
  do {
    uint64_t ticks;
    int32_t status = timed_invoke(agent, &ticks);
    if (status < 0) return reply_status(status);
    runs++;
    if (ticks > most) most = ticks;
    total = most < TICKS_LOST ? total + ticks : TICKS_LOST; /* one that is unknown makes the sum so */
  } while (runs < count && !line_interrupted());
  reply_text("ok");
  reply_field("runs", (uint32_t)runs);
  reply_ticks("total", total);
  reply_ticks("most", most);
  reply_end();
}

static void trace_dump(void *context, int32_t index, const void *output, uint32_t bytes) {
  if (index != *(const int32_t *)context) return;
  if (!output) return reply_error("NOT_RUN", "it is in a branch that this input does not take");
  reply_text("ok output=");
  reply_hex(output, bytes);
  reply_end();
}

static void command_dump(struct agent *agent, struct line *line) {
  struct board_memory *memory = &agent->memory;
  int32_t wanted;
  if (!line_number(line, &wanted)) return reply_error("BAD_NUMBER", "expected: dump <operator>");
  if (!ended(line) || !with_input(agent)) return;
  if (wanted >= htpw_operators(memory->arena)) return reply_status(HTPW_NO_SUCH_OPERATOR);
  int32_t status = htpw_invoke(memory->arena, memory->input, memory->output, trace_dump, &wanted);
  if (status < 0) reply_status(status);
}

/* One pass over all operators that `profile` times, each by itself. */
struct pass {
  const struct agent *agent;
  const char *name;
  uint64_t start; /* of the operator at hand */
};

static void pass_reply(const struct pass *pass, int32_t index) {
  uint64_t ticks = ticks_since(pass->agent, pass->start); /* before anything is sent: the UART is not timed */
  reply_text(pass->name);
  reply_text(" ");
  reply_signed(index);
  reply_ticks("ticks", ticks);
  reply_end();
}

/* htpw_load calls this before each operator, and once more behind the last. */
static void pass_prepared(void *context, int32_t index, int32_t total) {
  struct pass *pass = context;
  (void)total;
  if (index > 0) pass_reply(pass, index - 1);
  pass->start = ticks_now();
}

static void pass_stepped(void *context, int32_t index, const void *output, uint32_t bytes) {
  struct pass *pass = context;
  (void)bytes;
  if (output) pass_reply(pass, index);
  else reply_not_run(pass->name, index);
  pass->start = ticks_now();
}

static int32_t profile_load(struct agent *agent) {
  const struct board_memory *memory = &agent->memory;
  struct pass pass = {.agent = agent, .name = "prepare"};
  return htpw_load(memory->image, agent->program, memory->arena, memory->arena_bytes, pass_prepared, &pass);
}

static int32_t profile_invoke(struct agent *agent, const char *name) {
  const struct board_memory *memory = &agent->memory;
  struct pass pass = {.agent = agent, .name = name, .start = ticks_now()};
  return htpw_invoke(memory->arena, memory->input, memory->output, pass_stepped, &pass);
}

static void command_profile(struct agent *agent, struct line *line) {
  if (!ended(line) || !with_input(agent)) return;
  uint64_t ticks = 0;
  int32_t status = profile_load(agent);
  for (int pass = 0; pass < 3 && status >= 0; pass++) {
    if (stopped()) return;
    status = pass == 2 ? timed_invoke(agent, &ticks) : profile_invoke(agent, pass == 0 ? "first" : "next");
  }
  if (status < 0) return reply_status(status);
  reply_text("ok");
  reply_field("operators", (uint32_t)htpw_operators(agent->memory.arena));
  reply_ticks("ticks", ticks);
  reply_end();
}

static void command_weights(struct agent *agent, struct line *line) {
  if (!ended(line) || !loaded(agent)) return;
  int32_t total = htpw_operators(agent->memory.arena);
  for (int32_t l = 0; l < total; l++) {
    if (l > 0 && stopped()) return;
    int32_t status = htpw_check_weights(agent->memory.arena, l);
    if (status < 0) return reply_status(status);
  }
  reply_text("ok");
  reply_field("operators", (uint32_t)total);
  reply_end();
}

/* Every command, here and in docs/protocol.md only. */
#define FOR_EACH_COMMAND(OF) OF(info) OF(load) OF(run) OF(bench) OF(dump) OF(weights) OF(profile)

static const struct {
  const char *name;
  void (*answer)(struct agent *, struct line *);
} COMMANDS[] = {
#define ENTRY(name) {#name, command_##name},
    FOR_EACH_COMMAND(ENTRY)
};

static void answer(struct agent *agent, struct line *line) {
  char name[12];
  switch (line_word(line, name, sizeof name)) {
    case WORD_NONE: return; /* only blanks */
    case WORD_TOO_LONG: return reply_error("LINE_TOO_LONG", "no command has so long a name");
    case WORD_OK: break;
  }
  for (uint32_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++) {
    if (__builtin_strcmp(name, COMMANDS[i].name) == 0) return COMMANDS[i].answer(agent, line);
  }
#define LISTED(name) " " #name
  reply_error("BAD_COMMAND", "one of:" FOR_EACH_COMMAND(LISTED));
}

int main(void) {
  board_init();
  uart_init();
  ticks_init();
  struct agent agent = {.memory = board_memory(), .program = -1};
  uint64_t start = ticks_now();
  agent.ticks_overhead = ticks_now() - start;
  start = ticks_now();
  agent.opened = htpw_open(agent.memory.image, agent.memory.image_bytes, &agent.refused_at);
  agent.open_ticks = ticks_since(&agent, start);
  if (agent.opened >= 0) agent.refused_at = 0;
  reply_text("# hypertinypw on " BOARD_NAME "\n");

  struct line line;
  while (line_begin(&line)) {
    answer(&agent, &line);
    line_skip(&line); /* what a failed command left unread */
  }
  return 0;
}

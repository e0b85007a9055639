/*
 * htpw_open_watched, htpw_check and htpw_work of the image in argv[1], as lines: how often the watchdog was fed and the
 * last figures it saw; the status of a check before and after a flipped bit, at byte argv[2]; the work of program 0 and
 * of none.
 */
#include <stdio.h>
#include <stdlib.h>

#include "htpw.h"

struct watchdog {
  int32_t feeds, done, total;
};

static void feed(void *context, int32_t done, int32_t total) {
  struct watchdog *watchdog = context;
  if (done < watchdog->done || done >= total) exit(9);
  watchdog->feeds++;
  watchdog->done = done;
  watchdog->total = total;
}

static void report(const char *what, int32_t status, const struct watchdog *watchdog) {
  printf("%s %s %d %d %d\n", what, htpw_status_name(status), (int)watchdog->feeds, (int)watchdog->done,
         (int)watchdog->total);
}

int main(int count, char **words) {
  FILE *file = count > 2 ? fopen(words[1], "rb") : NULL;
  uint8_t *image = htpw_host_memory() + HTPW_HOST_RESERVED;
  if (!file) return 1;
  uint32_t bytes = (uint32_t)fread(image, 1, 1000000, file);
  uint32_t at = (uint32_t)atoi(words[2]), refused_at = 77;
  struct watchdog opening = {0, 0, 0}, checking = {0, 0, 0}, damaged = {0, 0, 0};
  report("open", htpw_open_watched(image, bytes, &refused_at, feed, &opening), &opening);
  printf("offset %u\n", (unsigned)refused_at);
  report("check", htpw_check(image, bytes, feed, &checking), &checking);
  printf("work %u %u\n", (unsigned)htpw_work(image, 0), (unsigned)htpw_work(image, 1));
  image[at] ^= 4;
  report("damaged", htpw_check(image, bytes, feed, &damaged), &damaged);
  printf("plain %s\n", htpw_status_name(htpw_check(image, bytes, NULL, NULL)));
  return 0;
}

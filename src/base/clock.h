/* Time: deadlines on the monotonic clock, timestamps on the wall clock, durations of settings. */
#ifndef PD_BASE_CLOCK_H
#define PD_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

int64_t pd_now_ms(void);                                   /* monotonic, milliseconds */
int64_t pd_unix_seconds(void);                             /* wall clock */
char *pd_timestamp(pd_arena *arena, int64_t unix_seconds); /* RFC 3339, UTC, "…Z"; "?" outside
                                                              of the years 0 to 9999 */

/* Milliseconds left until a deadline of pd_now_ms, never negative; -1 for "no deadline" (< 0). */
int64_t pd_remaining_ms(int64_t deadline_ms);

/* PostgreSQL's spelling of durations: a number with ms, s, min, h or d; bare numbers are
 * milliseconds, as in lock_timeout. Range 0 to 2147483647 ms. */
bool pd_parse_duration(const char *text, int64_t *ms);
char *pd_format_duration(pd_arena *arena, int64_t ms); /* "850 ms", "12.3 s", "4 min 05 s" */

#endif

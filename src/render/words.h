/* Sentences that every format shares. They hold foreign text as it came: each format escapes. */
#ifndef PD_RENDER_WORDS_H
#define PD_RENDER_WORDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "domain/report.h"

/* "at 1a2b3c4, behind this revision"; "" when it was not asked. */
const char *pd_words_standing(const pd_standing *standing, pd_arena *arena);

/* How the content differs and where first; "" when nothing is known beyond the message. */
const char *pd_words_change(const pd_finding *finding, pd_arena *arena);

/* Which commit changed it: `changed by 1a2b3c4 (Ada, 2026-11-20): "subject"`; "" when unknown. */
const char *pd_words_origin(const pd_finding *finding, pd_arena *arena);

/* All that is said of it, a line each: message, change, origin, "hint: …". */
const char *pd_words_finding(const pd_finding *finding, pd_arena *arena);

/* Message, detail, hint, context and object of the server's error; message, detail, hint and
 * code of an error. What both say is said once when failure is not NULL. */
const char *pd_words_failure(const pd_failure *failure, pd_arena *arena);
const char *pd_words_error(const pd_error *error, const pd_failure *failure, pd_arena *arena);

/* "2 files that steer the gates are not what the base has"; "" when there are none. */
const char *pd_words_steering(const pd_report *report, pd_arena *arena);

#endif

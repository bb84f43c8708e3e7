/* What the edit of an SQL text came to, and where the first statement stands that it changed. */
#ifndef PD_SQL_DIFF_H
#define PD_SQL_DIFF_H

#include "base/arena.h"
#include "base/str.h"
#include "domain/finding.h"

#define PD_EXCERPT_MAX 200 /* bytes of an excerpt */

/* Fills *out, whose texts are the arena's; commit, author and subject are "" and time is 0, for
 * the caller to fill. The kind is PD_CHANGE_UNKNOWN when one of the two texts is not to be had
 * (data is NULL). Statements end at a semicolon outside of parentheses and at a breakpoint; a
 * comment that a tool reads counts as one, and so does each statement inside BEGIN ATOMIC. A
 * statement that only one version has leaves line and column of the other 0. Linear time. */
void pd_sql_compare(pd_arena *arena, const pd_bytes *was, const pd_bytes *is, pd_change *out);

#endif

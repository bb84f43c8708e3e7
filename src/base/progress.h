/* The talk on stderr: one live line on a terminal, plain lines elsewhere, nothing under --quiet.
 *
 * A progress is a value handed down; whoever works calls pd_progress_say with what is going on.
 * On a terminal the line is redrawn in place, at most ten times a second, and wiped by
 * pd_progress_end; elsewhere a line is printed at most every ten seconds, and none in the first
 * second. How long it has been going on is put behind it. Text is redacted and made printable here.
 */
#ifndef PD_BASE_PROGRESS_H
#define PD_BASE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/secret.h"

typedef struct pd_progress {
    FILE *stream;              /* NULL: silent */
    const pd_secrets *secrets; /* may be NULL */
    bool live;                 /* a terminal */
    bool verbose;              /* pd_progress_detail is shown too */
    int width;                 /* columns, where the terminal itself does not say */
    int64_t started_ms;
    int64_t since_ms; /* when what is going on began; 0: with started_ms */
    int64_t last_ms;
    bool drawn; /* a live line stands on the terminal */
} pd_progress;

/* Something else is going on from now on: its time is counted anew. */
void pd_progress_begin(pd_progress *self);

/* Whether what is said now is seen. Saying is cheap when it is not; what costs something to put
 * together asks first. */
bool pd_progress_due(const pd_progress *self);

void pd_progress_say(pd_progress *self, const char *fmt, ...) PD_PRINTF(2, 3);
/* The same of several wordings, NULL behind the last one: a terminal shows the first that fits on
 * its line, else the last one, cut; a log the first. */
void pd_progress_say_fitting(pd_progress *self, const char *const *wordings);
/* A line that stays: always printed (not under --quiet). */
void pd_progress_note(pd_progress *self, const char *fmt, ...) PD_PRINTF(2, 3);
/* The same, under --verbose only. */
void pd_progress_detail(pd_progress *self, const char *fmt, ...) PD_PRINTF(2, 3);
void pd_progress_end(pd_progress *self); /* wipes the live line */

#endif

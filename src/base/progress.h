/* The talk on stderr: one live line on a terminal, plain lines elsewhere, nothing under --quiet.
 *
 * A progress is a value handed down; whoever works calls pd_progress_say with what is going on.
 * On a terminal the line is redrawn in place and wiped by pd_progress_end; elsewhere a line is
 * printed at most every ten seconds, and none in the first second. Text is redacted and made
 * printable here.
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
    int width;                 /* columns of the terminal */
    int64_t started_ms;
    int64_t last_ms;
    bool drawn; /* a live line stands on the terminal */
} pd_progress;

void pd_progress_say(pd_progress *self, const char *fmt, ...) PD_PRINTF(2, 3);
/* A line that stays: always printed (not under --quiet). */
void pd_progress_note(pd_progress *self, const char *fmt, ...) PD_PRINTF(2, 3);
/* The same, under --verbose only. */
void pd_progress_detail(pd_progress *self, const char *fmt, ...) PD_PRINTF(2, 3);
void pd_progress_end(pd_progress *self); /* wipes the live line */

#endif

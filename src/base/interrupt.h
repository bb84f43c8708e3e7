/* SIGINT, SIGTERM and SIGHUP (taken for SIGTERM) as something that a wait can watch, with no global
 * and no handler.
 *
 * pd_interrupt_open blocks them and returns a signalfd; every wait of the run polls it
 * beside its own descriptor. A child must call pd_interrupt_restore before exec.
 *
 * What is left to do after the first signal has PD_GRACE_MS in all. A second one ends the process
 * at once: the first wait after PD_SAME_SIGNAL_MS unblocks them. Until then it is taken for the
 * same: a terminal and a wrapper (npm) both pass on one Ctrl-C.
 *
 * A limit for the whole run (pd_interrupt_limit) is a timer whose SIGALRM comes the same way, so
 * that every wait that heeds signals heeds it, too.
 */
#ifndef PD_BASE_INTERRUPT_H
#define PD_BASE_INTERRUPT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define PD_GRACE_MS 700
#define PD_LATE_GRACE_MS 10000 /* what is left to do when the limit of the run has passed */
#define PD_GRACE_MIN_MS 100
#define PD_SAME_SIGNAL_MS 200

typedef struct pd_interrupt {
    int fd;     /* readable when a signal has come; -1: not watched, waits cannot be interrupted */
    int signal; /* the one that came, 0 before */
    bool late;  /* the limit of the run has passed */
    bool armed; /* a signal kills the default way again */
    int64_t seen_ms;         /* when the signal, or that the run is late, was seen */
    pd_error_kind late_kind; /* of the error when the run is late, NONE: PD_ERROR_UNREACHABLE */
    const char *late_why;    /* message of that error */
    const char *late_hint;
} pd_interrupt;

bool pd_interrupt_open(pd_interrupt *self, pd_error *err) PD_CHECKED;
/* Stops watching. The signals stay blocked: one that comes after the work is done must not make
 * a finished run look like a killed one. */
void pd_interrupt_close(pd_interrupt *self);
void pd_interrupt_restore(void); /* in a child, between fork and exec */

/* Limits what remains of the run to ms (1 to PD_LIMIT_MAX_MS). `why` and `hint` become the error's,
 * and live as long as the run. */
#define PD_LIMIT_MAX_MS INT64_C(0x7FFFFFFF)
void pd_interrupt_limit(pd_interrupt *self, int64_t ms, const char *why, const char *hint);

/* True when a signal has come, or the run is late; reads it. Takes NULL (never interrupted). */
bool pd_interrupted(pd_interrupt *self);

/* How long something may take that is better done than not: ms, or, after a signal, what is left of
 * PD_GRACE_MS, and when the run is late, of PD_LATE_GRACE_MS; at least PD_GRACE_MIN_MS. Takes NULL.
 */
int64_t pd_interrupt_grace_ms(const pd_interrupt *self, int64_t ms);

/* From now on a second signal kills the process the default way. */
void pd_interrupt_rearm(pd_interrupt *self);

/* Fails with PD_ERROR_INTERRUPTED and says "interrupted by SIGINT"; with late_kind when the run is
 * late. */
bool pd_fail_interrupted(pd_error *err, const pd_interrupt *self);

/* What a wait for a descriptor ended with. */
typedef enum pd_wait {
    PD_WAIT_READY,
    PD_WAIT_TIMEOUT,
    PD_WAIT_SIGNAL,
} pd_wait;

/* Polls fd (-1: none) for events (poll(2)) until ready, a signal, or deadline_ms (< 0: none). */
pd_wait pd_wait_fd(pd_interrupt *interrupt, int fd, short events, int64_t deadline_ms);

/* The same for the first that is ready of two (poll(2): fd -1 is none), as their revents say. */
pd_wait pd_wait_either(pd_interrupt *interrupt, struct pollfd fds[2], int64_t deadline_ms);

#endif

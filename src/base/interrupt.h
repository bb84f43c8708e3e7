/* SIGINT, SIGTERM and SIGHUP (taken for SIGTERM) as something that a wait can watch, with no global
 * and no handler.
 *
 * pd_interrupt_open blocks them and returns a signalfd; every wait of the run polls it
 * beside its own descriptor. A child must call pd_interrupt_restore before exec. A second signal
 * while the first is being handled ends the process at once: pd_interrupt_rearm unblocks them.
 */
#ifndef PD_BASE_INTERRUPT_H
#define PD_BASE_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct pd_interrupt {
    int fd;     /* readable when a signal has come; -1: not watched, waits cannot be interrupted */
    int signal; /* the one that came, 0 before */
} pd_interrupt;

bool pd_interrupt_open(pd_interrupt *self, pd_error *err) PD_CHECKED;
/* Stops watching. The signals stay blocked: one that comes after the work is done must not make
 * a finished run look like a killed one. */
void pd_interrupt_close(pd_interrupt *self);
void pd_interrupt_restore(void); /* in a child, between fork and exec */

/* True when a signal has come; reads it. Takes NULL (never interrupted). */
bool pd_interrupted(pd_interrupt *self);

/* From now on a second signal kills the process the default way. */
void pd_interrupt_rearm(pd_interrupt *self);

/* Fails with PD_ERROR_INTERRUPTED and says "interrupted by SIGINT". */
bool pd_fail_interrupted(pd_error *err, const pd_interrupt *self);

/* What a wait for a descriptor ended with. */
typedef enum pd_wait {
    PD_WAIT_READY,
    PD_WAIT_TIMEOUT,
    PD_WAIT_SIGNAL,
} pd_wait;

/* Polls fd (-1: none) for events (poll(2)) until ready, a signal, or deadline_ms (< 0: none). */
pd_wait pd_wait_fd(pd_interrupt *interrupt, int fd, short events, int64_t deadline_ms);

#endif

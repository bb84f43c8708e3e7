/* An error is a value: predeploy cannot tell or cannot do, and says why in one message.
 *
 * Functions that can fail return bool (true is success), take `pd_error *err` last, and fill it
 * exactly once, on the line after the library call that failed. Only main prints it. What makes a
 * deployment unsafe is not an error but a finding (domain/finding.h). Running out of memory ends
 * the process (base/memory.h), broken invariants abort.
 */
#ifndef PD_BASE_ERROR_H
#define PD_BASE_ERROR_H

#include <stdbool.h>

#include "base/attr.h"

/* Each kind is one row of the table of exit statuses (docs/exit-statuses.md). */
typedef enum pd_error_kind {
    PD_ERROR_NONE = 0,
    PD_ERROR_USAGE,       /* 2: command line or settings are wrong */
    PD_ERROR_UNREACHABLE, /* 3: git, the database or the network is out of reach */
    PD_ERROR_BACKUP,      /* 4: the backup failed or did not finish in time */
    PD_ERROR_APPLY,       /* 5: applying failed and everything was rolled back */
    PD_ERROR_PARTIAL,     /* 6: applying failed after a part that cannot be rolled back */
    PD_ERROR_VERIFY,      /* 7: verification failed */
    PD_ERROR_LOCKED,      /* 8: the deployment lock or a table's lock could not be had in time */
    PD_ERROR_UNKNOWN,     /* 9: the connection died during COMMIT, the outcome is unknown */
    PD_ERROR_INTERRUPTED, /* 130 or 143: SIGINT or SIGTERM; `signal` says which */
} pd_error_kind;

typedef struct pd_error {
    pd_error_kind kind;
    int signal;        /* for PD_ERROR_INTERRUPTED: SIGINT or SIGTERM */
    char code[16];     /* SQLSTATE or the library's own code, "" when there is none */
    char message[512]; /* what could not be done: "cannot X", lower case, no full stop */
    char detail[2048]; /* what the library said, "" when it said nothing */
    char hint[1024];   /* what the user can do: a sentence, "" when nothing is known */
} pd_error;

/* Sets kind and message, empties the rest, and returns false, so that a caller can write
 * `return pd_fail(err, ...)`. Text that does not fit is cut at a UTF-8 boundary. */
bool pd_fail(pd_error *err, pd_error_kind kind, const char *fmt, ...) PD_PRINTF(3, 4);

/* Add to an error that pd_fail has just set; each returns false for the same reason. */
bool pd_error_detail(pd_error *err, const char *fmt, ...) PD_PRINTF(2, 3);
bool pd_error_hint(pd_error *err, const char *fmt, ...) PD_PRINTF(2, 3);
void pd_error_code(pd_error *err, const char *code);

/* Puts "PREFIX: " in front of the message: the only way in which a higher layer may touch it. */
void pd_error_prefix(pd_error *err, const char *fmt, ...) PD_PRINTF(2, 3);

/* The exit status of an error: 2 to 9, 130 or 143; 0 for PD_ERROR_NONE. */
int pd_error_status(const pd_error *err);

#endif

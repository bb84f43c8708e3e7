/* The lines that git gives a pre-push hook (githooks(5), "pre-push"). */
#ifndef PD_GIT_PUSHES_H
#define PD_GIT_PUSHES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "domain/revision.h"

#define PD_PUSHES_MAX 10000 /* refs in one push */

typedef struct pd_push {
    const char *local_ref;
    char local_oid[PD_OID_HEX];
    const char *remote_ref;
    char remote_oid[PD_OID_HEX];
    bool deletes; /* local_oid is all zeros */
    bool creates; /* remote_oid is all zeros */
} pd_push;

typedef struct pd_pushes {
    pd_push *items;
    size_t count;
    size_t capacity;
} pd_pushes;

/* Parses "<local ref> SP <local oid> SP <remote ref> SP <remote oid> LF" lines. A line of another
 * form is PD_ERROR_USAGE and names the line. */
bool pd_pushes_parse(pd_arena *arena, const char *text, size_t len, pd_pushes *out,
                     pd_error *err) PD_CHECKED;

#endif

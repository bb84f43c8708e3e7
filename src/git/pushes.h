/* The lines that git gives its hooks for pushes (githooks(5), "pre-push" and "pre-receive"). */
#ifndef PD_GIT_PUSHES_H
#define PD_GIT_PUSHES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "domain/revision.h"

#define PD_PUSHES_MAX 10000  /* refs in one push, where it comes from */
#define PD_RECEIVED_MAX 1000 /* refs in one push, where it goes to */

/* Where a push comes from, local_* is what is pushed and remote_* what it replaces; where it goes
 * to, both refs are the one that is updated. */
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

/* Parses "<old oid> SP <new oid> SP <ref> LF" lines of at most PD_RECEIVED_MAX refs: the new object
 * goes to local_oid, the old one to remote_oid. Errors as of pd_pushes_parse. */
bool pd_received_parse(pd_arena *arena, const char *text, size_t len, pd_pushes *out,
                       pd_error *err) PD_CHECKED;

#endif

/* Who keeps a migration waiting, or may come to: a session with an open transaction, or a
 * transaction that was prepared. All text is foreign. */
#ifndef PD_DOMAIN_BLOCKER_H
#define PD_DOMAIN_BLOCKER_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define PD_BLOCKERS_MAX 5 /* that are told of one wait */

typedef struct pd_blocker {
    int64_t pid;             /* 0: of a prepared transaction, which has no session */
    const char *prepared;    /* its name (GID), NULL: it is a session */
    const char *user;        /* NULL: a process of the server's own, or not visible */
    const char *application; /* NULL or "": it gave no name */
    const char *process;  /* "autovacuum worker", …; NULL: a client's session, or not visible */
    const char *state;    /* "idle in transaction"; NULL: not visible */
    int64_t age_ms;       /* of its transaction; -1: it has none, or not visible */
    const char *query;    /* the last one, its literals taken out, cut; NULL: not visible */
    const char *lock;     /* kind of lock that is waited for: "relation", …; NULL: none is */
    const char *relation; /* that it is about; NULL: none, or one that is not committed */
    const char *wanted;   /* mode that is waited for: "AccessExclusiveLock"; NULL: none is */
    const char *held;     /* modes that it holds on the relation, NULL: none */
} pd_blocker;

/* "process 12 of user web, application "shop", idle in transaction, transaction open for 3 min
 * 05 s, holds RowExclusiveLock on orders, last query: UPDATE orders SET paid = ?" */
char *pd_blocker_text(pd_arena *arena, const pd_blocker *blocker);
char *pd_blockers_text(pd_arena *arena, const pd_blocker *blockers, size_t count);

/* What is waited for, in a few words: "lock on orders held by pid 12 (web, shop)". */
char *pd_blocker_wait_text(pd_arena *arena, const pd_blocker *blocker);

/* A deep copy. */
pd_blocker *pd_blockers_copy(pd_arena *arena, const pd_blocker *blockers, size_t count);

#endif

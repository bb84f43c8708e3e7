/* A list of requests that grows, asked in one round trip. Private to pg/. */
#ifndef PD_PG_GROUP_H
#define PD_PG_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "pg/pipeline.h"

#define PD_GROUP_NONE ((size_t)-1) /* place of a request that is not asked */

typedef struct pd_group {
    pd_arena *arena;
    pd_request *requests;
    size_t count;
    size_t capacity;
    PGresult **results; /* of the answers, by place; NULL before pd_group_ask */
    size_t failed;      /* the place that the error belongs to */
} pd_group;

/* Adds a request and gives its place. Its texts and values are to live until it is asked. */
size_t pd_group_add(pd_group *self, pd_request request);

/* The same with parameters; the array is copied, the texts are not. */
size_t pd_group_add_with(pd_group *self, pd_request request, const char *const *values, int count);

/* The same for a text of several statements, a line each; lines that begin with "--" are not asked.
 */
void pd_group_add_lines(pd_group *self, pd_request request);

/* Asks them in one round trip. The first error becomes *err, with that request's `what` and kind;
 * what was answered before it can be looked at, too. Signals are not looked at when the first is
 * `undisturbed`. Outside a transaction block the requests are one transaction. */
bool pd_group_ask(pd_group *self, pd_conn *conn, pd_error *err) PD_CHECKED;

/* The answer at a place, NULL: there is none. It belongs to the group. */
const PGresult *pd_group_result(const pd_group *self, size_t place);

void pd_group_cleanup(pd_group *self); /* the answers; the rest is the arena's */
#define PD_AUTO_GROUP PD_CLEANUP(pd_group_cleanup) pd_group

#endif

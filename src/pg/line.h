/* The texts of migrations on their way to the server, as line*.c share it. Private to them. */
#ifndef PD_PG_LINE_H
#define PD_PG_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "pg/apply.h"

/* What a request of a step is. */
typedef enum pd_line_kind {
    PD_LINE_PATH,      /* the role's own search_path, in front of the first step */
    PD_LINE_ROLE,      /* the role that migrations run as */
    PD_LINE_STATEMENT, /* of the migration */
    PD_LINE_LIMITS,    /* behind one that took them back */
    PD_LINE_RESET,
    PD_LINE_UNLOCK, /* of locks of the session that the migration may have taken */
    PD_LINE_GUARD,  /* the last of a step */
} pd_line_kind;

typedef struct pd_line_place {
    size_t step;
    size_t part; /* of the step's requests */
    bool limits; /* what stands behind that one, and is no part of its own */
} pd_line_place;

typedef struct pd_line {
    pd_apply *apply;
    const pd_step *steps;
    pd_step_result *results; /* NULL: of no interest */
    size_t count;
    size_t number;        /* of the first in the plan */
    size_t first;         /* step that is first to send something */
    bool each;            /* every statement is answered as it ends; else groups of them are */
    const bool *locks;    /* by step: it names locks that a session can have */
    const char *role_sql; /* "": there is none */
    pd_line_place fed;
    pd_line_place answered;
    pd_strbuf *text;        /* of the statement that is sent */
    int64_t started_ms;     /* the line */
    int64_t begun_ms;       /* the step that is the next to be answered */
    int64_t arrived_ms;     /* the last answer */
    int64_t clock_ms;       /* of the server, at the end of the last step; 0: not known */
    const char *left;       /* tag of the statement that ended the transaction */
    bool rolled_back;       /* the tag of one could mean that; the guard will tell */
    pd_line_place rollback; /* which one */
    const char *values[1];
} pd_line;

/* line_place.c: how the answers come, and what is to be sent for a step beside its statements. */
void pd_line_plan(pd_line *self);

/* Goes on to a step that has something left. False: there is none. */
bool pd_line_seek(const pd_line *self, pd_line_place *at);
void pd_line_go_on(const pd_line *self, pd_line_place *at);

/* *index is of the statement, or of the reset. */
pd_line_kind pd_line_kind_of(const pd_line *self, const pd_line_place *at, size_t *index);

/* NULL: the whole text of the step. */
const pd_statement *pd_line_statement(const pd_step *step, size_t index);
pd_bytes pd_line_text(const pd_step *step, size_t index);
bool pd_line_is_whole(const pd_step *step);

/* Whether the answer at a place is not to wait for those behind it. */
bool pd_line_live(const pd_line *self, const pd_line_place *at);

pd_step_result *pd_line_result(const pd_line *self, size_t step);

/* line_time.c: what runs now, for who watches. */
void pd_line_say_next(pd_line *self);

/* The same when answers wait for each other: the server says which text it is at, for how long. */
void pd_line_say_running(void *ctx, const char *text, int64_t age_ms);

/* A statement has ended; then a step has, by its guard. */
void pd_line_note_statement(pd_line *self, size_t index, pd_step_state state);
void pd_line_note_step(pd_line *self, const PGresult *guard);

#endif

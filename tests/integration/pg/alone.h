/* Hand-made statements outside of transactions, and the rows that broken attempts left. */
#ifndef PD_TEST_PG_ALONE_H
#define PD_TEST_PG_ALONE_H

#include "batches.h"

#define NAME "0002_alone"

/* One statement outside of transactions, in a database that `setup` made. */
typedef struct scenario {
    pd_outside outside;
    const char *text;
    pd_subject subject;
    const char *setup;
    const char *before; /* of the row that a broken attempt left, NULL: there was none */
    const char *error;  /* NULL: it is applied */
    const char *ask;    /* "": nothing is asked */
    const char *answer;
} scenario;

#define TABLE "CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2);"
#define INVALID "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'i'::regclass;"
#define SHAPE "using btree\ncolumn 1:a 0\n"
#define TWIN "CREATE INDEX ON pg_temp.t USING btree (a)"
#define INDEX(tolerance)                                                                           \
    {                                                                                              \
        .schema = "", .name = "i", .table_schema = "", .table = "t", .shape = SHAPE,               \
        .definition = TWIN, .tolerant = tolerance                                                  \
    }
#define CREATE PD_OUTSIDE_CREATE_INDEX, "CREATE INDEX CONCURRENTLY i ON t (a)", INDEX(false)
#define CREATE_IF                                                                                  \
    PD_OUTSIDE_CREATE_INDEX, "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)", INDEX(true)
#define NAMED(object)                                                                              \
    {                                                                                              \
        .schema = "", .name = object, .table_schema = "", .table = "", .shape = "",                \
        .definition = ""                                                                           \
    }
#define DROP PD_OUTSIDE_DROP_INDEX, "DROP INDEX CONCURRENTLY i", NAMED("i")
#define REINDEX PD_OUTSIDE_REINDEX, "REINDEX INDEX CONCURRENTLY i", NAMED("i")
#define PARTITIONS                                                                                 \
    "CREATE TABLE p (a int) PARTITION BY LIST (a);"                                                \
    "CREATE TABLE c PARTITION OF p FOR VALUES IN (1); CREATE TABLE d PARTITION OF p DEFAULT;"      \
    "DROP TABLE d;"
#define DETACH                                                                                     \
    PD_OUTSIDE_DETACH, "ALTER TABLE p DETACH PARTITION c CONCURRENTLY",                            \
    {                                                                                              \
        .schema = "", .name = "c", .table_schema = "", .table = "p", .shape = "", .definition = "" \
    }
#define VALID "SELECT indisvalid AND indisready FROM pg_index WHERE indexrelid = to_regclass('i')"
#define DEFINITION "SELECT pg_get_indexdef(to_regclass('i'))"
#define THERE "SELECT to_regclass('i') IS NOT NULL"
#define ATTACHED "SELECT count(*) FROM pg_inherits"

static inline pd_step *add_alone(world *w, trial *t, const scenario *s)
{
    pd_step *step = add_step(w, t, PD_STEP_APPLY, NAME, s->text);
    pd_statement *statement = ((pd_script *)(uintptr_t)step->script)->statements;
    step->alone = true;
    step->unbound = true;
    statement->outside = s->outside;
    statement->subject = &s->subject;
    return step;
}

static inline void add_row(world *w, const trial *t, const pd_step *step, const char *before,
                           int pid)
{
    char digest[PD_SHA256_HEX];
    pd_statement_digest(step->text, step->script->statements, digest);
    ask(w, pd_arena_printf(
               w->arena,
               "INSERT INTO predeploy.statements (migration, direction, number, hash, digest, "
               "kind, state, object, before, deployment, backend_pid, backend_start) SELECT '" NAME
               "', 'up', 1, '%s', '%s', 'RUN', 'running', NULL, '%s', '%s', %d, coalesce((SELECT "
               "backend_start FROM pg_stat_activity WHERE pid = %d), '2020-01-01')",
               step->hash, digest, before, t->deployment.id, pid, pid));
}

static inline const char *rows(world *w)
{
    return ask(w, "SELECT coalesce(string_agg(concat_ws(' ', number, state, before), ',' ORDER BY "
                  "number), '') FROM predeploy.statements");
}

#endif

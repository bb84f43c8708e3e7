/* Hand-made batches: steps whose scripts are cut at every ";;". */
#ifndef PD_TEST_PG_BATCHES_H
#define PD_TEST_PG_BATCHES_H

#include <unistd.h>

#include "pg_world.h"

#define DEPLOYMENT "0f2c1f0e-8d3b-4f57-9f5e-2d6f6c1f8a11"

typedef struct trial {
    pd_db *db;
    pd_ledger ledger;
    pd_deployment deployment;
    pd_step steps[8];
    pd_step_result states[8];
    pd_batch batch;
    pd_batch_result result;
} trial;

/* Statements stand between ";;", blanks in front of them are skipped. */
static inline pd_script *cut(pd_arena *arena, const char *text)
{
    pd_script *script = pd_arena_alloc(arena, sizeof *script);
    for (size_t at = 0; text[at] != '\0';) {
        at += strspn(text + at, " \t\n");
        const char *end = strstr(text + at, ";;");
        size_t len = end == NULL ? strlen(text + at) : (size_t)(end - (text + at));
        if (len > 0) {
            pd_statement *statement =
                PD_PUSH(arena, script->statements, script->count, script->capacity);
            statement->offset = at;
            statement->len = len;
            statement->verb = "RUN";
            statement->object = "";
            pd_line_column(text, strlen(text), at, &statement->line, &statement->column);
        }
        at += len + (end == NULL ? 0 : 2);
    }
    return script;
}

static inline pd_step *add_step(world *w, trial *t, pd_step_kind kind, const char *name,
                                const char *text)
{
    pd_step *step = &t->steps[t->batch.count++];
    char *hash = pd_arena_alloc(w->arena, PD_SHA256_HEX);
    pd_sha256_hex(name, strlen(name), hash);
    memset(step, 0, sizeof *step);
    step->kind = kind;
    step->name = name;
    step->path = pd_arena_printf(w->arena, "migrations/%s.sql", name);
    step->hash = hash;
    if (text != NULL) {
        step->text = text;
        step->len = strlen(text);
        step->script = cut(w->arena, text);
    }
    return step;
}

/* Waits until the server has ended the sessions before: one of them has the lock until then. */
static inline void until_alone(world *w)
{
    for (int i = 0; i < 3000; i++) {
        if (pd_streq(ask(w, "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                            "current_database() AND application_name LIKE 'predeploy%'"),
                     "0")) {
            return;
        }
        (void)usleep(10000);
    }
    fail_msg("a session does not end");
}

#define COMMIT_ID "9f1c2e7a9f1c2e7a"

/* A deployment on t->db, which has the lock, that begins with an empty batch. */
static inline void trial_begin(world *w, trial *t)
{
    must(w, pd_db_read_ledger(t->db, w->arena, &t->ledger, &w->err));
    pd_deployment deployment = {.id = pd_arena_alloc(w->arena, 37),
                                .kind = "deploy",
                                .commit = COMMIT_ID,
                                .actor = "somebody",
                                .tool_version = PD_VERSION,
                                .tables_before = -1,
                                .tables_after = -1};
    pd_uuid((char *)(uintptr_t)deployment.id);
    t->deployment = deployment;
    must(w, pd_db_begin_deployment(t->db, &t->deployment, &w->err));
    t->batch.steps = t->steps;
    t->batch.deployment = &t->deployment;
    t->batch.expected = &t->ledger;
    t->batch.min_tables = -1;
    t->batch.exact_tables = -1;
    t->batch.predicted_tables = -1;
    t->batch.last = true;
    t->result.steps = t->states;
}

static inline void trial_open(world *w, trial *t, pd_layout_kind layout)
{
    memset(t, 0, sizeof *t);
    t->db = open_locked(w, layout);
    trial_begin(w, t);
}

static inline bool trial_run(world *w, trial *t)
{
    pd_error none = {0};
    w->err = none;
    t->batch.plan_count = t->batch.first + t->batch.count;
    return pd_db_apply(t->db, w->arena, &t->batch, &t->result, &w->err);
}

/* Everything that a failed batch must leave as it was. */
static inline const char *picture(world *w)
{
    return ask(w, "SELECT concat_ws('|', "
                  "(SELECT string_agg(m::text, ';' ORDER BY seq) FROM predeploy.migrations m), "
                  "(SELECT count(*) FROM predeploy.seal), "
                  "(SELECT string_agg(relname || relfilenode, ',' ORDER BY relname) FROM pg_class "
                  "WHERE relnamespace = 'public'::regnamespace))");
}

#endif

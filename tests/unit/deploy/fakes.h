/* A deployment's world of fakes: ports that log what they are asked. */
#ifndef PD_TEST_DEPLOY_FAKES_H
#define PD_TEST_DEPLOY_FAKES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "deploy/adopt.h"
#include "deploy/run.h"
#include "domain/settings.h"
#include "sets.h"

/* What the fake world does. A batch that is applied moves its migrations into the ledger. */
typedef struct fake {
    pd_arena *arena;
    pd_ledger ledger;
    pd_strbuf log;
    int lock_fails;
    int backup_fails;
    int lock_timeouts;       /* how many batches end with PD_ERROR_LOCKED first */
    int changes;             /* how many batches find another ledger first */
    size_t failing_batch;    /* 1-based, 0: none */
    const char *half;        /* what a failing batch leaves */
    const char *half_locked; /* what one that ends with PD_ERROR_LOCKED leaves */
    size_t batches;
    const char *outcome;
    int64_t predicted;
    pd_foreign_ledger *at_lock; /* what another tool's table has become when the lock is had */
} fake;

static inline bool fake_lock(void *ctx, bool wait, pd_error *err)
{
    fake *f = ctx;
    pd_strbuf_adds(&f->log, wait ? "lock " : "trylock ");
    if (f->at_lock != NULL)
        f->ledger.foreign = f->at_lock;
    return f->lock_fails ? pd_fail(err, PD_ERROR_LOCKED, "locked") : true;
}

static inline bool fake_read(void *ctx, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    (void)arena;
    (void)err;
    fake *f = ctx;
    pd_strbuf_adds(&f->log, "read ");
    *out = f->ledger;
    return true;
}

static inline bool fake_begin(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    (void)err;
    fake *f = ctx;
    pd_strbuf_addf(&f->log, "begin:%s ", deployment->outcome);
    return true;
}

static inline bool fake_take_marks(void *ctx, const char *commit, pd_recalled *out, pd_error *err)
{
    (void)err;
    const fake *f = ctx;
    *out = (pd_recalled){.commit = commit,
                         .deployment = "00000000-0000-4000-8000-000000000001",
                         .marks = "1,2,3",
                         .count = f->ledger.count,
                         .tables = -1,
                         .digest = f->ledger.digest,
                         .drizzle = f->ledger.drizzle_digest};
    return true;
}

static inline bool fake_keep(void *ctx, const char *deployment, const char *verdict, pd_error *err)
{
    (void)deployment;
    (void)verdict;
    (void)err;
    fake *f = ctx;
    pd_strbuf_adds(&f->log, "keep ");
    return true;
}

static inline bool fake_record_backup(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    (void)err;
    fake *f = ctx;
    pd_strbuf_addf(&f->log, "reference:%s ", deployment->backup_reference);
    return true;
}

static inline void add_ledger_row(fake *f, const pd_step *step)
{
    pd_ledger_row *row = PD_PUSH(f->arena, f->ledger.rows, f->ledger.count, f->ledger.capacity);
    row->seq = (int64_t)f->ledger.count;
    row->name = step->name;
    row->hash = step->hash;
    row->down_sql = step->down_sql;
    row->down_hash = step->down_hash;
}

static inline bool fake_apply(void *ctx, pd_arena *arena, const pd_batch *batch,
                              pd_batch_result *result, pd_error *err)
{
    (void)arena;
    fake *f = ctx;
    f->batches++;
    f->predicted = batch->predicted_tables;
    pd_strbuf_adds(&f->log, "apply(");
    for (size_t i = 0; i < batch->count; i++)
        pd_strbuf_addf(&f->log, "%s%s", i == 0 ? "" : ",", batch->steps[i].name);
    pd_strbuf_adds(&f->log, batch->last ? ") " : "...) ");
    if (f->changes > 0) {
        f->changes--;
        add_ledger_row(f, &batch->steps[0]);
        result->ledger_changed = true;
        return true;
    }
    if (f->lock_timeouts > 0) {
        f->lock_timeouts--;
        result->half = f->half_locked;
        return pd_fail(err, PD_ERROR_LOCKED, "cannot have a table's lock");
    }
    if (f->batches == f->failing_batch) {
        result->steps[0].state = PD_STEP_FAILED;
        result->half = f->half;
        return pd_fail(err, PD_ERROR_APPLY, "a statement failed");
    }
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->steps[i].kind == PD_STEP_REVERT)
            f->ledger.count--;
        else
            add_ledger_row(f, &batch->steps[i]);
    }
    return true;
}

static inline bool fake_finish(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    (void)err;
    fake *f = ctx;
    f->outcome = deployment->outcome;
    pd_strbuf_addf(&f->log, "finish:%s:%zu ", deployment->outcome, deployment->migration_count);
    return true;
}

static inline bool fake_backup(void *ctx, pd_arena *arena, const pd_backup_request *request,
                               const char **reference, pd_error *err)
{
    (void)arena;
    fake *f = ctx;
    pd_strbuf_addf(&f->log, "backup:%s:%zu ", request->event, request->migration_count);
    *reference = "b-1";
    return f->backup_fails ? pd_fail(err, PD_ERROR_BACKUP, "no backup") : true;
}

static inline bool fake_pause(void *ctx, int64_t ms, const char *why, pd_error *err)
{
    (void)err;
    (void)why;
    fake *f = ctx;
    assert_true(ms > 0 && ms <= 10000);
    pd_strbuf_adds(&f->log, "pause ");
    return true;
}

typedef struct world {
    pd_arena *arena;
    fake fake;
    pd_settings settings;
    pd_set set;
    pd_snapshot snapshot;
    pd_revision revision;
    pd_findings findings;
    pd_report report;
    pd_run run;
    pd_adopt_request request; /* of an adoption */
    pd_error err;
} world;

static inline void set_up(world *w, pd_arena *arena)
{
    *w = (world){.arena = arena};
    w->fake = (fake){.arena = arena, .log = pd_strbuf_new(4096)};
    w->fake.ledger.tables = 10;
    w->fake.ledger.current_schema = "public";
    pd_settings_default(&w->settings);
    w->settings.retries = 2;
    w->set = good_set(arena, PD_LAYOUT_PLAIN);
    w->revision = (pd_revision){.spec = "HEAD", .oid = "c0ffee", .ref = "refs/heads/main"};
    w->findings = (pd_findings){.arena = arena};
    w->report = (pd_report){.command = "deploy",
                            .findings = &w->findings,
                            .revision = &w->revision,
                            .tables_before = -1,
                            .tables_after = -1};
    w->run = (pd_run){
        .arena = arena,
        .settings = &w->settings,
        .set = &w->set,
        .snapshot = &w->snapshot,
        .report = &w->report,
        .db = {.ctx = &w->fake,
               .lock = fake_lock,
               .read_ledger = fake_read,
               .begin_deployment = fake_begin,
               .take_marks = fake_take_marks,
               .keep_verdict = fake_keep,
               .record_backup = fake_record_backup,
               .apply = fake_apply,
               .finish_deployment = fake_finish},
        .clock = {&w->fake, fake_pause},
        .actor = "tester",
        .tool_version = "0",
        .wait = true,
    };
}

static inline void tear_down(world *w)
{
    pd_strbuf_free(&w->fake.log);
}

static inline void ask_for_backup(world *w)
{
    w->run.backup = (pd_backup_port){&w->fake, fake_backup};
}

static inline void nothing(world *w)
{
    (void)w;
}

static inline void applied(world *w)
{
    for (size_t i = 0; i < w->set.count; i++) {
        pd_step step = {.name = w->set.migrations[i].name,
                        .hash = w->set.migrations[i].up.hash,
                        .down_sql = w->set.migrations[i].down.data,
                        .down_hash = w->set.migrations[i].down.hash};
        add_ledger_row(&w->fake, &step);
    }
}

static inline void each(world *w)
{
    w->settings.transaction = PD_TRANSACTION_EACH;
}

#endif

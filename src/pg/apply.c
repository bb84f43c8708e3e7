#include "pg/apply.h"

#include "base/clock.h"
#include "pg/alone.h"
#include "pg/ledger.h"

#define GONE_MS 1000 /* for the backend of a connection that was lost or closed */
#define GONE_PAUSE_MS 20

static bool run_batch(pd_apply *apply, pd_error *err)
{
    const pd_batch *batch = apply->batch;
    if (!pd_apply_begin(apply, true, &apply->result->ledger_changed, err)) {
        return false;
    }
    if (apply->result->ledger_changed) {
        pd_db_rollback(apply->db, &apply->db->worker);
        return true;
    }
    if (!pd_apply_texts(apply, batch->steps, apply->result->steps, batch->count, batch->first + 1,
                        err) ||
        !pd_apply_finish(apply, err)) {
        return false;
    }
    for (size_t i = 0; i < batch->count; i++) {
        apply->result->steps[i].state = PD_STEP_DONE;
    }
    return true;
}

static bool work(pd_apply *apply, pd_error *err)
{
    if (!pd_apply_prepare(apply, err)) {
        return false;
    }
    pd_apply_watch(apply);
    bool ok = run_batch(apply, err);
    pd_apply_unwatch(apply);
    return ok;
}

static void take_back(pd_step_result *step)
{
    if (step->state == PD_STEP_DONE) {
        step->state = PD_STEP_UNDONE;
    }
    for (size_t i = 0; step->statements != NULL && i < step->statement_count; i++) {
        if (step->statements[i].state == PD_STEP_DONE) {
            step->statements[i].state = PD_STEP_UNDONE;
        }
    }
}

/* A backend whose client has gone takes a while to notice, and holds its locks as long. */
static void end_backend(pd_apply *apply)
{
    pd_db *db = apply->db;
    int64_t deadline_ms = pd_now_ms() + pd_interrupt_grace_ms(db->options.interrupt, GONE_MS);
    if (db->pooling == PD_POOLING_TRANSACTION || apply->backend_start == NULL) {
        return; /* it may be somebody else's by now */
    }
    while (pd_apply_terminate(apply, &db->control) && pd_remaining_ms(deadline_ms) > 0) {
        (void)pd_wait_fd(NULL, -1, 0, pd_now_ms() + GONE_PAUSE_MS);
    }
}

/* After a failure: the transaction ends, and the steps say what became of them. */
static void undo(pd_apply *apply, pd_error *err)
{
    if (err->kind == PD_ERROR_LOCKED) {
        pd_apply_name_blockers(apply, err);
    }
    if (pd_conn_usable(&apply->db->worker)) {
        pd_db_rollback(apply->db, &apply->db->worker);
    } else {
        pd_conn_close(&apply->db->worker);
        end_backend(apply);
    }
    bool stays = apply->committed_part || err->kind == PD_ERROR_UNKNOWN;
    for (size_t i = 0; !stays && i < apply->batch->count; i++) {
        take_back(&apply->result->steps[i]);
    }
}

static bool wants_drizzle(const pd_db *db, const pd_batch *batch)
{
    bool wanted = pd_layout_is_drizzle(db->options.layout);
    for (size_t i = 0; i < batch->count; i++) {
        wanted = wanted || batch->steps[i].drizzle_id != 0;
    }
    return wanted;
}

static void clear(const pd_batch *batch, pd_batch_result *result)
{
    result->ledger_changed = false;
    result->failure = NULL;
    result->half = NULL;
    result->blockers = NULL;
    result->blocker_count = 0;
    result->tables_before = -1;
    result->tables_after = -1;
    for (size_t i = 0; i < batch->count; i++) {
        pd_step_result *step = &result->steps[i];
        step->step = &batch->steps[i];
        step->state = PD_STEP_PLANNED;
        step->ms = 0;
        for (size_t j = 0; step->statements != NULL && j < step->statement_count; j++) {
            step->statements[j] = (pd_statement_result){.state = PD_STEP_PLANNED};
        }
    }
}

bool pd_db_apply(pd_db *db, pd_arena *arena, const pd_batch *batch, pd_batch_result *result,
                 pd_error *err)
{
    pd_apply apply = {.db = db,
                      .arena = arena,
                      .batch = batch,
                      .result = result,
                      .ended_ms = pd_arena_array(arena, batch->count, sizeof(int64_t)),
                      .drizzle = wants_drizzle(db, batch)};
    clear(batch, result);
    bool alone = batch->count > 0 && batch->steps->alone;
    /* What writes in front of the batch's transaction wants it recorded. */
    if ((alone || batch->taken_from != NULL) && !pd_deployment_record(db, err)) {
        return false;
    }
    bool ok = alone ? pd_alone_apply(&apply, err) : work(&apply, err);
    if (!ok) {
        undo(&apply, err);
        return false;
    }
    if (result->ledger_changed) {
        pd_error none = {0};
        *err = none;
    }
    return true;
}

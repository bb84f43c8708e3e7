#include "deploy/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

#define FIRST_PAUSE_MS 200
#define LONGEST_PAUSE_MS 10000

pd_deployment *pd_deployment_new(pd_run *run, const char *kind)
{
    pd_deployment *deployment = pd_arena_alloc(run->arena, sizeof *deployment);
    char *id = pd_arena_alloc(run->arena, 37);
    pd_uuid(id);
    *deployment = (pd_deployment){
        .id = id,
        .kind = kind,
        .commit = run->report->revision->oid,
        .ref = run->report->revision->ref,
        .actor = run->actor,
        .tool_version = run->tool_version,
        .started_at = pd_timestamp(run->arena, pd_unix_seconds()),
        .outcome = "running",
        .tables_before = -1,
        .tables_after = -1,
    };
    run->report->deployment = deployment;
    return deployment;
}

/* The deployment's names: what this run has committed, and `count` steps that are to run. */
static void name_migrations(const pd_run *run, const pd_step *steps, size_t count,
                            pd_deployment *deployment)
{
    deployment->migrations = pd_arena_array(run->arena, run->committed + count + 1, sizeof(char *));
    deployment->migration_count = 0;
    for (size_t i = 0; i < run->committed; i++)
        deployment->migrations[deployment->migration_count++] = run->names[i];
    for (size_t i = 0; i < count; i++)
        if (steps[i].kind != PD_STEP_ADOPT)
            deployment->migrations[deployment->migration_count++] = steps[i].name;
}

bool pd_back_up(pd_run *run, const pd_plan *plan, pd_deployment *deployment, pd_error *err)
{
    if (run->backup.run == NULL || plan->pending == 0 || deployment->backup_reference != NULL)
        return true;
    pd_deployment named = *deployment;
    name_migrations(run, plan->steps, plan->count, &named);
    pd_backup_request request = {
        .event = deployment->kind,
        .deployment = deployment->id,
        .commit = deployment->commit,
        .target = run->report->target,
        .migrations = named.migrations,
        .migration_count = named.migration_count,
    };
    return run->backup.run(run->backup.ctx, run->arena, &request, &deployment->backup_reference,
                           err) &&
           run->db.record_backup(run->db.ctx, deployment, err);
}

void pd_deployment_failed(pd_run *run, pd_deployment *deployment, const pd_error *err)
{
    bool interrupted = err->signal != 0;
    deployment->outcome = interrupted                     ? "interrupted"
                          : err->kind == PD_ERROR_UNKNOWN ? "unknown"
                                                          : "failed";
    deployment->finished_at = pd_timestamp(run->arena, pd_unix_seconds());
    deployment->detail = pd_arena_strdup(run->arena, err->message);
    pd_error ignored = {0};
    /* The first error is what the user needs; a row that stays "running" is closed by the next
     * run. */
    if (!run->db.finish_deployment(run->db.ctx, deployment, &ignored))
        return;
}

/* What a batch that was committed did is in, also when a later one fails. */
static void keep_count(pd_apply_run *apply, const pd_batch *batch, pd_step_result *results)
{
    for (size_t i = 0; i < batch->count; i++) {
        pd_run *run = apply->run;
        results[i].state = PD_STEP_DONE;
        if (batch->steps[i].kind != PD_STEP_ADOPT)
            *(const char **)pd_arena_push(run->arena, (void **)&run->names, &run->committed,
                                          &run->names_capacity, sizeof *run->names) =
                batch->steps[i].name;
    }
    apply->done += batch->count;
}

/* A growing pause, half of it by chance, so that runners that failed together part. */
static bool pause_before_retry(pd_apply_run *apply, int64_t attempt, const pd_error *why,
                               pd_error *err)
{
    int64_t longest = FIRST_PAUSE_MS;
    for (int64_t i = 0; i < attempt && longest < LONGEST_PAUSE_MS; i++)
        longest *= 2;
    if (longest > LONGEST_PAUSE_MS)
        longest = LONGEST_PAUSE_MS;
    int64_t ms = longest / 2 + (int64_t)(arc4random_uniform((uint32_t)longest / 2 + 1));
    const char *text = pd_arena_printf(apply->run->arena, "%s: %s; trying again (%lld of %lld)",
                                       why->message, why->detail, (long long)attempt + 1,
                                       (long long)apply->run->settings->retries);
    return apply->run->clock.pause(apply->run->clock.ctx, ms, text, err);
}

static bool apply_batch(pd_apply_run *apply, pd_batch *batch, pd_error *err)
{
    pd_run *run = apply->run;
    pd_step_result *results = run->report->steps + batch->first;
    for (int64_t attempt = 0;; attempt++) {
        pd_batch_result result = {.steps = results, .tables_before = -1, .tables_after = -1};
        bool done = run->db.apply(run->db.ctx, run->arena, batch, &result, err);
        if (run->report->tables_before < 0)
            run->report->tables_before = result.tables_before;
        run->report->failure = result.failure;
        if (result.blocker_count > 0) {
            run->report->blockers = result.blockers;
            run->report->blocker_count = result.blocker_count;
        }
        /* An attempt that fails before it has read the ledger does not take back what is in. */
        if (done || result.half != NULL)
            run->half = result.half;
        run->report->half = run->half != NULL;
        apply->ledger_changed = done && result.ledger_changed;
        if (done && !result.ledger_changed) {
            keep_count(apply, batch, results);
            run->report->tables_after = result.tables_after;
        }
        if (done)
            return true;
        if (err->kind != PD_ERROR_LOCKED || attempt >= run->settings->retries)
            return false;
        pd_error why = *err;
        *err = (pd_error){0};
        if (!pause_before_retry(apply, attempt, &why, err))
            return false;
        for (size_t i = 0; i < batch->count; i++)
            results[i].state = PD_STEP_PLANNED;
        run->report->failure = NULL;
    }
}

/* Puts a sentence behind what the hint says already. */
static void add_hint(pd_error *err, const char *sentence)
{
    char said[sizeof err->hint];
    memcpy(said, err->hint, sizeof said);
    pd_error_hint(err, "%s%s%s", said, said[0] == '\0' ? "" : " ", sentence);
}

void pd_explain_partial(const pd_run *run, pd_error *err)
{
    if ((run->committed == 0 && run->half == NULL) || err->kind == PD_ERROR_PARTIAL)
        return;
    if (err->kind != PD_ERROR_UNKNOWN && err->kind != PD_ERROR_VERIFY)
        err->kind = PD_ERROR_PARTIAL;
    PD_AUTO_ARENA scratch = pd_arena_new();
    if (run->committed > 0)
        add_hint(err, pd_arena_printf(scratch,
                                      "%zu migration%s committed before, in transactions of their "
                                      "own, and recorded; the rest is not in.",
                                      run->committed, run->committed == 1 ? " was" : "s were"));
    if (run->half != NULL)
        add_hint(err, pd_arena_printf(scratch, "%s: `predeploy status` shows it.", run->half));
    add_hint(err, "Mend the cause and run the same command again.");
}

/* How many steps go into the batch that begins at `first`. */
static size_t batch_length(const pd_apply_run *apply, size_t first)
{
    const pd_plan *plan = apply->plan;
    size_t length = 0;
    if (plan->steps[first].alone)
        return 1;
    if (apply->run->settings->transaction == PD_TRANSACTION_ALL) {
        while (first + length < plan->count && !plan->steps[first + length].alone)
            length++;
        return length;
    }
    while (first + length < plan->count && plan->steps[first + length].kind == PD_STEP_ADOPT)
        length++;
    return length > 0 ? length : 1;
}

static bool run_batches(pd_apply_run *apply, pd_error *err)
{
    const pd_plan *plan = apply->plan;
    const pd_settings *settings = apply->run->settings;
    while (apply->done < plan->count && !apply->ledger_changed) {
        size_t first = apply->done;
        size_t length = batch_length(apply, first);
        bool last = first + length == plan->count;
        pd_batch batch = {
            .steps = plan->steps + first,
            .count = length,
            .first = first,
            .plan_count = plan->count,
            .deployment = apply->deployment,
            .expected = apply->ledger,
            .taken_from = apply->taken_from,
            .min_tables = last && apply->verify ? settings->min_tables : -1,
            .exact_tables = last && apply->verify ? settings->tables : -1,
            .predicted_tables = last ? apply->predicted_tables : -1,
            .last = last,
        };
        if (!apply_batch(apply, &batch, err))
            return false;
    }
    return true;
}

bool pd_apply_plan(pd_apply_run *apply, pd_error *err)
{
    pd_report_plan(apply->run->report, apply->run->arena, apply->plan);
    bool done = run_batches(apply, err);
    name_migrations(apply->run, NULL, 0, apply->deployment);
    return done;
}

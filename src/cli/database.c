#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/actor.h"
#include "cli/context.h"

bool pd_context_has_database(const pd_context *context)
{
    return context->args.database != NULL || !pd_blank(context->environment.database_url);
}

static bool fail_no_database(pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "no database was named");
    return pd_error_hint(err, "Set DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME in the "
                              "environment, or try it out with `predeploy deploy --ephemeral`.");
}

static bool start_ephemeral(pd_context *context, const char **conninfo, pd_error *err)
{
    if (context->args.database != NULL) {
        pd_fail(err, PD_ERROR_USAGE, "--ephemeral and --database contradict each other");
        return pd_error_hint(err, "--ephemeral deploys to a throwaway server of its own.");
    }
    return pd_cluster_start(&context->cluster, context->arena, &context->interrupt,
                            &context->progress, conninfo, err);
}

bool pd_context_connect(pd_context *context, bool read_only, pd_error *err)
{
    const char *conninfo =
        context->args.database != NULL ? context->args.database : context->environment.database_url;
    if (!context->args.ephemeral && pd_blank(conninfo))
        return fail_no_database(err);
    if (!pd_interrupt_open(&context->interrupt, err) ||
        (context->args.ephemeral && !start_ephemeral(context, &conninfo, err)))
        return false;
    pd_db_options options = {
        .conninfo = conninfo,
        .settings = &context->settings,
        .layout = context->set.layout,
        .read_only = read_only,
        .ephemeral = context->args.ephemeral,
        .interrupt = &context->interrupt,
        .progress = &context->progress,
    };
    if (!pd_db_open(&context->db, context->arena, &options, &context->target, err))
        return false;
    context->report.target = &context->target;
    return true;
}

static bool port_lock(void *ctx, bool wait, pd_error *err)
{
    return pd_db_lock(ctx, wait, err);
}

static bool port_read_ledger(void *ctx, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    return pd_db_read_ledger(ctx, arena, out, err);
}

static bool port_begin(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    return pd_db_begin_deployment(ctx, deployment, err);
}

static bool port_record_backup(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    return pd_db_record_backup(ctx, deployment, err);
}

static bool port_apply(void *ctx, pd_arena *arena, const pd_batch *batch, pd_batch_result *result,
                       pd_error *err)
{
    return pd_db_apply(ctx, arena, batch, result, err);
}

static bool port_finish(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    return pd_db_finish_deployment(ctx, deployment, err);
}

static bool port_backup(void *ctx, pd_arena *arena, const pd_backup_request *request,
                        const char **reference, pd_error *err)
{
    return pd_webhook_backup(ctx, arena, request, reference, err);
}

static bool port_pause(void *ctx, int64_t ms, const char *why, pd_error *err)
{
    pd_context *context = ctx;
    pd_progress_note(&context->progress, "%s", why);
    if (pd_wait_fd(&context->interrupt, -1, 0, pd_now_ms() + ms) == PD_WAIT_SIGNAL)
        return pd_fail_interrupted(err, &context->interrupt);
    return true;
}

static bool ask_for_backup(pd_context *context, pd_error *err)
{
    const pd_environment *environment = &context->environment;
    if (pd_blank(environment->backup_url)) {
        pd_fail(err, PD_ERROR_USAGE, "a backup was asked for, but there is no webhook to call");
        return pd_error_hint(err, "Set PREDEPLOY_BACKUP_URL (and PREDEPLOY_BACKUP_SECRET) in the "
                                  "environment, or do not ask for a backup.");
    }
    context->webhook = (pd_webhook){
        .url = environment->backup_url,
        .secret = pd_blank(environment->backup_secret) ? NULL : environment->backup_secret,
        .ca_file = pd_blank(environment->backup_ca) ? NULL : environment->backup_ca,
        .allow_http = context->args.allow_http_backup,
        .timeout_ms = context->settings.backup_timeout_ms,
        .interrupt = &context->interrupt,
        .progress = &context->progress,
    };
    if (!pd_webhook_check(&context->webhook, err))
        return false;
    context->run.backup = (pd_backup_port){.ctx = &context->webhook, .run = port_backup};
    return true;
}

bool pd_context_run(pd_context *context, pd_error *err)
{
    context->run = (pd_run){
        .arena = context->arena,
        .settings = &context->settings,
        .set = &context->set,
        .snapshot = &context->snapshot,
        .witnesses = context->witnesses,
        .based = context->based,
        .allow_ahead = context->args.allow_ahead,
        .report = &context->report,
        .clock = {.ctx = context, .pause = port_pause},
        .git = {.ctx = context, .deployed = pd_context_deployed, .explain = pd_context_explain},
        .actor = pd_actor(context->git, context->arena),
        .tool_version = PD_VERSION,
        .wait = !context->args.no_wait,
    };
    return !context->settings.backup_required || !context->backs_up || ask_for_backup(context, err);
}

void pd_context_attach(pd_context *context)
{
    context->run.db = (pd_db_port){
        .ctx = context->db,
        .lock = port_lock,
        .read_ledger = port_read_ledger,
        .begin_deployment = port_begin,
        .record_backup = port_record_backup,
        .apply = port_apply,
        .finish_deployment = port_finish,
    };
}

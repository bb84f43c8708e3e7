#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/str.h"
#include "cli/actor.h"
#include "cli/context.h"

bool pd_context_has_database(const pd_context *context)
{
    return context->args.database != NULL || !pd_blank(context->environment.database_url);
}

static bool fail_no_database(const pd_context *context, pd_error *err)
{
    bool throwaway = pd_streq(context->report.command, "deploy");
    pd_fail(err, PD_ERROR_USAGE, "no database was named");
    return pd_error_hint(err,
                         "Set DATABASE_URL=postgresql://USER:PASSWORD@HOST/NAME in the "
                         "environment%s. A file .env is not read.",
                         throwaway ? ", or try it out with `predeploy deploy --ephemeral`" : "");
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

/* The options of a session are for the connection string to say: what the environment happens to
 * hold would change what migrations do, and poolers refuse it. */
static void drop_session_options(void)
{
    unsetenv("PGOPTIONS");
}

static void limit_run(pd_context *context)
{
    int64_t ms = context->settings.deploy_timeout_ms;
    if (ms == 0)
        return;
    const char *why = pd_arena_printf(context->arena, "the deployment took longer than %s",
                                      pd_format_duration(context->arena, ms));
    pd_interrupt_limit(&context->interrupt, ms, why,
                       "Raise [deploy] timeout in .predeploy, or see what took so long. What was "
                       "not committed was rolled back; run the same command again to go on.");
}

/* What it is called when the time is over while something is under way. */
static void phase(pd_context *context, pd_error_kind late_kind)
{
    context->interrupt.late_kind = late_kind;
}

static const char *named_database(const pd_context *context)
{
    return context->args.database != NULL ? context->args.database
                                          : context->environment.database_url;
}

static pd_db_options options_of(pd_context *context, const char *conninfo, bool read_only)
{
    return (pd_db_options){
        .conninfo = conninfo,
        .settings = &context->settings,
        .layout = context->set.layout,
        .foreign_table = context->args.from,
        .read_only = read_only,
        .commit = read_only ? NULL : context->revision.oid,
        .locks = !read_only,
        .expects = !read_only && context->run.backup.run == NULL,
        .ephemeral = context->args.ephemeral,
        .interrupt = &context->interrupt,
        .progress = &context->progress,
        .begun = context->begun,
    };
}

/* The time that the settings give it is not known yet. */
bool pd_context_begin_connect(pd_context *context, pd_error *err)
{
    pd_settings usual;
    pd_settings_default(&usual);
    drop_session_options();
    return pd_db_begin(&context->begun, context->arena, named_database(context),
                       usual.connect_timeout_ms, &context->interrupt, err);
}

bool pd_context_ask_early(pd_context *context, pd_recalled *now, pd_error *err)
{
    pd_db_options options = options_of(context, named_database(context), false);
    if (!pd_db_recall(context->begun, &options, context->revision.oid, now, err))
        return false;
    pd_db_target(context->begun, &context->target);
    return true;
}

bool pd_context_connect(pd_context *context, bool read_only, pd_error *err)
{
    const char *conninfo = named_database(context);
    if (!context->args.ephemeral && pd_blank(conninfo))
        return fail_no_database(context, err);
    if (!pd_interrupt_open(&context->interrupt, err) ||
        (context->args.ephemeral && !start_ephemeral(context, &conninfo, err)))
        return false;
    if (!read_only)
        limit_run(context);
    if (context->unreachable.kind != PD_ERROR_NONE) {
        *err = context->unreachable;
        return false;
    }
    drop_session_options();
    pd_db_options options = options_of(context, conninfo, read_only);
    context->begun = NULL;
    if (!pd_db_open(&context->db, context->arena, &options, &context->target, err))
        return false;
    context->report.target = &context->target;
    return true;
}

static bool port_lock(void *ctx, bool wait, pd_error *err)
{
    pd_context *context = ctx;
    phase(context, PD_ERROR_LOCKED);
    bool locked = pd_db_lock(context->db, wait, err);
    phase(context, PD_ERROR_UNREACHABLE);
    return locked;
}

static void port_when_new(void *ctx, void (*tell)(void *told), void *told)
{
    const pd_context *context = ctx;
    pd_db_when_new(context->db, tell, told);
}

static bool port_read_ledger(void *ctx, pd_arena *arena, pd_ledger *out, pd_error *err)
{
    pd_context *context = ctx;
    return pd_db_read_ledger(context->db, arena, out, err);
}

static void port_find_obstacles(void *ctx, pd_arena *arena, const pd_preflight *asked,
                                pd_obstacles *out)
{
    pd_context *context = ctx;
    pd_db_find_obstacles(context->db, arena, asked, out);
}

static bool port_find_tables(void *ctx, pd_arena *arena, pd_first_tables *asked, pd_error *err)
{
    pd_context *context = ctx;
    return pd_db_find_tables(context->db, arena, asked, err);
}

static bool port_check_plan(void *ctx, const pd_plan *plan, pd_error *err)
{
    const pd_context *context = ctx;
    return pd_db_check_plan(context->db, plan, err);
}

static bool port_begin(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    pd_context *context = ctx;
    pd_memory_ends_with(PD_MEMORY_UNKNOWN);
    phase(context, PD_ERROR_APPLY);
    return pd_db_begin_deployment(context->db, deployment, err);
}

static bool port_take_marks(void *ctx, const char *commit, pd_recalled *out, pd_error *err)
{
    pd_context *context = ctx;
    return pd_db_take_marks(context->db, commit, out, err);
}

static bool port_keep_verdict(void *ctx, const char *deployment, const char *verdict, pd_error *err)
{
    pd_context *context = ctx;
    return pd_db_keep_verdict(context->db, deployment, verdict, err);
}

static bool port_record_backup(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    pd_context *context = ctx;
    return pd_db_record_backup(context->db, deployment, err);
}

static bool port_apply(void *ctx, pd_arena *arena, const pd_batch *batch, pd_batch_result *result,
                       pd_error *err)
{
    pd_context *context = ctx;
    phase(context, PD_ERROR_APPLY);
    return pd_db_apply(context->db, arena, batch, result, err);
}

static bool port_finish(void *ctx, const pd_deployment *deployment, pd_error *err)
{
    pd_context *context = ctx;
    return pd_db_finish_deployment(context->db, deployment, err);
}

static bool port_backup(void *ctx, pd_arena *arena, const pd_backup_request *request,
                        const char **reference, pd_error *err)
{
    pd_context *context = ctx;
    phase(context, PD_ERROR_BACKUP);
    bool done = pd_webhook_backup(&context->webhook, arena, request, reference, err);
    phase(context, PD_ERROR_APPLY);
    return done;
}

static bool port_pause(void *ctx, int64_t ms, const char *why, pd_error *err)
{
    pd_context *context = ctx;
    pd_progress_note(&context->progress, "%s", why);
    phase(context, PD_ERROR_LOCKED);
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
    context->run.backup = (pd_backup_port){.ctx = context, .run = port_backup};
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
        .ctx = context,
        .when_new = port_when_new,
        .lock = port_lock,
        .read_ledger = port_read_ledger,
        .find_tables = port_find_tables,
        .check_plan = port_check_plan,
        .find_obstacles = port_find_obstacles,
        .begin_deployment = port_begin,
        .take_marks = port_take_marks,
        .keep_verdict = port_keep_verdict,
        .record_backup = port_record_backup,
        .apply = port_apply,
        .finish_deployment = port_finish,
    };
}

/* A verdict that was given before: while nothing that it depends on has changed, the migrations
 * need not be read again. */
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "cli/context.h"
#include "deploy/recall.h"

/* What says where things are and how the report looks, and nothing about what the gates answer. */
static const char *const beside[] = {
    "repo", "database", "format", "output", "color", "quiet", "verbose", "no-wait", NULL,
};

static bool is_beside(const char *name)
{
    for (size_t i = 0; beside[i] != NULL; i++)
        if (strcmp(beside[i], name) == 0)
            return true;
    return false;
}

static void add_term(pd_strbuf *out, const char *name, const char *value)
{
    pd_strbuf_addf(out, "%s %zu %s\n", name, strlen(value), value);
}

/* Whatever option there is, it counts, unless it is known that it does not. */
static void add_options(const pd_args *args, pd_strbuf *out)
{
    const pd_option *option = NULL;
    for (size_t i = 0; (option = pd_option_at(i)) != NULL; i++) {
        const char *place = (const char *)args + option->offset;
        if (is_beside(option->name))
            continue;
        const char *value = NULL;
        bool flag = false;
        if (option->value == NULL)
            memcpy(&flag, place, sizeof flag);
        else
            memcpy(&value, place, sizeof value);
        if (value != NULL || flag)
            add_term(out, option->name, flag ? "" : value);
    }
}

const char *pd_context_terms(pd_context *context)
{
    static const char *const kinds[] = {
        [PD_WITNESS_BASE] = "base",
        [PD_WITNESS_TIP] = "tip",
        [PD_WITNESS_DEPLOYED] = "deployed",
    };
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    add_term(&out, "version", PD_VERSION);
    add_term(&out, "commit", context->revision.oid);
    add_options(&context->args, &out);
    add_term(&out, "published", context->based ? "known" : "unknown");
    for (size_t i = 0; i < context->witnesses.count; i++) {
        const pd_witness *witness = &context->witnesses.items[i];
        add_term(&out, kinds[witness->kind], witness->revision->oid);
    }
    char *digest = pd_arena_alloc(context->arena, PD_SHA256_HEX);
    pd_sha256_hex(out.data, out.len, digest);
    return digest;
}

static bool nudged(const pd_context *context, bool done)
{
    pd_db_nudge(context->begun);
    return done;
}

/* Reads what the terms are made of. */
static bool read_outline(pd_context *context, const char *spec, pd_error *err)
{
    context->outline = true;
    bool read = nudged(context, pd_context_open(context, err)) &&
                nudged(context, pd_context_read_settings(context, spec, err)) &&
                nudged(context, pd_context_read_base(context, err)) && pd_context_run(context, err);
    context->outline = false;
    return read;
}

/* Connects beside reading, and asks. What cannot be read is for the gates to say: then, and when
 * the verdict does not hold, true is returned and now->verdict is NULL. */
static bool ask(pd_context *context, const char *spec, pd_recalled *now, pd_error *err)
{
    pd_error unread = {0};
    if (!pd_context_begin_connect(context, err))
        return false;
    /* The server answers meanwhile, and is told who connects: it makes a session while the
     * repository is opened. */
    pd_db_nudge(context->begun);
    pd_hash_prepare();
    pd_db_nudge(context->begun);
    if (read_outline(context, spec, &unread))
        return pd_context_ask_early(context, now, err);
    pd_db_close(&context->begun);
    return true;
}

/* The gates come first, and signals end the run as ever while they are asked. A database that could
 * not be reached is said behind them. */
static bool give_up(pd_context *context, pd_error *failed, pd_error *err)
{
    if (failed->kind != PD_ERROR_NONE) {
        pd_db_close(&context->begun);
        context->unreachable = *failed;
    }
    if (failed->kind == PD_ERROR_INTERRUPTED) {
        *err = *failed;
        return false;
    }
    if (pd_interrupted(&context->interrupt))
        return pd_fail_interrupted(err, &context->interrupt);
    pd_interrupt_close(&context->interrupt);
    pd_interrupt_restore();
    pd_context_reset(context);
    return true;
}

bool pd_context_recall(pd_context *context, const char *spec, bool *done, pd_error *err)
{
    pd_error failed = {0};
    pd_recalled now = {.tables = -1};
    pd_recall *recall = pd_arena_alloc(context->arena, sizeof *recall);
    *done = false;
    if (context->args.ephemeral || !pd_context_has_database(context))
        return true;
    if (!pd_interrupt_open(&context->interrupt, err))
        return false;
    if (!ask(context, spec, &now, &failed) || now.verdict == NULL ||
        !pd_recall_holds(context->arena, pd_context_terms(context), &now, recall))
        return give_up(context, &failed, err);
    *done = true;
    context->report.target = &context->target;
    return pd_deploy_recalled(&context->run, recall, &now, err);
}

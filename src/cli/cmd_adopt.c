#include "cli/commands.h"
#include "deploy/adopt.h"

#define NAMES_SHOWN 10 /* from each end; --verbose shows all */

/* What was found, on stderr: it is there to be read before anything is written. */
static void tell(void *ctx, const pd_adopt_news *news)
{
    pd_context *context = ctx;
    pd_progress *progress = &context->progress;
    const pd_plan *plan = news->plan;
    pd_progress_note(progress, "found %s: %zu of %zu migrations are applied, %zu to take over",
                     news->source, news->applied, news->set->count, plan->count);
    for (size_t i = 0; i < plan->count; i++) {
        bool shown = i < NAMES_SHOWN || i + NAMES_SHOWN >= plan->count;
        if (shown)
            pd_progress_note(progress, "  %s", plan->steps[i].name);
        else
            pd_progress_detail(progress, "  %s", plan->steps[i].name);
        if (i + 1 == NAMES_SHOWN && plan->count > (size_t)2 * NAMES_SHOWN)
            pd_progress_note(progress, "  ... (%zu more)", plan->count - (size_t)2 * NAMES_SHOWN);
    }
    if (context->args.dry_run)
        pd_progress_note(progress, "nothing is written: --dry-run");
    else
        pd_progress_note(progress, "writing these to predeploy's ledger; nothing is run");
}

bool pd_cmd_adopt(pd_context *context, pd_error *err)
{
    pd_adopt_request request = {
        .through = context->args.through,
        .from = context->args.from,
        .dry_run = context->args.dry_run,
        .tell = tell,
        .ctx = context,
    };
    if (!pd_check_revision(context, true, false, err))
        return false;
    if (pd_report_closed(&context->report))
        return true;
    if (!pd_context_connect(context, request.dry_run, err))
        return false;
    pd_context_attach(context);
    return pd_adopt(&context->run, &request, err);
}

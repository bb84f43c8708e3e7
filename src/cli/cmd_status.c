#include "cli/commands.h"
#include "gate/ledger_edit.h"

/* The settings name the ledger; without a repository, or in an empty one, the defaults do. */
static bool read_settings(pd_context *context, pd_error *err)
{
    pd_error no_repository = {0};
    if (!pd_context_open(context, &no_repository)) {
        if (context->args.repo != NULL) {
            *err = no_repository;
            return false;
        }
        pd_settings_default(&context->settings);
        context->set.layout = PD_LAYOUT_DRIZZLE;
        return true;
    }
    if (!pd_context_read(context, "HEAD", err))
        return false;
    context->findings.count = 0;
    return true;
}

bool pd_cmd_status(pd_context *context, pd_error *err)
{
    if (!read_settings(context, err) || !pd_context_connect(context, true, err))
        return false;
    pd_ledger *ledger = pd_arena_alloc(context->arena, sizeof *ledger);
    if (!pd_db_read_ledger(context->db, context->arena, ledger, err))
        return false;
    pd_gate_altered(ledger, &context->findings);
    pd_report_settle(&context->report, &context->settings);
    context->report.ledger = ledger;
    context->report.tables_before = ledger->tables;
    context->report.tables_after = ledger->tables;
    return true;
}

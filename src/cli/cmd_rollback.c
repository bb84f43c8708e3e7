#include <stdint.h>

#include "base/str.h"
#include "cli/commands.h"

#define STEPS_MAX 100000

static bool read_request(const pd_context *context, pd_rollback_request *request, pd_error *err)
{
    const pd_args *args = &context->args;
    *request = (pd_rollback_request){.steps = 1, .to = args->to, .dry_run = args->dry_run};
    if (args->positional_count == 0)
        return true;
    if (args->to != NULL) {
        pd_fail(err, PD_ERROR_USAGE, "STEPS and --to contradict each other");
        return pd_error_hint(err, "Say how many to take out, or which one stays as the newest.");
    }
    uint64_t steps = 0;
    if (!pd_parse_uint(args->positionals[0], STEPS_MAX, &steps) || steps == 0) {
        pd_fail(err, PD_ERROR_USAGE, "STEPS is not a number above 0: %s", args->positionals[0]);
        return pd_error_hint(err, "predeploy rollback 2 takes the last two migrations out; to go "
                                  "back to one by name: predeploy rollback --to NAME");
    }
    request->steps = (size_t)steps;
    return true;
}

bool pd_cmd_rollback(pd_context *context, pd_error *err)
{
    pd_rollback_request request = {0};
    pd_report_ask(&context->report, PD_GATE_ROLLBACK, "");
    if (!read_request(context, &request, err) || !pd_context_open(context, err) ||
        !pd_context_read(context, "HEAD", err))
        return false;
    /* What runs stands in the ledger: the state of the checkout does not matter here. */
    context->findings.count = 0;
    if (!pd_context_run(context, err) || !pd_context_connect(context, request.dry_run, err))
        return false;
    pd_context_attach(context);
    return pd_rollback(&context->run, &request, err);
}

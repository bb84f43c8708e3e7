#include "render/json.h"
#include "render/verdict.h"

static const char *kind_name(pd_step_kind kind)
{
    switch (kind) {
    case PD_STEP_APPLY:
        return "apply";
    case PD_STEP_ADOPT:
        return "adopt";
    case PD_STEP_REVERT:
        return "revert";
    }
    return "apply";
}

static const char *state_name(pd_step_state state)
{
    switch (state) {
    case PD_STEP_PLANNED:
        return "planned";
    case PD_STEP_DONE:
        return "done";
    case PD_STEP_FAILED:
        return "failed";
    case PD_STEP_UNDONE:
        return "undone";
    }
    return "planned";
}

static json_t *statements_value(const pd_report *report, size_t index)
{
    json_t *array = json_array();
    const pd_script *script = report->plan->steps[index].script;
    for (size_t i = 0; script != NULL && i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        json_t *value = json_object();
        pd_put_position(value, "line", statement->line);
        pd_put_position(value, "column", statement->column);
        pd_put_text(value, "verb", statement->verb);
        pd_put_said(value, "object", statement->object);
        pd_statement_result result = pd_state_of_statement(report, index, i);
        pd_put_text(value, "state", state_name(result.state));
        pd_put_count(value, "duration_ms", result.ms);
        pd_push(array, value);
    }
    return array;
}

static json_t *step_value(const pd_report *report, size_t index)
{
    const pd_step *step = &report->plan->steps[index];
    pd_step_state state = pd_state_of_step(report, index);
    json_t *value = json_object();
    pd_put_text(value, "kind", kind_name(step->kind));
    pd_put_text(value, "name", step->name);
    pd_put_text(value, "path", step->path);
    pd_put_text(value, "hash", step->hash);
    pd_put(value, "statements", statements_value(report, index));
    pd_put(value, "outside_transaction", json_boolean(step->alone));
    pd_put_text(value, "state", state_name(state));
    pd_put_count(value, "duration_ms",
                 state == PD_STEP_PLANNED || step->kind == PD_STEP_ADOPT ? -1
                                                                         : report->steps[index].ms);
    return value;
}

json_t *pd_json_plan(const pd_report *report)
{
    const pd_plan *plan = report->plan;
    if (plan == NULL)
        return json_null();
    json_t *steps = json_array();
    for (size_t i = 0; i < plan->count; i++)
        pd_push(steps, step_value(report, i));
    json_t *value = json_object();
    pd_put(value, "steps", steps);
    pd_put_count(value, "pending", (int64_t)plan->pending);
    pd_put(value, "tables_delta",
           plan->tables_known ? json_integer((json_int_t)plan->tables_delta) : json_null());
    return value;
}

json_t *pd_json_deployment(const pd_deployment *deployment)
{
    if (deployment == NULL)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "id", deployment->id);
    pd_put_text(value, "kind", deployment->kind);
    pd_put_text(value, "commit", deployment->commit);
    pd_put_text(value, "ref", deployment->ref);
    pd_put_text(value, "actor", deployment->actor);
    pd_put_text(value, "tool_version", deployment->tool_version);
    pd_put_text(value, "started_at", deployment->started_at);
    pd_put_text(value, "finished_at", deployment->finished_at);
    pd_put_text(value, "outcome", deployment->outcome);
    pd_put_text(value, "detail", deployment->detail);
    pd_put_text(value, "backup_reference", deployment->backup_reference);
    pd_put_count(value, "tables_before", deployment->tables_before);
    pd_put_count(value, "tables_after", deployment->tables_after);
    json_t *names = json_array();
    for (size_t i = 0; i < deployment->migration_count; i++)
        pd_push(names, pd_json_text(deployment->migrations[i]));
    pd_put(value, "migrations", names);
    return value;
}

json_t *pd_json_blockers(const pd_report *report)
{
    json_t *array = json_array();
    for (size_t i = 0; i < report->blocker_count; i++) {
        const pd_blocker *blocker = &report->blockers[i];
        json_t *value = json_object();
        pd_put_count(value, "pid", blocker->pid > 0 ? blocker->pid : -1);
        pd_put_text(value, "prepared_transaction", blocker->prepared);
        pd_put_said(value, "user", blocker->user);
        pd_put_said(value, "application", blocker->application);
        pd_put_said(value, "process", blocker->process);
        pd_put_said(value, "state", blocker->state);
        pd_put_count(value, "transaction_ms", blocker->age_ms);
        pd_put_text(value, "query", blocker->query);
        pd_put_said(value, "relation", blocker->relation);
        pd_put_said(value, "wanted", blocker->wanted);
        pd_put_said(value, "held", blocker->held);
        pd_push(array, value);
    }
    return array;
}

json_t *pd_json_applied(const pd_ledger *ledger)
{
    if (ledger == NULL)
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < ledger->count; i++) {
        const pd_ledger_row *row = &ledger->rows[i];
        json_t *value = json_object();
        pd_put_count(value, "seq", row->seq);
        pd_put_text(value, "name", row->name);
        pd_put_text(value, "hash", row->hash);
        pd_put_text(value, "down_hash", row->down_hash);
        pd_put(value, "adopted", json_boolean(row->adopted));
        pd_put_text(value, "deployment", row->deployment);
        pd_put_text(value, "applied_at", row->applied_at);
        pd_push(array, value);
    }
    return array;
}

json_t *pd_json_deployments(const pd_ledger *ledger)
{
    if (ledger == NULL)
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < ledger->deployment_count; i++)
        pd_push(array, pd_json_deployment(&ledger->deployments[i]));
    return array;
}

json_t *pd_json_unfinished(const pd_ledger *ledger)
{
    if (ledger == NULL)
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; i < ledger->unfinished_count; i++) {
        const pd_unfinished *row = &ledger->unfinished[i];
        json_t *value = json_object();
        pd_put_text(value, "migration", row->migration);
        pd_put_text(value, "direction", row->down ? "down" : "up");
        pd_put_count(value, "number", row->number);
        pd_put_text(value, "kind", row->kind);
        pd_put_text(value, "object", row->object);
        pd_put_text(value, "state", row->done ? "done" : "running");
        pd_put_text(value, "error", row->error);
        pd_put_count(value, "pid", row->pid > 0 ? row->pid : -1);
        pd_put_text(value, "started_at", row->started_at);
        pd_put_text(value, "deployment", row->deployment);
        pd_push(array, value);
    }
    return array;
}

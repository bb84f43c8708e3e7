/* The report as one object; docs/report.schema.json describes every key. */
#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "render/json.h"
#include "render/render.h"
#include "render/verdict.h"

void pd_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        abort();
}

void pd_put_text(json_t *object, const char *key, const char *text)
{
    pd_put(object, key, pd_json_text(text));
}

void pd_put_said(json_t *object, const char *key, const char *text)
{
    pd_put(object, key, pd_json_text(pd_blank(text) ? NULL : text));
}

void pd_put_count(json_t *object, const char *key, int64_t count)
{
    pd_put(object, key, count < 0 ? json_null() : json_integer((json_int_t)count));
}

void pd_put_position(json_t *object, const char *key, int position)
{
    pd_put_count(object, key, position > 0 ? position : -1);
}

void pd_push(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        abort();
}

static json_t *revision_value(const pd_revision *revision, pd_arena *arena)
{
    if (revision == NULL)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "spec", revision->spec);
    pd_put_text(value, "commit", revision->oid);
    pd_put_text(value, "ref", revision->ref);
    pd_put_text(value, "subject", revision->subject);
    pd_put_text(value, "author", revision->author);
    pd_put_text(value, "time", pd_timestamp(arena, revision->time));
    return value;
}

static json_t *set_value(const pd_set *set)
{
    if (set == NULL)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "folder", set->folder);
    pd_put_text(value, "layout",
                set->layout == PD_LAYOUT_DETECT ? NULL : pd_layout_name(set->layout));
    pd_put_count(value, "count", (int64_t)set->count);
    return value;
}

static json_t *uncommitted_value(const pd_report *report)
{
    if (report->uncommitted == NULL)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "path", report->uncommitted);
    pd_put_count(value, "count", (int64_t)report->uncommitted_count);
    return value;
}

static json_t *target_value(const pd_target *target)
{
    if (target == NULL)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "host", target->host);
    pd_put_text(value, "port", target->port);
    pd_put_text(value, "name", target->dbname);
    pd_put_text(value, "user", target->user);
    pd_put_count(value, "server_version", target->server_version > 0 ? target->server_version : -1);
    pd_put(value, "ephemeral", json_boolean(target->ephemeral));
    return value;
}

static json_t *recall_value(const pd_recall *recall)
{
    if (recall == NULL)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "deployment", recall->deployment);
    pd_put_text(value, "given_at", recall->given_at);
    return value;
}

static const char *gate_state(pd_gate_state state)
{
    switch (state) {
    case PD_GATE_SKIPPED:
        return "skipped";
    case PD_GATE_OPEN:
        return "open";
    case PD_GATE_WARNED:
        return "warned";
    case PD_GATE_CLOSED:
        return "closed";
    }
    return "closed";
}

static json_t *gates_value(const pd_report *report)
{
    json_t *array = json_array();
    for (size_t i = 0; i < report->gate_count; i++) {
        json_t *value = json_object();
        pd_put_text(value, "name", pd_gate_name(report->gates[i].gate));
        pd_put_text(value, "state", gate_state(report->gates[i].state));
        pd_put_said(value, "note", report->gates[i].note);
        pd_push(array, value);
    }
    return array;
}

static json_t *findings_value(const pd_findings *findings, pd_arena *arena)
{
    json_t *array = json_array();
    for (size_t i = 0; findings != NULL && i < findings->count; i++) {
        const pd_finding *finding = &findings->items[i];
        const char *id = pd_rule_id(finding->rule);
        json_t *value = json_object();
        pd_put_text(value, "rule", id);
        pd_put_text(value, "severity", pd_severity_name(finding->severity));
        pd_put_text(value, "gate", pd_gate_name(pd_rule_gate(finding->rule)));
        pd_put_text(value, "path", finding->place.path);
        pd_put_position(value, "line", finding->place.line);
        pd_put_position(value, "column", finding->place.column);
        pd_put_text(value, "message", finding->message);
        pd_put_said(value, "hint", finding->hint);
        pd_put_text(value, "excerpt", finding->excerpt);
        pd_put(value, "change", pd_json_change(finding->change, arena));
        pd_put_text(value, "docs", pd_arena_printf(arena, "docs/rules/%s.md", id));
        pd_push(array, value);
    }
    return array;
}

static json_t *failure_value(const pd_failure *failure)
{
    if (failure == NULL)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "migration", failure->migration);
    pd_put_text(value, "path", failure->place.path);
    pd_put_position(value, "line", failure->place.line);
    pd_put_position(value, "column", failure->place.column);
    pd_put_text(value, "excerpt", failure->excerpt);
    pd_put_said(value, "sqlstate", failure->sqlstate);
    pd_put_said(value, "message", failure->message);
    pd_put_said(value, "detail", failure->detail);
    pd_put_said(value, "hint", failure->hint);
    pd_put_said(value, "context", failure->context);
    pd_put_said(value, "object", failure->object);
    return value;
}

static const char *error_kind(pd_error_kind kind)
{
    switch (kind) {
    case PD_ERROR_NONE:
        return "none";
    case PD_ERROR_USAGE:
        return "usage";
    case PD_ERROR_UNREACHABLE:
        return "unreachable";
    case PD_ERROR_BACKUP:
        return "backup";
    case PD_ERROR_APPLY:
        return "apply";
    case PD_ERROR_PARTIAL:
        return "partial";
    case PD_ERROR_VERIFY:
        return "verify";
    case PD_ERROR_LOCKED:
        return "locked";
    case PD_ERROR_UNKNOWN:
        return "unknown";
    case PD_ERROR_INTERRUPTED:
        return "interrupted";
    }
    return "unknown";
}

/* PostgreSQL 15, appendix A: five digits or upper-case letters. */
static bool is_sqlstate(const char *code)
{
    return strlen(code) == 5 && strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5;
}

static json_t *error_value(const pd_error *error)
{
    if (error->kind == PD_ERROR_NONE)
        return json_null();
    json_t *value = json_object();
    pd_put_text(value, "kind", error_kind(error->kind));
    pd_put_text(value, "message", error->message);
    pd_put_said(value, "detail", error->detail);
    pd_put_said(value, "hint", error->hint);
    pd_put_said(value, "code", error->code);
    pd_put_text(value, "sqlstate", is_sqlstate(error->code) ? error->code : NULL);
    return value;
}

void pd_render_json(const pd_report *report, pd_strbuf *out)
{
    PD_AUTO_ARENA arena = pd_arena_new();
    PD_AUTO_JSON root = json_object();
    pd_put_text(root, "schema", "predeploy-report/1");
    json_t *tool = json_object();
    pd_put_text(tool, "name", "predeploy");
    pd_put_text(tool, "version", PD_VERSION);
    pd_put(root, "tool", tool);
    pd_put_text(root, "command", report->command);
    pd_put_text(root, "verdict", pd_verdict_word(report->status));
    pd_put_count(root, "status", report->status);
    pd_put_text(root, "summary", pd_verdict_line(report, arena));
    pd_put(root, "revision", revision_value(report->revision, arena));
    pd_put(root, "base", revision_value(report->base, arena));
    pd_put(root, "base_tip", revision_value(report->base_tip, arena));
    pd_put(root, "steering", pd_json_steering(report, arena));
    pd_put(root, "migrations", set_value(report->set));
    pd_put(root, "uncommitted", uncommitted_value(report));
    pd_put(root, "database", target_value(report->target));
    pd_put(root, "standing", pd_json_standing(&report->standing));
    pd_put(root, "relies_on", recall_value(report->relies_on));
    pd_put(root, "gates", gates_value(report));
    pd_put(root, "findings", findings_value(report->findings, arena));
    pd_put(root, "plan", pd_json_plan(report));
    pd_put(root, "deployment", pd_json_deployment(report->deployment));
    json_t *tables = json_object();
    pd_put_count(tables, "before", report->tables_before);
    pd_put_count(tables, "after", pd_tables_now(report));
    pd_put(root, "tables", tables);
    pd_put(root, "applied", pd_json_applied(report->ledger));
    pd_put(root, "unfinished", pd_json_unfinished(report->ledger));
    pd_put(root, "deployments", pd_json_deployments(report->ledger));
    pd_put(root, "failure", failure_value(report->failure));
    pd_put(root, "blockers", pd_json_blockers(report));
    pd_put(root, "error", error_value(&report->error));
    pd_put_count(root, "elapsed_ms", report->elapsed_ms);
    pd_put(root, "nothing_to_do", json_boolean(report->nothing_to_do));
    pd_json_write(out, root, true);
    pd_strbuf_addc(out, '\n');
}

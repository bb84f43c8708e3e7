#include "gate/limits.h"

#include "base/clock.h"

static bool raises(const pd_statement *statement, int64_t limit_ms)
{
    return (statement->traits & PD_TRAIT_LOCK_LIMIT) != 0 && limit_ms != 0 &&
           (statement->lock_ms == 0 || statement->lock_ms > limit_ms);
}

/* Whether others may have to wait for it. */
static bool keeps_waiting(const pd_statement *statement)
{
    if (pd_statement_waits_by_design(statement))
        return false;
    return (statement->traits & (PD_TRAIT_SESSION | PD_TRAIT_LOCAL | PD_TRAIT_PARTS)) == 0;
}

/* Whether a statement runs with what the one at `index` has set. */
static bool matters(const pd_script *script, size_t index)
{
    unsigned ends = PD_TRAIT_LOCK_LIMIT | PD_TRAIT_LIMITS_BACK;
    for (size_t i = index + 1; i < script->count; i++) {
        if ((script->statements[i].traits & ends) != 0)
            return false;
        if (keeps_waiting(&script->statements[i]))
            return true;
    }
    return false;
}

static void say(const pd_sql_file *file, const pd_statement *statement, int64_t limit_ms,
                size_t more, pd_findings *findings)
{
    pd_arena *arena = findings->arena;
    const char *to =
        statement->lock_ms == 0
            ? "off"
            : pd_arena_printf(arena, "to %s", pd_format_duration(arena, statement->lock_ms));
    const char *others =
        more == 0 ? "" : pd_arena_printf(arena, "; %zu more statements do such a thing", more);
    pd_finding *finding =
        pd_find(findings, PD_RULE_SQL_LOCK_TIMEOUT, file->path,
                "%s sets lock_timeout %s: while a statement behind it waits for a table, whoever "
                "uses that table waits, too%s",
                statement->verb, to, others);
    pd_finding_hint(findings, finding,
                    "Take it out: [deploy] lockTimeout, %s, bounds each wait, and predeploy tries "
                    "again.",
                    pd_format_duration(arena, limit_ms));
    pd_finding_at(findings, finding, file->data, file->len, statement->offset);
}

void pd_gate_lock_limits(const pd_sql_file *file, const pd_script *script, int64_t limit_ms,
                         pd_findings *findings)
{
    const pd_statement *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        if (!raises(statement, limit_ms) || !matters(script, i))
            continue;
        first = first == NULL ? statement : first;
        count++;
    }
    if (first != NULL)
        say(file, first, limit_ms, count - 1, findings);
}

#include "gate/pending.h"

#include "gate/syntax.h"
#include "sql/parse.h"

/* A companion that only says why it cannot run has no statements to judge. */
static bool has_statements(const pd_migration *migration)
{
    return migration->down.data != NULL && !migration->down_empty;
}

bool pd_gate_pending(pd_arena *arena, const pd_set *set, const pd_applied_state *states,
                     const pd_settings *settings, bool unqualified, const pd_script **scripts,
                     pd_findings *findings, pd_error *err)
{
    bool breakpoints = pd_set_is_drizzle(set);
    pd_sql_input *inputs = pd_arena_array(arena, set->count * 2 + 1, sizeof *inputs);
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const pd_migration *migration = &set->migrations[i];
        scripts[i] = NULL;
        if (states[i] != PD_PENDING || migration->up.data == NULL)
            continue;
        inputs[count++] = (pd_sql_input){migration->up.data, migration->up.len, breakpoints};
        if (has_statements(migration))
            inputs[count++] =
                (pd_sql_input){migration->down.data, migration->down.len, breakpoints};
    }
    pd_script *parsed = pd_arena_array(arena, count + 1, sizeof *parsed);
    if (!pd_sql_parse(arena, inputs, count, settings->verify_schema, unqualified, parsed, err))
        return false;
    count = 0;
    for (size_t i = 0; i < set->count; i++) {
        const pd_migration *migration = &set->migrations[i];
        if (states[i] != PD_PENDING || migration->up.data == NULL)
            continue;
        scripts[i] = &parsed[count++];
        pd_gate_syntax(migration, scripts[i], false, findings);
        if (has_statements(migration))
            pd_gate_syntax(migration, &parsed[count++], true, findings);
    }
    return true;
}

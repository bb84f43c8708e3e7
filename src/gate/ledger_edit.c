#include "gate/ledger_edit.h"

#include "base/str.h"
#include "gate/syntax.h"

void pd_gate_altered(const pd_ledger *ledger, pd_findings *findings)
{
    if (ledger->altered == NULL)
        return;
    pd_finding *finding = pd_find(findings, PD_RULE_LEDGER_ALTERED, NULL,
                                  "the ledger was altered by hand: %s", ledger->altered);
    pd_finding_hint(findings, finding,
                    "Find out who changed it and whether it still says what is in the database. To "
                    "go on with it as it is, lower this rule for one deployment, which records the "
                    "ledger anew: [rule \"ledger-altered\"] severity = warning in .predeploy.");
}

static void say_edit(const pd_sql_file *file, const pd_statement *statement, pd_findings *findings)
{
    pd_finding *finding =
        pd_find(findings, PD_RULE_LEDGER_EDIT, file->path, "%s%s%s changes the ledger",
                statement->verb, *statement->object == '\0' ? "" : " ", statement->object);
    pd_finding_hint(findings, finding,
                    "What is applied is for predeploy to say: take the statement out. Rows come "
                    "and go with predeploy deploy and predeploy rollback.");
    pd_finding_at(findings, finding, file->data, file->len, statement->offset);
}

void pd_gate_ledger_edits(const pd_sql_file *file, const pd_script *script, pd_findings *findings)
{
    size_t total = 0;
    for (size_t i = 0; i < script->count; i++) {
        const pd_statement *statement = &script->statements[i];
        if ((statement->traits & PD_TRAIT_LEDGER) == 0)
            continue;
        if (++total < PD_SYNTAX_FINDINGS_MAX)
            say_edit(file, statement, findings);
    }
    if (total >= PD_SYNTAX_FINDINGS_MAX)
        pd_find(findings, PD_RULE_LEDGER_EDIT, file->path, "%zu more statements change the ledger",
                total - PD_SYNTAX_FINDINGS_MAX + 1);
}

const pd_sql_ledger *pd_ledger_names(pd_arena *arena, const pd_set *set,
                                     const pd_settings *settings, bool unqualified)
{
    if (!pd_set_is_drizzle(set))
        return NULL;
    pd_sql_ledger *ledger = pd_arena_alloc(arena, sizeof *ledger);
    *ledger = (pd_sql_ledger){
        .schema = settings->ledger_schema,
        .table = settings->ledger_table,
        .unqualified = unqualified && pd_streq(settings->ledger_schema, settings->verify_schema),
    };
    return ledger;
}

#include "gate/gate.h"

static void check_tables(const pd_ledger *ledger, const pd_settings *settings,
                         pd_findings *findings)
{
    if (pd_settings_tables_met(settings, ledger->tables))
        return;
    pd_finding *finding =
        pd_find(findings, PD_RULE_VERIFY_TABLES, NULL, "schema %s has %lld tables, expected %s",
                settings->verify_schema, (long long)ledger->tables,
                pd_settings_tables_text(settings, findings->arena));
    pd_finding_hint(findings, finding,
                    "If the number is right, change [verify] %s in .predeploy; otherwise find "
                    "out who changed the schema: predeploy status",
                    settings->tables >= 0 ? "tables" : "minTables");
}

void pd_gate_verify(const pd_set *set, const pd_applied_state *states, const pd_ledger *ledger,
                    const pd_settings *settings, pd_findings *findings)
{
    if (set->count == 0)
        return;
    check_tables(ledger, settings, findings);
    if (!ledger->present && ledger->drizzle_shape == PD_DRIZZLE_ABSENT) {
        pd_finding *finding = pd_find(findings, PD_RULE_VERIFY_LEDGER, NULL,
                                      "the database has no ledger: nothing was deployed to it");
        pd_finding_hint(findings, finding,
                        "Look whether DATABASE_URL names the right database; if so: predeploy "
                        "deploy");
        return;
    }
    for (size_t m = 0; m < set->count; m++) {
        if (states[m] != PD_PENDING)
            continue;
        pd_finding *finding = pd_find(findings, PD_RULE_VERIFY_PENDING, set->migrations[m].up.path,
                                      "%s is not applied", set->migrations[m].name);
        pd_finding_hint(findings, finding, "Apply it: predeploy deploy");
    }
}

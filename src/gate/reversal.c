#include <string.h>

#include "base/str.h"
#include "gate/claims.h"
#include "gate/foreign.h"
#include "gate/ledger_edit.h"
#include "gate/limits.h"
#include "gate/pending.h"
#include "gate/syntax.h"
#include "sql/companion.h"
#include "sql/marker.h"
#include "sql/parse.h"

static void judge_row(const pd_reversal *reversal, pd_findings *findings)
{
    const pd_ledger_row *row = reversal->row;
    pd_finding *finding = NULL;
    if (row->down_sql == NULL) {
        finding = pd_find(findings, PD_RULE_ROLLBACK_UNAVAILABLE, reversal->path,
                          "%s was applied without a rollback companion", row->name);
        pd_finding_hint(findings, finding,
                        "Undo it with a new migration. A companion that is added now does not "
                        "change what the ledger keeps.");
        return;
    }
    char hash[PD_SHA256_HEX];
    pd_sha256_hex(row->down_sql, strlen(row->down_sql), hash);
    if (row->down_hash == NULL || strcmp(hash, row->down_hash) != 0) {
        finding = pd_find(findings, PD_RULE_ROLLBACK_UNAVAILABLE, reversal->path,
                          "the companion of %s in the ledger is not what was recorded with it",
                          row->name);
        pd_finding_hint(findings, finding,
                        "Somebody changed predeploy.migrations: find out who, then put the "
                        "committed text back into its down_sql.");
        return;
    }
    pd_companion companion = {0};
    pd_companion_read(findings->arena, row->down_sql, strlen(row->down_sql), &companion);
    if (!companion.empty)
        return;
    finding =
        pd_find(findings, PD_RULE_ROLLBACK_UNAVAILABLE, reversal->path,
                "%s cannot be taken out: %s", row->name,
                pd_blank(companion.reason) ? "its companion has no statement" : companion.reason);
    pd_finding_hint(findings, finding,
                    "Restore the backup that was made before it (`predeploy status` shows its "
                    "reference), or undo it with a new migration.");
}

bool pd_gate_reversal(const pd_set *set, const pd_reversal *reversals, size_t count,
                      const pd_settings *settings, pd_findings *findings, pd_error *err)
{
    pd_arena *arena = findings->arena;
    size_t before = findings->count;
    for (size_t i = 0; i < count; i++)
        judge_row(&reversals[i], findings);
    if (findings->count > before)
        return true;
    pd_sql_input *inputs = pd_arena_array(arena, count + 1, sizeof *inputs);
    pd_script *parsed = pd_arena_array(arena, count + 1, sizeof *parsed);
    const pd_sql_ledger *ledger = pd_ledger_names(arena, set, settings, true);
    for (size_t i = 0; i < count; i++) {
        const char *text = reversals[i].row->down_sql;
        bool breakpoints = pd_set_is_drizzle(set) || reversals[i].row->drizzle_id != 0;
        inputs[i] = (pd_sql_input){text, strlen(text), breakpoints, ledger};
    }
    pd_sql_batch batch = {
        .inputs = inputs,
        .count = count,
        .table_schema = settings->verify_schema,
        .unqualified = true,
    };
    if (!pd_sql_parse(arena, &batch, parsed, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        pd_migration as_applied = {
            .name = reversals[i].row->name,
            .down = {.path = reversals[i].path, .data = inputs[i].text, .len = inputs[i].len},
        };
        before = findings->count;
        pd_gate_syntax(&as_applied, &parsed[i], true, findings);
        if (!pd_gate_runs(settings, findings, before, as_applied.name, err))
            return false;
        pd_script_unwrap(&parsed[i]);
        *reversals[i].script = parsed[i];
        pd_gate_lock_limits(&as_applied.down, &parsed[i], settings->lock_timeout_ms, findings);
    }
    return true;
}

bool pd_reversal_asks_none(const pd_ledger_row *row)
{
    return row->down_sql != NULL &&
           pd_sql_asks_no_transaction(row->down_sql, strlen(row->down_sql));
}

/* What another tool has applied stands in front of what the ledger knows as the newest. */
static void find_foreign(const pd_set *set, const pd_ledger *ledger, bool is_other,
                         pd_findings *findings)
{
    pd_applied_state *states = pd_arena_array(findings->arena, set->count + 1, sizeof *states);
    pd_gate_foreign(set, ledger, is_other, states, findings);
}

void pd_gate_unadopted(const pd_set *set, const pd_ledger *ledger, bool foreign_is_other,
                       pd_findings *findings)
{
    if (!pd_set_is_drizzle(set))
        find_foreign(set, ledger, foreign_is_other, findings);
    if (!pd_set_is_drizzle(set) || ledger->drizzle_shape == PD_DRIZZLE_ABSENT)
        return;
    pd_claims claims = {0};
    pd_claim_rows(findings->arena, set, ledger, &claims);
    for (size_t m = 0; m < set->count; m++) {
        const pd_migration *migration = &set->migrations[m];
        bool known = claims.row_of[m] < 0;
        for (size_t i = 0; i < ledger->count && !known; i++)
            known = pd_ledger_row_is(&ledger->rows[i], migration->name);
        if (known)
            continue;
        pd_finding *finding = pd_find(
            findings, PD_RULE_ROLLBACK_UNAVAILABLE, migration->up.path,
            "%s was applied by Drizzle and is not in predeploy's ledger yet", migration->name);
        pd_finding_hint(findings, finding, "Adopt it first, with its companion: predeploy deploy");
    }
}

#include <string.h>

#include "base/str.h"
#include "gate/gate.h"
#include "sql/companion.h"
#include "sql/marker.h"

void pd_read_companions(pd_arena *arena, pd_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        pd_migration *migration = &set->migrations[i];
        if (migration->needs_tool == NULL && migration->up.data != NULL)
            migration->no_transaction |=
                pd_sql_asks_no_transaction(pd_sql_text(&migration->up), migration->up.len);
        if (migration->down.data == NULL)
            continue;
        pd_companion companion = {0};
        pd_companion_read(arena, pd_sql_text(&migration->down), migration->down.len, &companion);
        migration->down_empty = companion.empty;
        migration->irreversible = companion.irreversible;
        migration->irreversible_reason = companion.reason;
        migration->unknown_marker = companion.unknown;
    }
}

/* fresh: nothing says that the project is under the gate. */
static void check_missing(const pd_migration *migration, bool fresh, pd_findings *findings)
{
    pd_finding *finding = pd_find(findings, PD_RULE_ROLLBACK_MISSING, migration->up.path,
                                  "%s has no rollback companion", migration->name);
    if (migration->down.path == NULL) {
        pd_finding_hint(
            findings, finding,
            "No pattern says where companions are: set layout.rollback in " PD_SETTINGS_FILE
            ", or migrations.rollback to off.");
        return;
    }
    if (fresh) {
        pd_finding_hint(findings, finding,
                        "In a repository that is new to the gate, begin with `predeploy init`: it "
                        "asks for companions from the next migration on ([migrations] "
                        "rollbackSince).");
        return;
    }
    pd_finding_hint(findings, finding,
                    "%s %s with the statements that undo it; if nothing can, write "
                    "`-- predeploy: irreversible: REASON` into it.",
                    migration->one_file ? "Add the section of the way down to" : "Write",
                    migration->down.path);
}

static void check_companion(const pd_migration *migration, bool fresh, pd_findings *findings)
{
    if (pd_program_kind(migration->up.path) != NULL)
        return; /* its way back is in it, too: migration-not-sql has said so */
    if (migration->down.data == NULL) {
        if (migration->down.hash[0] == '\0')
            check_missing(migration, fresh, findings);
        return;
    }
    const char *path = migration->down.path;
    if (!migration->down_empty)
        return;
    pd_finding *finding = NULL;
    if (!migration->irreversible && migration->unknown_marker != NULL) {
        finding = pd_find(findings, PD_RULE_ROLLBACK_EMPTY, path,
                          "the companion of %s has no statement, and '%s' is no marker",
                          migration->name, migration->unknown_marker);
        pd_finding_hint(findings, finding,
                        "If nothing can undo the migration: `-- predeploy: irreversible: REASON`. "
                        "Else write the statements that undo it.");
    } else if (!migration->irreversible) {
        finding = pd_find(findings, PD_RULE_ROLLBACK_EMPTY, path,
                          "the companion of %s has no statement", migration->name);
        pd_finding_hint(findings, finding,
                        "Write the statements that undo the migration; if nothing can, say so: "
                        "`-- predeploy: irreversible: REASON`");
    } else if (pd_blank(migration->irreversible_reason)) {
        finding = pd_find(findings, PD_RULE_ROLLBACK_NO_REASON, path,
                          "%s is declared irreversible without a reason", migration->name);
        pd_finding_hint(findings, finding,
                        "Say why, for whoever needs it on a bad day: "
                        "`-- predeploy: irreversible: REASON`");
    } else {
        finding =
            pd_find(findings, PD_RULE_ROLLBACK_IRREVERSIBLE, path, "%s cannot be taken out: %s",
                    migration->name, migration->irreversible_reason);
        pd_finding_hint(findings, finding, "Deploy it with a backup: predeploy deploy --backup");
    }
}

bool pd_gate_rollback(const pd_set *set, const pd_settings *settings, pd_findings *findings,
                      pd_error *err)
{
    ptrdiff_t since = -1;
    if (settings->rollback_since != NULL) {
        since = pd_set_find(set, settings->rollback_since);
        if (since < 0 && set->count > 0) {
            pd_fail(err, PD_ERROR_USAGE, "rollbackSince names no migration of the set: %s",
                    settings->rollback_since);
            return pd_error_hint(err, "In [migrations], rollbackSince is the name of the newest "
                                      "migration that needs no companion, without .sql.");
        }
    }
    if (settings->rollback == PD_ROLLBACK_OFF)
        return true;
    size_t before = findings->count;
    bool fresh = !set->has_sums && settings->rollback_since == NULL;
    for (ptrdiff_t i = since + 1; i < (ptrdiff_t)set->count; i++)
        check_companion(&set->migrations[i], fresh, findings);
    for (size_t i = 0; i < set->orphan_count; i++) {
        const pd_sql_file *file = &set->orphans[i];
        pd_finding *finding = pd_find(findings, PD_RULE_ROLLBACK_ORPHAN, file->path,
                                      "%s belongs to no migration", file->entry);
        pd_finding_hint(findings, finding,
                        "Name it after the migration that it undoes, or remove it.");
    }
    if (settings->rollback == PD_ROLLBACK_WARN)
        for (size_t i = before; i < findings->count; i++)
            findings->items[i].severity = PD_SEVERITY_WARNING;
    return true;
}

#include <string.h>

#include "base/printable.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "gate/claims.h"
#include "gate/evidence.h"
#include "gate/foreign.h"
#include "gate/gate.h"
#include "gate/ledger_edit.h"
#include "gate/names.h"

typedef struct judge {
    pd_arena *arena;
    const pd_set *set;
    const pd_ledger *ledger;
    const pd_ledger_terms *terms;
    pd_applied_state *states;
    pd_findings *findings;
    ptrdiff_t *own_row; /* by migration: its row in predeploy's ledger, or -1 */
    bool *row_used;     /* by row of predeploy's ledger */
    pd_claims claims;
    bool drizzle_decides;
} judge;

static void match_own_rows(judge *self)
{
    const pd_ledger *ledger = self->ledger;
    pd_names names = {0};
    for (size_t i = 0; i < ledger->count; i++)
        pd_names_add_row(self->arena, &names, &ledger->rows[i], i);
    pd_names_sort(&names);
    for (size_t m = 0; m < self->set->count; m++) {
        self->own_row[m] = pd_names_find(&names, self->set->migrations[m].name);
        if (self->own_row[m] >= 0)
            self->row_used[self->own_row[m]] = true;
    }
}

static void report_edited(judge *self, const pd_migration *migration, const char *hash,
                          const pd_ledger_row *row)
{
    const char *whose = row != NULL ? "predeploy's" : "Drizzle's";
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_APPLIED_EDITED, migration->up.path,
                "%s was applied with other content: %s ledger has %.12s…, the revision %.12s…",
                migration->name, whose, hash, migration->up.hash);
    pd_finding_hint(self->findings, finding,
                    "Put the applied version back and write a new migration for the change. "
                    "git log -p -- %s shows what changed.",
                    pd_shell_word(self->arena, migration->up.path));
    pd_give_evidence(self->findings, finding,
                     (pd_evidence){.is = &migration->up,
                                   .was_hash = hash,
                                   .was_tokens = row == NULL ? NULL : row->tokens});
}

/* The row is to say what was applied; where that is not what the revision has, the revision comes
 * first. */
static void report_disagreement(judge *self, const pd_migration *migration,
                                const pd_ledger_row *row)
{
    bool same = pd_streq(row->hash, migration->up.hash);
    int64_t when = row->has_drizzle_created_at ? row->drizzle_created_at : migration->when;
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_LEDGER_DISAGREES, migration->up.path,
                "%s is applied by predeploy's ledger, but Drizzle's table has no row for it",
                migration->name);
    pd_finding_hint(self->findings, finding,
                    "Somebody changed Drizzle's table, or [ledger] schema and table name another "
                    "one. %s",
                    same ? pd_arena_printf(self->arena,
                                           "Bring its row back: hash %s, created_at %lld.",
                                           row->hash, (long long)when)
                         : "Put the applied version back first; then this says which row is to be "
                           "brought back.");
}

/* In a file of both directions the blanks around the way down are as long as the way up. */
static bool is_same_section(const pd_migration *migration, const pd_ledger_row *row)
{
    static const char blanks[] = " \t\r\n";
    if (!migration->one_file || migration->down.sql == NULL || row->down_sql == NULL)
        return false;
    const char *now = migration->down.sql + strspn(migration->down.sql, blanks);
    const char *then = row->down_sql + strspn(row->down_sql, blanks);
    size_t now_len = strlen(now);
    size_t then_len = strlen(then);
    while (now_len > 0 && strchr(blanks, now[now_len - 1]) != NULL)
        now_len--;
    while (then_len > 0 && strchr(blanks, then[then_len - 1]) != NULL)
        then_len--;
    return now_len == then_len && memcmp(now, then, now_len) == 0;
}

static void judge_companion(judge *self, const pd_migration *migration, const pd_ledger_row *row)
{
    if (row->down_hash == NULL || strcmp(row->down_hash, migration->down.hash) == 0 ||
        is_same_section(migration, row))
        return;
    const char *path = migration->down.path != NULL ? migration->down.path : migration->up.path;
    pd_finding *finding = pd_find(
        self->findings, PD_RULE_APPLIED_COMPANION, path,
        migration->down.data == NULL
            ? "the companion that %s was applied with is gone; a rollback runs it all the same"
            : "the companion of %s is not the one it was applied with, which a rollback runs",
        migration->name);
    pd_finding_hint(self->findings, finding,
                    "Put the applied version back: git log -p -- %s shows what changed.",
                    pd_shell_word(self->arena, path));
    pd_give_evidence(self->findings, finding,
                     (pd_evidence){.is = migration->down.data == NULL ? NULL : &migration->down,
                                   .was_hash = row->down_hash});
}

static void judge_migration(judge *self, size_t m)
{
    const pd_migration *migration = &self->set->migrations[m];
    ptrdiff_t own = self->own_row[m];
    ptrdiff_t foreign = self->drizzle_decides ? self->claims.row_of[m] : -1;
    if (own < 0 && foreign < 0) {
        self->states[m] = PD_PENDING;
        return;
    }
    self->states[m] = own >= 0 ? PD_APPLIED : PD_APPLIED_FOREIGN;
    const char *own_hash = own >= 0 ? self->ledger->rows[own].hash : NULL;
    if (own_hash != NULL && strcmp(own_hash, migration->up.hash) != 0)
        report_edited(self, migration, own_hash, &self->ledger->rows[own]);
    else if (foreign >= 0 && !pd_same_content(&migration->up, self->ledger->drizzle[foreign].hash))
        report_edited(self, migration, self->ledger->drizzle[foreign].hash, NULL);
    if (own >= 0)
        judge_companion(self, migration, &self->ledger->rows[own]);
    if (own >= 0 && foreign < 0 && pd_set_is_drizzle(self->set))
        report_disagreement(self, migration, &self->ledger->rows[own]);
}

static void report_missing(judge *self, const char *what, const char *since)
{
    pd_finding *finding = pd_find(self->findings, PD_RULE_APPLIED_MISSING, NULL,
                                  "the database has %s, which is not in the revision", what);
    pd_finding_hint(self->findings, finding,
                    "Deploy a revision that has it%s. It is not the newest: a rollback would take "
                    "out first what was applied behind it, see predeploy status",
                    since);
}

#define AHEAD_NAMES_MAX 10

/* How many of the newest rows the revision lacks; 0 when it lacks older ones, too, or has nothing
 * in common with the database. */
static size_t count_ahead(const judge *self)
{
    size_t ahead = 0;
    while (ahead < self->ledger->count && !self->row_used[self->ledger->count - 1 - ahead])
        ahead++;
    for (size_t i = 0; i + ahead < self->ledger->count; i++)
        if (!self->row_used[i])
            return 0;
    bool stranger = ahead == self->ledger->count && self->set->count > 0;
    return stranger ? 0 : ahead;
}

/* Whether the revision comes behind a commit that has them all: somebody has deleted them. */
static bool are_deleted(const judge *self, size_t ahead)
{
    const pd_ledger *ledger = self->ledger;
    if (self->terms->behind == NULL)
        return false;
    pd_names had = pd_names_of_set(self->arena, self->terms->behind->set);
    for (size_t i = 0; i < ahead; i++)
        if (pd_names_find(&had, ledger->rows[ledger->count - 1 - i].name) < 0)
            return false;
    return true;
}

static const char *restore_words(pd_arena *arena, const pd_migration *migration)
{
    const char *up = pd_shell_word(arena, migration->up.path);
    bool paired = migration->down.path != NULL && !migration->one_file &&
                  (migration->down.data != NULL || migration->down.oid[0] != '\0');
    return paired ? pd_arena_printf(arena, "%s %s", up, pd_shell_word(arena, migration->down.path))
                  : up;
}

static void report_deleted(judge *self, size_t ahead, const char *names)
{
    const pd_witness *behind = self->terms->behind;
    const char *newest = self->ledger->rows[self->ledger->count - 1].name;
    const pd_migration *was = &behind->set->migrations[pd_set_find(behind->set, newest)];
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_DATABASE_AHEAD, was->up.path,
                "%zu applied migration%s deleted since %.12s was deployed: %s", ahead,
                ahead == 1 ? " was" : "s were", behind->revision->oid, names);
    pd_finding_hint(
        self->findings, finding,
        "Bring back what is applied%s: `git checkout %.12s -- %s`. To undo what it did, "
        "write a new migration",
        self->set->layout == PD_LAYOUT_DRIZZLE ? ", its journal entry, too" : "",
        behind->revision->oid, restore_words(self->arena, was));
    if (self->terms->allow_ahead)
        finding->severity = PD_SEVERITY_WARNING;
    pd_give_evidence(self->findings, finding,
                     (pd_evidence){.was = &was->up, .was_at = behind->revision});
}

/* An older release is about to be deployed: what would have to come out, the newest first. */
static void report_ahead(judge *self, size_t ahead)
{
    const pd_ledger *ledger = self->ledger;
    PD_AUTO_STRBUF names = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < ahead && i < AHEAD_NAMES_MAX; i++)
        pd_strbuf_addf(&names, "%s%s", i == 0 ? "" : ", ",
                       ledger->rows[ledger->count - 1 - i].name);
    if (ahead > AHEAD_NAMES_MAX)
        pd_strbuf_addf(&names, " and %zu more", ahead - AHEAD_NAMES_MAX);
    if (are_deleted(self, ahead)) {
        report_deleted(self, ahead, names.data);
        return;
    }
    pd_finding *finding = pd_find(self->findings, PD_RULE_DATABASE_AHEAD, NULL,
                                  "the database has %zu newer migration%s than the revision: %s",
                                  ahead, ahead == 1 ? "" : "s", names.data);
    pd_finding_hint(self->findings, finding,
                    "Deploy a revision that has them; or take them out: predeploy rollback %zu; or "
                    "say that this release can work with them: --allow-ahead",
                    ahead);
    if (self->terms->allow_ahead)
        finding->severity = PD_SEVERITY_WARNING;
}

static void judge_rows(judge *self)
{
    size_t ahead = count_ahead(self);
    if (ahead > 0)
        report_ahead(self, ahead);
    for (size_t i = 0; i + ahead < self->ledger->count; i++) {
        if (!self->row_used[i])
            report_missing(self, self->ledger->rows[i].name, "");
    }
    if (!self->drizzle_decides)
        return;
    /* What predeploy's own rows have told already. */
    pd_names missing = {0};
    for (size_t i = 0; i < self->ledger->count; i++)
        if (!self->row_used[i])
            pd_names_add(self->arena, &missing, self->ledger->rows[i].hash, i);
    pd_names_sort(&missing);
    for (size_t r = 0; r < self->ledger->drizzle_count; r++) {
        const pd_drizzle_row *row = &self->ledger->drizzle[r];
        if (self->claims.migration_of[r] >= 0)
            continue;
        if (pd_names_find(&missing, row->hash) >= 0)
            continue;
        report_missing(self,
                       row->name != NULL
                           ? row->name
                           : pd_arena_printf(self->arena,
                                             "a migration of Drizzle's ledger (id %lld, "
                                             "created_at %lld, hash %.12s…)",
                                             (long long)row->id, (long long)row->created_at,
                                             row->hash),
                       " (git log --all finds where it was)");
    }
}

static int64_t newest_created_at(const pd_ledger *ledger)
{
    int64_t newest = INT64_MIN;
    for (size_t r = 0; r < ledger->drizzle_count; r++)
        if (ledger->drizzle[r].has_created_at && ledger->drizzle[r].created_at > newest)
            newest = ledger->drizzle[r].created_at;
    return newest;
}

/* Everything pending must come behind everything applied. */
static void judge_order(judge *self)
{
    ptrdiff_t last = (ptrdiff_t)self->set->count - 1;
    while (last >= 0 && self->states[last] == PD_PENDING)
        last--;
    int64_t newest = self->drizzle_decides ? newest_created_at(self->ledger) : INT64_MIN;
    for (ptrdiff_t m = 0; m < last; m++) {
        const pd_migration *migration = &self->set->migrations[m];
        if (self->states[m] != PD_PENDING)
            continue;
        bool skipped = self->set->layout == PD_LAYOUT_DRIZZLE && migration->has_when &&
                       migration->when <= newest;
        pd_finding *finding = pd_find(
            self->findings, PD_RULE_OUT_OF_ORDER, migration->up.path,
            "%s is not applied, but %s behind it is%s", migration->name,
            self->set->migrations[last].name,
            skipped ? "; Drizzle skips it silently, because its time is not the newest" : "");
        if (self->terms->arrival == PD_ARRIVAL_LATE && !pd_set_is_drizzle(self->set))
            finding->severity = PD_SEVERITY_WARNING;
        pd_finding_hint(self->findings, finding, "%s",
                        !pd_set_is_drizzle(self->set)
                            ? "Give it a version that sorts behind what is applied. Where late "
                              "ones are meant to run: [check] order = late."
                            : "Make it the last one: drop it and generate it again with "
                              "drizzle-kit, so that its time is the newest.");
    }
}

static void judge_duplicates(judge *self)
{
    for (size_t m = 0; m < self->set->count; m++) {
        const pd_migration *migration = &self->set->migrations[m];
        if (self->claims.duplicates[m] == 0)
            continue;
        pd_finding *finding =
            pd_find(self->findings, PD_RULE_LEDGER_DUPLICATE, migration->up.path,
                    "Drizzle's ledger has %s %zu times: two migrators ran at once, and its "
                    "statements may have run twice",
                    migration->name, self->claims.duplicates[m] + 1);
        pd_finding_hint(self->findings, finding,
                        "Look for rows that came twice, then delete the newer ledger row.");
    }
}

static void warn_rerun(judge *self, const pd_migration *migration, const char *why)
{
    pd_finding *finding =
        pd_find(self->findings, PD_RULE_DRIZZLE_RERUN, migration->up.path,
                "drizzle-kit migrate would run %s again: %s", migration->name, why);
    pd_finding_hint(self->findings, finding,
                    "Deploy with predeploy only, until the row of Drizzle's table is mended.");
}

/* What Drizzle's own migrators would do with this ledger, by their rules (docs/ledger.md). */
static void judge_drizzle(judge *self)
{
    const pd_ledger *ledger = self->ledger;
    bool folders = self->set->layout == PD_LAYOUT_DRIZZLE_FOLDERS;
    int64_t newest = newest_created_at(ledger);
    bool has_null = false;
    for (size_t r = 0; r < ledger->drizzle_count; r++)
        has_null = has_null || !ledger->drizzle[r].has_created_at;
    for (size_t m = 0; m < self->set->count; m++) {
        const pd_migration *migration = &self->set->migrations[m];
        ptrdiff_t row = self->claims.row_of[m];
        if (row < 0)
            continue;
        if (folders && ledger->drizzle_shape == PD_DRIZZLE_V1 && ledger->drizzle[row].name == NULL)
            warn_rerun(self, migration, "its ledger row has no name");
        if (!folders && has_null)
            warn_rerun(self, migration, "a ledger row has no created_at");
        else if (!folders && migration->has_when && migration->when > newest)
            warn_rerun(self, migration, "its time is newer than every ledger row's");
    }
    if (!folders || ledger->drizzle_shape != PD_DRIZZLE_V0)
        return;
    for (size_t r = 0; r < ledger->drizzle_count; r++) {
        if (self->claims.migration_of[r] >= 0)
            continue;
        pd_find(self->findings, PD_RULE_DRIZZLE_REFUSES, NULL,
                "drizzle-kit migrate would refuse this database: row %lld of its ledger matches "
                "no folder",
                (long long)ledger->drizzle[r].id);
    }
}

void pd_gate_ledger(const pd_set *set, const pd_ledger *ledger, const pd_ledger_terms *terms,
                    pd_applied_state *states, const pd_drizzle_row **rows, pd_findings *findings)
{
    pd_arena *arena = findings->arena;
    judge self = {
        .arena = arena,
        .set = set,
        .ledger = ledger,
        .terms = terms,
        .states = states,
        .findings = findings,
        .own_row = pd_arena_array(arena, set->count + 1, sizeof(ptrdiff_t)),
        .row_used = pd_arena_array(arena, ledger->count + 1, sizeof(bool)),
        .drizzle_decides = pd_set_is_drizzle(set) && ledger->drizzle_shape != PD_DRIZZLE_ABSENT,
    };
    match_own_rows(&self);
    if (self.drizzle_decides)
        pd_claim_rows(arena, set, ledger, &self.claims);
    for (size_t m = 0; m < set->count; m++) {
        ptrdiff_t row = self.drizzle_decides ? self.claims.row_of[m] : -1;
        rows[m] = row < 0 ? NULL : &ledger->drizzle[row];
        judge_migration(&self, m);
    }
    pd_gate_altered(ledger, findings);
    pd_gate_foreign(set, ledger, terms->foreign_is_other, states, findings);
    judge_rows(&self);
    judge_order(&self);
    if (self.drizzle_decides) {
        judge_duplicates(&self);
        judge_drizzle(&self);
    }
}

#include "gate/foreign_rows.h"

/* One reading of all tables, and what it does to a deployment. */
typedef struct judge {
    const pd_set *set;
    const pd_ledger *ledger;
    pd_findings *findings;
    pd_foreign_claims *claims; /* of each table */
    bool *known;               /* by migration: pd_foreign_mark_known */
    bool *elsewhere;           /* by migration: a table has it and predeploy's ledger does not */
} judge;

static void report_foreign(const judge *self, const pd_foreign_claims *claims,
                           const size_t *lacking, size_t count)
{
    const pd_foreign_ledger *ledger = claims->ledger;
    const char *first = self->set->migrations[lacking[0]].name;
    const char *last = self->set->migrations[lacking[count - 1]].name;
    pd_finding *finding = pd_find(
        self->findings, PD_RULE_LEDGER_FOREIGN, NULL,
        "%s has applied %zu migration%s of this revision that predeploy's ledger does not have "
        "(table %s.%s: %s%s%s)",
        pd_layout_name(ledger->tool), count, count == 1 ? "" : "s", ledger->schema, ledger->table,
        first, count == 1 ? "" : " to ", count == 1 ? "" : last);
    /* What is said of another application's table would run a broken one's migrations again. */
    bool broken = pd_foreign_is_broken(self->ledger, claims, self->findings->arena);
    pd_finding_hint(self->findings, finding, "%s",
                    broken ? "First mend what else is said here of that table. Then take them "
                             "over, which runs nothing: predeploy adopt"
                           : "Take them over, which runs nothing: predeploy adopt. When the table "
                             "is another application's: git config -f .predeploy "
                             "rule.ledger-foreign.severity warning");
}

static void judge_lacking(const judge *self, const pd_foreign_claims *claims,
                          const pd_applied_state *states)
{
    const pd_set *set = self->set;
    size_t *lacking = pd_arena_array(self->findings->arena, set->count + 1, sizeof *lacking);
    size_t count = 0;
    for (size_t m = 0; m < set->count && claims->fits; m++)
        if (claims->row_of[m] >= 0 && !self->known[m] && states[m] == PD_PENDING)
            lacking[count++] = m;
    for (size_t n = 0; n < count; n++)
        self->elsewhere[lacking[n]] = true;
    if (count > 0)
        report_foreign(self, claims, lacking, count);
}

static bool was_adopted(const pd_ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++)
        if (ledger->rows[i].adopted)
            return true;
    return false;
}

/* Where predeploy has made everything itself, the table of a tool that is not the layout's is
 * another application's: versions that fit do so by chance. */
static bool is_ours(const judge *self, const pd_foreign_claims *claims)
{
    bool near = claims->ledger->tool == self->set->layout || self->ledger->count == 0 ||
                was_adopted(self->ledger);
    return near && pd_foreign_speaks(self->set, claims);
}

static void judge_tables(const judge *self, bool is_other, const pd_applied_state *states)
{
    for (size_t i = 0; i < self->ledger->foreign_count; i++) {
        pd_foreign_claims *claims = &self->claims[i];
        pd_foreign_claim(self->findings->arena, self->set, &self->ledger->foreign[i], claims);
        if (!is_other && is_ours(self, claims))
            pd_foreign_judge_rows(self->set, self->ledger, claims, self->findings);
        judge_lacking(self, claims, states);
    }
    if (!is_other)
        pd_foreign_judge_behind(self->set, self->ledger, self->claims, self->findings);
}

void pd_gate_foreign(const pd_set *set, const pd_ledger *ledger, bool is_other,
                     pd_applied_state *states, pd_findings *findings)
{
    pd_arena *arena = findings->arena;
    if (ledger->foreign_count == 0)
        return;
    judge self = {
        .set = set,
        .ledger = ledger,
        .findings = findings,
        .claims = pd_arena_array(arena, ledger->foreign_count + 1, sizeof *self.claims),
        .known = pd_arena_array(arena, set->count + 1, sizeof *self.known),
        .elsewhere = pd_arena_array(arena, set->count + 1, sizeof *self.elsewhere),
    };
    pd_foreign_mark_known(arena, set, ledger, self.known);
    judge_tables(&self, is_other, states);
    for (size_t m = 0; m < set->count; m++)
        if (self.elsewhere[m] && !is_other)
            states[m] = PD_APPLIED_ELSEWHERE;
}

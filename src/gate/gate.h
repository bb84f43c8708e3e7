/* The gates: one question each, answered by findings. Pure: set, base and ledger in, findings out.
 * The syntax gate has a header of its own (gate/syntax.h).
 */
#ifndef PD_GATE_GATE_H
#define PD_GATE_GATE_H

#include "domain/finding.h"
#include "domain/ledger.h"
#include "domain/migration.h"
#include "domain/settings.h"
#include "domain/witness.h"

/* Reads what each companion says about itself (empty, irreversible) into the set. Comes first. */
void pd_read_companions(pd_arena *arena, pd_set *set);

/* Integrity: every file of the set is listed in SHA256SUMS with the hash of its bytes, and every
 * listed file is in the snapshot. What could not be read, and the form of SHA256SUMS itself, were
 * judged when the set was read (layout/). */
void pd_gate_integrity(const pd_set *set, const pd_snapshot *snapshot, pd_findings *findings);

/* Rollback: every migration behind settings->rollback_since has a companion that does something,
 * or says why there can be none. A rollback_since that names no migration of the set is an error
 * (PD_ERROR_USAGE). */
bool pd_gate_rollback(const pd_set *set, const pd_settings *settings, pd_findings *findings,
                      pd_error *err) PD_CHECKED;

/* Companions that `findings` ask for from the index `from` on, and that are published so as they
 * are: these may not be edited any more, so the hint says what mends it all the same. */
void pd_gate_offer_since(const pd_set *set, const pd_witnesses *witnesses, pd_findings *findings,
                         size_t from);

/* History: what the witnesses have published or deployed stands unchanged and in the same order in
 * `set`, and what is new comes behind all of it, also behind what the base's tip has and the set
 * lacks yet. `arrival` says what a late one is; Drizzle's journal is always strict. */
void pd_gate_history(const pd_set *set, const pd_witnesses *witnesses, pd_arrival arrival,
                     pd_findings *findings);

/* Sets published[i] (the caller's, false at first) where a witness of the base, not the deployed
 * commit, has the migration. */
void pd_mark_published(pd_arena *arena, const pd_set *set, const pd_witnesses *witnesses,
                       bool *published);

/* Where a migration of the set stands in the database. */
typedef enum pd_applied_state {
    PD_PENDING,
    PD_APPLIED,           /* and predeploy's ledger has it */
    PD_APPLIED_FOREIGN,   /* Drizzle's ledger has it, predeploy's does not: to be adopted */
    PD_APPLIED_ELSEWHERE, /* another tool has applied it: left alone until `predeploy adopt` */
} pd_applied_state;

typedef struct pd_ledger_terms {
    bool allow_ahead;      /* database-ahead is a warning */
    pd_arrival arrival;    /* what out-of-order is; Drizzle's journal is always strict */
    bool foreign_is_other; /* tables of other tools are said to be another application's */
    /* The deployed commit, when the revision comes behind it: what it has and the revision lacks
     * was deleted since. NULL: it does not, or that is not known. */
    const pd_witness *behind;
} pd_ledger_terms;

/* Ledger: what is applied is a prefix of the set, with equal content. Fills states[i] for each
 * migration of the set, and rows[i] with its row of Drizzle's table, NULL when it has none
 * (caller's arrays of set->count). On the Drizzle layouts, where a Drizzle ledger is there, that
 * ledger decides (docs/ledger.md, "Who has applied what"). */
void pd_gate_ledger(const pd_set *set, const pd_ledger *ledger, const pd_ledger_terms *terms,
                    pd_applied_state *states, const pd_drizzle_row **rows, pd_findings *findings);

/* Verify: no migration is pending, and the number of tables is the expected one. */
void pd_gate_verify(const pd_set *set, const pd_applied_state *states, const pd_ledger *ledger,
                    const pd_settings *settings, pd_findings *findings);

#endif

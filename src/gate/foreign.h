/* What the tables of other migration tools say about a set (docs/adopting.md). */
#ifndef PD_GATE_FOREIGN_H
#define PD_GATE_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/finding.h"
#include "domain/ledger.h"
#include "domain/migration.h"
#include "gate/gate.h"

/* Which row of one table is about which migration, by the versions as its tool compares them. */
typedef struct pd_foreign_claims {
    const pd_foreign_ledger *ledger;
    ptrdiff_t *row_of;       /* by migration: the row that says it ran, if only in part; else -1 */
    ptrdiff_t *migration_of; /* by row: the migration of that version, or -1 */
    size_t claimed;          /* migrations with such a row */
    size_t unfinished;       /* rows of what never ended */
    bool fits; /* some migration is claimed: as far as can be told it is about this set */
} pd_foreign_claims;

/* Fills `out` from what the table says; no version that another tool could have written is too odd
 * for it. A row that stands for all below it claims these, also when its own version is not of the
 * set. Lives in the arena and points into `ledger`. */
void pd_foreign_claim(pd_arena *arena, const pd_set *set, const pd_foreign_ledger *ledger,
                      pd_foreign_claims *out);

/* Whether it is a script that sums up others: what has run in its place has other content. */
bool pd_foreign_is_baseline(const pd_set *set, size_t migration);

/* Whether the checksum that a tool keeps is the file's, line endings apart. Tools without
 * checksums, and rows without one, agree with anything. */
bool pd_foreign_same_content(const pd_foreign_ledger *ledger, const pd_foreign_row *row,
                             const pd_sql_file *file);

/* Whether what a row says has run can be this file, by kind (SQL, a program) and name. Names are
 * compared in Flyway's own layout, and where no checksum says more; those of programs are not,
 * because Flyway keeps the class. Rows without a script agree with anything. */
bool pd_foreign_same_script(const pd_set *set, const pd_foreign_row *row, const pd_sql_file *file);

/* Sets known[i] (the caller's, false at first) where predeploy's ledger has or had the migration:
 * what another tool says about it is older. */
void pd_foreign_mark_known(pd_arena *arena, const pd_set *set, const pd_ledger *ledger,
                           bool *known);

/* Sets told[r] (the caller's, false at first) for each row of that table whose version predeploy's
 * ledger has or had, by the names that migrations have there. */
void pd_foreign_mark_rows(pd_arena *arena, const pd_ledger *ledger, const pd_foreign_ledger *table,
                          bool *told);

/* Part of the ledger gate: what another tool has applied and predeploy's ledger does not know
 * becomes PD_APPLIED_ELSEWHERE instead of PD_PENDING, and a finding that closes the gate;
 * so does what keeps anybody from relying on that tool's table (gate/foreign_rows.h). is_other:
 * somebody has said that those tables are another application's, and it stays pending.
 */
void pd_gate_foreign(const pd_set *set, const pd_ledger *ledger, bool is_other,
                     pd_applied_state *states, pd_findings *findings);

#endif

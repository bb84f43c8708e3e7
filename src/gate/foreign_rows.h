/* What speaks against relying on other tools' tables, before an adoption and after it. */
#ifndef PD_GATE_FOREIGN_ROWS_H
#define PD_GATE_FOREIGN_ROWS_H

#include "gate/foreign.h"

/* Whether a table is about this set, as far as can be told: it has a migration of it, or it is the
 * layout's own tool's and says that nothing is applied, or that something broke. */
bool pd_foreign_speaks(const pd_set *set, const pd_foreign_claims *claims);

/* What is unfinished, more rows than a tool keeps, versions that neither the set nor predeploy's
 * ledger knows (rules adopt-unfinished, adopt-unknown). */
void pd_foreign_judge_rows(const pd_set *set, const pd_ledger *ledger,
                           const pd_foreign_claims *claims, pd_findings *findings);

/* Whether some row of that table is such a one. */
bool pd_foreign_is_broken(const pd_ledger *ledger, const pd_foreign_claims *claims,
                          pd_arena *arena);

/* What was taken over and is in no table any more: its tool has taken it out (rule
 * ledger-disagrees). claims: of each table of ledger->foreign. */
void pd_foreign_judge_behind(const pd_set *set, const pd_ledger *ledger,
                             const pd_foreign_claims *claims, pd_findings *findings);

#endif

/* Migrations that run outside of a transaction and were not finished. Pure. */
#ifndef PD_GATE_UNFINISHED_H
#define PD_GATE_UNFINISHED_H

#include "gate/pending.h"

/* Part of the ledger gate of a deployment: whether what was begun can be gone on with. It is
 * pending in this revision, and the statements that were begun are still what they were. `scripts`
 * is by migration, NULL where it is not pending. */
void pd_gate_unfinished(const pd_set *set, const pd_ledger *ledger, const pd_script *const *scripts,
                        pd_findings *findings);

/* The same for a rollback: a companion that was begun is the first of those that are to run. With
 * no reversals nothing may be unfinished, as for an adoption. */
void pd_gate_unfinished_reversal(const pd_ledger *ledger, const pd_reversal *reversals,
                                 size_t count, pd_findings *findings);

#endif

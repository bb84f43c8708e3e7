/* A first deployment into a database that is not empty. */
#ifndef PD_GATE_FIRST_H
#define PD_GATE_FIRST_H

#include "domain/first.h"
#include "domain/script.h"
#include "domain/settings.h"
#include "gate/gate.h"

typedef struct pd_first_maker {
    const pd_migration *migration;
    const pd_statement *statement;
} pd_first_maker;

typedef struct pd_first {
    pd_first_tables tables;
    pd_first_maker *makers; /* by name: who makes it */
} pd_first;

/* Which tables have to be asked for: those that the pending migrations make, where no ledger has
 * anything and nothing was deployed yet. count is 0 where there is nothing to ask: also where the
 * verify schema has no table, and nothing is made elsewhere. What stands behind a statement that
 * may take tables away is left out. */
void pd_first_of(pd_arena *arena, const pd_set *set, const pd_ledger *ledger,
                 const pd_script *const *scripts, const pd_settings *settings, pd_first *out);

/* table-exists: one finding for all that are there. */
void pd_gate_first(const pd_set *set, const pd_first *first, const pd_settings *settings,
                   pd_findings *findings);

#endif

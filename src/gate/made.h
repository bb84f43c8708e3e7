/* Whether the tables are there that migrations should have made before they are taken over. */
#ifndef PD_GATE_MADE_H
#define PD_GATE_MADE_H

#include "domain/first.h"
#include "domain/settings.h"
#include "gate/gate.h"

typedef struct pd_made {
    pd_first_tables tables;
    const pd_migration **makers; /* by name: who makes it */
} pd_made;

/* Which tables have to be there when the wanted migrations are applied, by their CREATE TABLE
 * alone. Left out is what a later statement drops or renames, or may have. Fails as pd_sql_parse
 * does. */
bool pd_made_by(pd_arena *arena, const pd_set *set, const bool *wanted, const pd_ledger *ledger,
                pd_made *out, pd_error *err) PD_CHECKED;

/* adopt-table-missing: one finding for all that are not there. */
void pd_gate_made(const pd_made *made, pd_findings *findings);

#endif

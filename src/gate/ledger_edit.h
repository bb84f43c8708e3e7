/* The ledger is written by predeploy alone: edits by hand, and migrations that edit it. */
#ifndef PD_GATE_LEDGER_EDIT_H
#define PD_GATE_LEDGER_EDIT_H

#include "domain/finding.h"
#include "domain/ledger.h"
#include "domain/migration.h"
#include "domain/script.h"
#include "domain/settings.h"
#include "sql/parse.h"

/* Finds that the chain of deployments does not hold (pd_ledger.altered). */
void pd_gate_altered(const pd_ledger *ledger, pd_findings *findings);

/* Finds statements of a file that name a ledger in order to change it (PD_TRAIT_LEDGER); of many
 * the first ones and how many more there are. */
void pd_gate_ledger_edits(const pd_sql_file *file, const pd_script *script, pd_findings *findings);

/* Drizzle's ledger as the settings name it, NULL where the set is not Drizzle's. `unqualified`:
 * unqualified names mean the schema that is verified. */
const pd_sql_ledger *pd_ledger_names(pd_arena *arena, const pd_set *set,
                                     const pd_settings *settings, bool unqualified);

#endif

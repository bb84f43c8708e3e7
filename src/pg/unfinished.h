/* Rows of predeploy.statements, as the ledger shows them. Private to pg/. */
#ifndef PD_PG_UNFINISHED_H
#define PD_PG_UNFINISHED_H

#include "pg/internal.h"

#define PD_UNFINISHED_LIMIT "100000" /* statements of half-applied migrations that are read */

/* Where the ledger has that table (pd_inspection.chained): the question, and its answer into
 * out->unfinished. */
pd_request pd_unfinished_request(const pd_db *db);
void pd_unfinished_take(pd_arena *arena, const PGresult *result, pd_ledger *out);

#endif

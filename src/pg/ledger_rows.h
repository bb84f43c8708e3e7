/* Rows of the ledgers, from the answers of the server. Private to pg/. */
#ifndef PD_PG_LEDGER_ROWS_H
#define PD_PG_LEDGER_ROWS_H

#include "pg/internal.h"

/* What to ask: `chained` as in pd_inspection, `named` as drizzle_name in it. */
pd_request pd_migrations_request(const pd_db *db, bool chained);
pd_request pd_deployments_request(const pd_db *db);
pd_request pd_deployed_request(const pd_db *db); /* the names of their migrations */
pd_request pd_drizzle_request(pd_db *db, bool named);

/* What was answered, put into *out. Too many rows, and rows of Drizzle's that cannot be Drizzle's,
 * are errors of kind PD_ERROR_UNREACHABLE. */
bool pd_migrations_take(pd_arena *arena, const PGresult *result, pd_ledger *out,
                        pd_error *err) PD_CHECKED;
void pd_deployments_take(pd_arena *arena, const PGresult *result, const PGresult *names,
                         pd_ledger *out);
bool pd_drizzle_take(const pd_db *db, pd_arena *arena, const PGresult *result, bool named,
                     pd_ledger *out, pd_error *err) PD_CHECKED;

#endif

/* Questions about the ledgers, for those who ask many at once. Private to pg/. */
#ifndef PD_PG_LEDGER_H
#define PD_PG_LEDGER_H

#include "pg/group.h"
#include "pg/internal.h"

/* ledger_schema.c: asks for what pd_ledger_inspected makes of the answer. */
size_t pd_ledger_look(pd_db *db, pd_group *group);

/* ledger_schema.c: the same, and an error, which pd_ledger_guard_failed knows, where a ledger may
 * not be touched: nothing behind it is run then. `writing` as in pd_ledger_refuse. */
size_t pd_ledger_guard(pd_db *db, pd_group *group, bool writing);
bool pd_ledger_guard_failed(const pd_error *err);

/* ledger_schema.c: the same in a fraction of the time, with `writing`: fails at whatever is not as
 * usual, also where pd_ledger_guard would not. */
size_t pd_ledger_quick_guard(pd_db *db, pd_group *group, bool drizzle);

/* ledger_schema.c: asks for the versions of the ledger, and whether they are those of this release:
 * all, and no other ones. */
pd_request pd_versions_request(const pd_db *db);
bool pd_versions_are_current(const PGresult *result);

/* recall.c: asks for pd_ledger.drizzle_digest. */
pd_request pd_drizzle_digest_request(pd_db *db);

/* ledger_read.c: a request that "cannot read the ledger" when it fails. */
pd_request pd_ledger_request(const pd_db *db, const char *sql);

/* ledger_read.c: asks for pd_sighting.names. Where they are not those of `before` any more it is an
 * error that pd_ledger_guard_failed knows. before NULL: they may be any. */
size_t pd_names_ask(pd_db *db, pd_group *group, const pd_sighting *before);

/* ledger_read.c: asks for the number of tables of the schema that is verified. */
pd_request pd_tables_request(const pd_db *db);
bool pd_tables_take(const PGresult *result, int64_t *tables, pd_error *err) PD_CHECKED;

/* deployments.c: says of deployments that died that they were interrupted. Under the lock. */
bool pd_deployments_close(pd_db *db, pd_error *err) PD_CHECKED;

#endif

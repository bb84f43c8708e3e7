/* Questions about the ledgers, for those who ask many at once. Private to pg/. */
#ifndef PD_PG_LEDGER_H
#define PD_PG_LEDGER_H

#include "pg/group.h"
#include "pg/internal.h"

/* ledger_inspect.c: asks for what pd_ledger_inspected makes of the answer. */
size_t pd_ledger_inspect_add(pd_db *db, pd_group *group);

/* ledger_inspect.c: the same, and an error, which pd_ledger_guard_failed knows, where a ledger may
 * not be touched: nothing behind it is run then. `writing` as in pd_ledger_refuse. */
size_t pd_ledger_guard(pd_db *db, pd_group *group, bool writing);
bool pd_ledger_guard_failed(const pd_error *err);

/* ledger_inspect.c: the same in a fraction of the time, with `writing`: fails at whatever is not as
 * usual, also where pd_ledger_guard would not. */
size_t pd_ledger_quick_guard(pd_db *db, pd_group *group, bool drizzle);

/* ledger_look.c: asks for the versions of the ledger, and whether they are those of this release:
 * all, and no other ones. */
pd_request pd_versions_request(const pd_db *db);
bool pd_versions_are_current(const PGresult *result);

/* ledger_read.c: asks for pd_ledger.drizzle_digest. */
pd_request pd_drizzle_digest_request(pd_db *db);

/* ledger_read.c: a request that "cannot read the ledger" when it fails. */
pd_request pd_ledger_request(const pd_db *db, const char *sql);

/* ledger_read.c: asks for pd_sighting.names. Where they are not those of `before` any more it is an
 * error that pd_ledger_guard_failed knows. before NULL: they may be any. */
size_t pd_names_ask(pd_db *db, pd_group *group, const pd_sighting *before);

/* ledger_read.c: a reading of the ledger that is asked behind something else, in the same round
 * trip: its group gets that first, then the reading, which is held against `before` as ever. It is
 * kept, with the error of the round trip, for the next pd_db_read_ledger, or dropped. */
pd_reading *pd_reading_new(pd_db *db);
pd_group *pd_reading_group(pd_reading *self);
void pd_reading_add(pd_reading *self, const pd_sighting *before);
void pd_reading_keep(pd_reading *self, const pd_error *error);
void pd_reading_drop(pd_reading *self);

/* ledger_read.c: asks for the number of tables of the schema that is verified. */
pd_request pd_tables_request(const pd_db *db);
bool pd_tables_take(const PGresult *result, int64_t *tables, pd_error *err) PD_CHECKED;

/* ledger_look.c: what taking the lock has found. */
typedef struct pd_found_first {
    bool ready;   /* a ledger of this release, owned by who may own it */
    bool running; /* a deployment that died is not closed */
    bool bare;    /* there is no table of a ledger, nor of another tool */
    int count;    /* versions that are in */
} pd_found_first;

/* ledger_look.c: asks, or has asked already (pd_ledger_enter), all that a ledger that is ready
 * makes needless to do, and in front of it, where it is not held, for the lock. When somebody else
 * has it nothing was found (db->locked says so). */
bool pd_ledger_first_look(pd_db *db, pd_found_first *out, pd_error *err) PD_CHECKED;

/* deployments.c: records db->unrecorded now. Or adds that for the worker, in a transaction of its
 * own, and gives the place of its end; PD_GROUP_NONE: there is none. pin_sql pins the search_path.
 */
bool pd_deployment_record(pd_db *db, pd_error *err) PD_CHECKED;
size_t pd_deployment_add(pd_db *db, const char *pin_sql, pd_group *group);

/* deployments.c: says of deployments that died that they were interrupted. Under the lock. */
bool pd_deployments_close(pd_db *db, pd_error *err) PD_CHECKED;

#endif

/* Tables of other migration tools: found by name or columns, and only read. Private to pg/. */
#ifndef PD_PG_FOREIGN_H
#define PD_PG_FOREIGN_H

#include "pg/apply.h"
#include "pg/internal.h"

/* Whether such tables are looked for: not on Drizzle's layouts. */
bool pd_foreign_wanted(const pd_db *db);

/* The names that the tools' tables have, as a literal of type text[]. */
const char *pd_foreign_names(pd_arena *arena);

/* Looks for them in `schema`, in public, along the role's own search_path, and for the one that
 * options.foreign_table names. values (the caller's, PD_FOREIGN_VALUES of them) go into the
 * request. */
#define PD_FOREIGN_VALUES 3
pd_request pd_foreign_request(const pd_db *db, const char *schema, const char **values);

/* Reads them into out->foreign, and into out->taken_out what rollbacks of predeploy took out. In
 * the transaction that reads the ledger, after what is found there was locked. One that looks like
 * a tool's and cannot be read safely, or at all, is an error of kind PD_ERROR_UNREACHABLE; it is
 * passed over when the rule ledger-foreign was lowered. */
bool pd_foreign_read(pd_db *db, pd_arena *arena, pd_ledger *out, pd_error *err) PD_CHECKED;

/* In the batch's transaction, before anything else is locked: keeps the tool whose table the batch
 * takes over (batch->taken_from) from writing until COMMIT, and reads that table again. *changed:
 * it says something else than batch->taken_from, or is gone, and nothing may be done. */
bool pd_foreign_fence(pd_apply *apply, bool *changed, pd_error *err) PD_CHECKED;

#endif

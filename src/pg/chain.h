/* The chain of deployments: each row has the hash of the one before, its own, and a digest of
 * predeploy.migrations, so that an edit by hand shows. Who can write to the ledger can also make a
 * chain that holds: it tells of mistakes and of quick repairs, not of forgery. Private to pg/.
 */
#ifndef PD_PG_CHAIN_H
#define PD_PG_CHAIN_H

#include "pg/internal.h"

#define PD_CHAIN_LINKS 100 /* that are looked at, from the newest on */

/* Asks for the rows of pd_chain_judge. */
pd_request pd_chain_request(const pd_db *db);

/* What is wrong with the rows of read_chain.sql, and with a ledger whose migrations are what
 * read_digest.sql says; NULL: nothing, or no row was ever part of a chain. A deployment's row is
 * committed before those of its migrations, and never deleted. */
const char *pd_chain_judge(pd_arena *arena, const PGresult *rows, const PGresult *state);

#endif

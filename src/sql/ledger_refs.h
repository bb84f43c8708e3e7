/* Statements that name a ledger in order to change it.
 *
 * What a DO block, a function or a name in a literal does cannot be seen here: a fingerprint of the
 * ledgers, taken before and after each migration, tells.
 */
#ifndef PD_SQL_LEDGER_REFS_H
#define PD_SQL_LEDGER_REFS_H

#include <pg_query/pg_query.pb-c.h>

#include "sql/parse.h"

/* PD_TRAIT_LEDGER or 0. Reading a ledger is no change, nor is a grant that lets others read it, nor
 * the creation of Drizzle's table. ledger NULL: only predeploy's own counts. */
unsigned pd_sql_ledger_trait(const PgQuery__Node *statement, const pd_sql_ledger *ledger);

#endif

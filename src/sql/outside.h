/* Statements that run outside of transactions: what they are about, and the idioms by which a text
 * that is sent in a transaction steps out of it, or asks for the transaction that it is sent in.
 */
#ifndef PD_SQL_OUTSIDE_H
#define PD_SQL_OUTSIDE_H

#include <pg_query/pg_query.pb-c.h>
#include <stdbool.h>
#include <stddef.h>

#include "domain/script.h"

#define PD_SQL_SHAPE_MAX ((size_t)16 << 10) /* bytes; an index has at most 32 columns */
#define PD_SQL_DEFINITION_MAX ((size_t)64 << 10)

/* Fills outside and subject of `out`, whose texts are the arena's, for statements that cannot run
 * in a transaction and for those that need not. The shape of an index is a text that the server's
 * catalogues can be asked for, too (pg/sql/probe_index.sql), a line each:
 *     unique
 *     nulls not distinct
 *     using METHOD
 *     column LENGTH:NAME OPTIONS    (length in bytes; 1 for DESC plus 2 for NULLS FIRST)
 *     expression OPTIONS
 *     include LENGTH:NAME
 *     where
 * What expressions say, operator classes and collations: only the server can compare these, with
 * an index that it makes by subject->definition. */
void pd_sql_outside(pd_arena *arena, const PgQuery__Node *statement, pd_statement *out);

/* definition.c: that SQL, in the arena; "" when it would be longer than PD_SQL_DEFINITION_MAX. */
const char *pd_sql_index_definition(pd_arena *arena, const PgQuery__IndexStmt *stmt);

/* Adds what the statement does to settings: PD_TRAIT_SESSION or PD_TRAIT_LOCAL, and to limits:
 * PD_TRAIT_LIMITS_BACK, PD_TRAIT_LOCK_LIMIT with lock_ms. */
void pd_sql_settings(const PgQuery__Node *statement, pd_statement *out);

/* limits.c: the part of that about limits; of a set_config with three constants. */
void pd_sql_variable_limits(const PgQuery__VariableSetStmt *stmt, pd_statement *out);
void pd_sql_config_limits(const PgQuery__FuncCall *call, pd_statement *out);

/* PD_TRAIT_TRANSACTION_CONTROL for what begins or ends a transaction, with PD_TRAIT_PARTS where it
 * is a plain COMMIT or BEGIN; 0 for the rest. */
unsigned pd_sql_control_traits(const PgQuery__Node *statement);

/* Drizzle's users step out of its transaction by COMMIT, the statement, BEGIN. Where COMMIT and
 * BEGIN take turns all through the script, and each COMMIT is followed by a statement that cannot
 * run in a transaction before the next BEGIN, they keep PD_TRAIT_PARTS and are no transaction
 * control; else it is the other way round. The same for scripts that are one transaction: a plain
 * BEGIN is the first statement, a plain COMMIT the last, and none between controls a transaction or
 * cannot run in one. */
void pd_sql_part_script(pd_script *script);

#endif

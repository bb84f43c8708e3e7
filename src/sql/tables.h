/* What statements do to the number of tables in one schema, as far as the text alone can tell.
 *
 * Counted are ordinary and partitioned tables, neither partitions nor temporary tables. A
 * prediction that is wrong would fail a good deployment, so whatever is in doubt is unknown.
 */
#ifndef PD_SQL_TABLES_H
#define PD_SQL_TABLES_H

#include <pg_query/pg_query.pb-c.h>
#include <stdbool.h>

#include "base/arena.h"

typedef struct pd_sql_effect {
    bool unknown;
    int delta; /* 0 when unknown */
} pd_sql_effect;

/* What a batch of texts has made so far, in the order of its statements. */
typedef struct pd_sql_tables pd_sql_tables;

/* `schema` is the one whose tables are counted and outlives the value; `unqualified` says whether
 * unqualified names mean it when a text begins. */
pd_sql_tables *pd_sql_tables_new(pd_arena *arena, const char *schema, bool unqualified);

/* A new text begins: the session is as it was at first, what was made stays. */
void pd_sql_tables_begin(pd_sql_tables *tables);

/* A function of the table of statement kinds (sql/kinds.c). */
typedef pd_sql_effect pd_sql_effect_fn(pd_sql_tables *tables, const PgQuery__Node *statement);

pd_sql_effect_fn pd_sql_effect_none;
pd_sql_effect_fn pd_sql_effect_unknown;
pd_sql_effect_fn pd_sql_effect_evaluates; /* nothing, unless a function it calls does */
pd_sql_effect_fn pd_sql_effect_select;
pd_sql_effect_fn pd_sql_effect_write; /* INSERT, UPDATE, DELETE */
pd_sql_effect_fn pd_sql_effect_truncate;
pd_sql_effect_fn pd_sql_effect_create_table;
pd_sql_effect_fn pd_sql_effect_create_table_as;
pd_sql_effect_fn pd_sql_effect_alter_table;
pd_sql_effect_fn pd_sql_effect_drop;
pd_sql_effect_fn pd_sql_effect_rename;
pd_sql_effect_fn pd_sql_effect_set_schema;
pd_sql_effect_fn pd_sql_effect_create_schema;
pd_sql_effect_fn pd_sql_effect_set_variable;
pd_sql_effect_fn pd_sql_effect_set_default; /* ALTER ROLE | DATABASE … SET */
pd_sql_effect_fn pd_sql_effect_copy;
pd_sql_effect_fn pd_sql_effect_hook; /* CREATE TRIGGER, CREATE RULE */
pd_sql_effect_fn pd_sql_effect_transaction;
pd_sql_effect_fn pd_sql_effect_discard;

#endif

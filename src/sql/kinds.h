/* One row a kind of statement: what it is about and what it does to the number of tables. */
#ifndef PD_SQL_KINDS_H
#define PD_SQL_KINDS_H

#include "sql/tables.h"

typedef struct pd_sql_kind {
    PgQuery__Node__NodeCase node_case;
    pd_sql_effect_fn *effect;
    const char *objects[3]; /* fields that name its object: the first that is not empty does */
} pd_sql_kind;

/* A kind that no row describes has no object, and what it does is unknown. */
const pd_sql_kind *pd_sql_kind_of(const PgQuery__Node *statement);

#endif

/* One parsed statement: its verb, object, traits and effect on the number of tables. */
#ifndef PD_SQL_CLASSIFY_H
#define PD_SQL_CLASSIFY_H

#include "domain/script.h"
#include "sql/tables.h"

/* Fills verb, object, traits and tables_delta of `out`, whose offset and len say where in `text`
 * the statement stands; texts are the arena's. */
void pd_sql_classify(pd_arena *arena, pd_sql_tables *tables, const PgQuery__Node *statement,
                     const char *text, pd_statement *out);

#endif

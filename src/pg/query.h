/* predeploy's own SQL: sql/NAME.sql with its blanks filled in. Private to pg/. */
#ifndef PD_PG_QUERY_H
#define PD_PG_QUERY_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Replaces every {key} of a template by its value. pairs are key, value, …, NULL. */
const char *pd_query_fill(pd_arena *arena, const char *text, const char *const *pairs);

/* A name as an SQL identifier, quoted. */
const char *pd_query_identifier(pd_arena *arena, PGconn *pg, const char *name);

const char *pd_query_number(pd_arena *arena, int64_t value);
const char *pd_query_count(pd_arena *arena, int64_t value); /* NULL for a negative value */
const char *pd_query_bool(bool value);
/* A literal of type text[], or of any other array; NULL is an element that is null. */
const char *pd_query_array(pd_arena *arena, const char *const *items, size_t count);

/* Values of a result. Text goes to the arena; NULL stays NULL. */
const char *pd_value_text(pd_arena *arena, const PGresult *result, int row, int column);
const char *pd_value_shown(pd_arena *arena, const PGresult *result, int row,
                           int column); /* "" for NULL */
bool pd_value_bool(const PGresult *result, int row, int column);
/* False when the value is NULL or no whole number of 64 bits. */
bool pd_value_number(const PGresult *result, int row, int column, int64_t *out);

/* Whether the command inserted, changed or deleted exactly one row. */
bool pd_touched_one(const PGresult *result);

#endif

/* SQL text to statements, by PostgreSQL's own grammar (libpg_query, the grammar of PostgreSQL 15).
 *
 * The texts are hostile. They are parsed in a child process, in a thread with a large stack and
 * under a CPU limit, because deep input overflows the parser's stack; a child that dies makes its
 * text PD_SCRIPT_TOO_DEEP and the next text goes on in a new child. Every byte of a text is
 * accounted for: what does not parse as a whole has no statements.
 */
#ifndef PD_SQL_PARSE_H
#define PD_SQL_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "domain/script.h"

/* Drizzle's ledger, which predeploy keeps, too. */
typedef struct pd_sql_ledger {
    const char *schema;
    const char *table;
    bool unqualified; /* unqualified names mean that schema */
} pd_sql_ledger;

typedef struct pd_sql_input {
    const char *text; /* UTF-8 without NUL (the caller has checked), NUL-terminated */
    size_t len;
    bool breakpoints; /* split at Drizzle's `--> statement-breakpoint` first, wherever it stands,
                         as Drizzle does; each piece is then parsed by itself */
    const pd_sql_ledger *ledger; /* NULL: it is of no interest */
} pd_sql_input;

typedef struct pd_sql_batch {
    const pd_sql_input *inputs;
    size_t count;
    const char *table_schema; /* the schema whose tables are counted (tables_delta) */
    bool unqualified;         /* unqualified names mean table_schema */
} pd_sql_batch;

/* Parses the texts of a batch into out[0..count-1], arena-owned. Fails with PD_ERROR_UNREACHABLE
 * only when no child can be made. */
bool pd_sql_parse(pd_arena *arena, const pd_sql_batch *batch, pd_script *out,
                  pd_error *err) PD_CHECKED;

/* The same in two steps, for who has something else to wait for. The batch, its inputs and their
 * texts are to stay as they are. NULL: it could not be begun, which pd_sql_parse says better. What
 * was begun is ended, or dropped, before the arena goes. */
typedef struct pd_sql_begun pd_sql_begun;
pd_sql_begun *pd_sql_parse_begin(pd_arena *arena, const pd_sql_batch *batch);
bool pd_sql_parse_end(pd_sql_begun *begun, pd_script *out, pd_error *err) PD_CHECKED;
void pd_sql_parse_drop(pd_sql_begun *begun);

#endif

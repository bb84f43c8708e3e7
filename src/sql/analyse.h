/* One text, parsed in this very process: for the child that sql/parse.c makes, and for tests.
 *
 * The parser overflows the stack of whoever gives it a deep text. Texts that anyone else wrote go
 * through pd_sql_parse.
 */
#ifndef PD_SQL_ANALYSE_H
#define PD_SQL_ANALYSE_H

#include "base/arena.h"
#include "domain/script.h"
#include "sql/parse.h"
#include "sql/tables.h"

#define PD_SQL_TEXT_MAX ((size_t)64 << 20) /* bytes; offsets of the parser are 32 bits wide */
#define PD_SQL_ERROR_MAX 200               /* bytes of an error's text; it may quote the input */

/* Fills state, statements (without line and column), error and error_offset of *out. */
void pd_sql_analyse(pd_arena *arena, pd_sql_tables *tables, const pd_sql_input *input,
                    pd_script *out);

#endif

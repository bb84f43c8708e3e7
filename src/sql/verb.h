/* What a statement is called when it is spoken of: "CREATE TABLE", "DROP INDEX CONCURRENTLY". */
#ifndef PD_SQL_VERB_H
#define PD_SQL_VERB_H

#include <stddef.h>

#include "base/arena.h"

/* From the keywords that the statement text[from..to) begins with; "SQL" when it begins with
 * none. The parser has accepted the text. */
const char *pd_sql_verb(pd_arena *arena, const char *text, size_t from, size_t to);

#endif

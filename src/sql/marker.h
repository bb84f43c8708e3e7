/* A comment by which a text asks to run outside of a transaction. */
#ifndef PD_SQL_MARKER_H
#define PD_SQL_MARKER_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a line comment of the text, outside of literals, is `-- predeploy: no-transaction`. The
 * text is NUL-terminated. */
bool pd_sql_asks_no_transaction(const char *text, size_t len);

#endif

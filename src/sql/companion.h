/* What a rollback companion says without being run. */
#ifndef PD_SQL_COMPANION_H
#define PD_SQL_COMPANION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

typedef struct pd_companion {
    bool empty;         /* blanks, comments and semicolons only */
    bool irreversible;  /* a line comment `-- predeploy: irreversible` stands in an empty one */
    const char *reason; /* what follows "irreversible:", trimmed, "" when nothing does */
} pd_companion;

void pd_companion_read(pd_arena *arena, const char *text, size_t len, pd_companion *out);

#endif

/* What a rollback companion says without being run. */
#ifndef PD_SQL_COMPANION_H
#define PD_SQL_COMPANION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

typedef struct pd_companion {
    bool empty;         /* blanks, comments and semicolons only, or BEGIN and COMMIT around such */
    bool irreversible;  /* a line comment `-- predeploy: irreversible` stands in an empty one */
    const char *reason; /* what follows "irreversible:", trimmed, "" when nothing does */
    /* The word behind `-- predeploy:` in a line comment of an empty one that declares nothing;
     * NULL: there is none. */
    const char *unknown;
} pd_companion;

void pd_companion_read(pd_arena *arena, const char *text, size_t len, pd_companion *out);

#endif

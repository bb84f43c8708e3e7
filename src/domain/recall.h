/* The verdict of a run that had nothing to do and found nothing, as the ledger keeps it: as long as
 * nothing that it depended on has changed, it need not be made again (docs/ledger.md).
 */
#ifndef PD_DOMAIN_RECALL_H
#define PD_DOMAIN_RECALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/settings.h"

typedef struct pd_recall {
    const char *deployment; /* UUID of the row that keeps it */
    const char *given_at;   /* RFC 3339, UTC */
    pd_layout_kind layout;  /* of the set that was judged */
    size_t count;           /* of its migrations */
    const char *folder;
} pd_recall;

/* What stands in a database, read in one snapshot beside no deployment. Texts may be NULL. */
typedef struct pd_recalled {
    const char *verdict;    /* of the newest deployment's row, as it was kept */
    const char *deployment; /* its UUID */
    const char *commit;     /* its commit */
    const char *marks;      /* move with every change to the ledgers' tables and rows */
    size_t count;           /* rows of predeploy.migrations */
    int64_t tables;         /* of the schema that is verified; -1: not asked */
    const char *digest;     /* pd_ledger.digest, and the next: only where a verdict is to be kept */
    const char *drizzle;    /* pd_ledger.drizzle_digest */
} pd_recalled;

/* Reads a verdict as it is kept: "KEY GIVEN_AT LAYOUT COUNT FOLDER", KEY a SHA-256 in hexadecimal
 * digits. False when it is none. The deployment is left alone. */
bool pd_recall_parse(pd_arena *arena, const char *text, pd_recall *out);

#endif

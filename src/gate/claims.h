/* Which row of Drizzle's table belongs to which migration of the set: the first half of the
 * ledger gate. Matching is done by all that is known (time, name, hash), never by a high-water
 * mark (docs/ledger.md, "Who has applied what").
 */
#ifndef PD_GATE_CLAIMS_H
#define PD_GATE_CLAIMS_H

#include <stddef.h>

#include "base/strbuf.h"
#include "domain/ledger.h"
#include "domain/migration.h"

typedef struct pd_claims {
    ptrdiff_t *row_of;       /* by migration: index of its row, -1 when it has none */
    ptrdiff_t *migration_of; /* by row: index of its migration, -1 when it has none */
    size_t *duplicates;      /* by migration: further rows that are the same */
} pd_claims;

void pd_claim_rows(pd_arena *arena, const pd_set *set, const pd_ledger *ledger, pd_claims *out);

/* Appends the file's content as either convention of line endings has it: what a checkout on
 * another system may have made of it. The content is there (data is not NULL). */
void pd_line_endings(const pd_sql_file *file, pd_strbuf *unix_ends, pd_strbuf *dos_ends);

/* Whether a hash of the ledger is the file's, line endings of another checkout apart. */
bool pd_same_content(const pd_sql_file *file, const char *hash);

#endif

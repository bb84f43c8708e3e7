/* How migrations lie in a folder: a snapshot in, an ordered set and findings out. Pure. */
#ifndef PD_LAYOUT_LAYOUT_H
#define PD_LAYOUT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/finding.h"
#include "domain/migration.h"
#include "domain/revision.h"

/* The layout that a snapshot shows (contents are not needed): the journal makes it drizzle, a
 * folder with migration.sql drizzle-folders, else *.sql files plain. PD_LAYOUT_DETECT when it
 * shows none. Another tool's layout (NAME.up.sql and NAME.down.sql, V1__name.sql) is none of
 * ours: *foreign is then its name, else NULL. */
pd_layout_kind pd_layout_detect(const pd_snapshot *snapshot, const char **foreign);

/* Reads the set in the layout that the settings name (PD_LAYOUT_DETECT: detected), with the
 * patterns and order of [layout] for PD_LAYOUT_CUSTOM, with its companions, hashes and SHA256SUMS,
 * and adds the findings of the revision gate and those about the form of SHA256SUMS. `now_ms` is
 * the wall clock in milliseconds, for entries that lie in the future. Always gives a set, as much
 * of it as could be read. */
void pd_layout_read(pd_arena *arena, const pd_snapshot *snapshot, const pd_settings *settings,
                    int64_t now_ms, pd_set *out, pd_findings *findings);

#endif

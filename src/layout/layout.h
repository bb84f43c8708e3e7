/* How migrations lie in a folder: a snapshot in, an ordered set and findings out. Pure. */
#ifndef PD_LAYOUT_LAYOUT_H
#define PD_LAYOUT_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "domain/finding.h"
#include "domain/migration.h"
#include "domain/revision.h"

/* The layout that the names of a snapshot show; contents are not needed. PD_LAYOUT_DETECT when it
 * shows none. Of two that fit it is either: pd_layout_read looks closer, and asks. */
pd_layout_kind pd_layout_detect(const pd_snapshot *snapshot);

/* Whether the names show migrations of any layout, or of the one that the settings name. */
bool pd_layout_holds(const pd_snapshot *snapshot, const pd_settings *settings);

/* Reads the set in the layout that the settings name (PD_LAYOUT_DETECT: detected), with the
 * patterns and order of [layout] for PD_LAYOUT_CUSTOM, with its companions, hashes and SHA256SUMS,
 * and adds the findings of the revision gate and those about the form of SHA256SUMS. `now_ms` is
 * the wall clock in milliseconds, for entries that lie in the future. Always gives a set, as much
 * of it as could be read. */
void pd_layout_read(pd_arena *arena, const pd_snapshot *snapshot, const pd_settings *settings,
                    int64_t now_ms, pd_set *out, pd_findings *findings);

#endif

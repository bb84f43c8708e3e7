/* What the files scaffold*.c share; private to this folder. */
#ifndef PD_LAYOUT_SCAFFOLD_PARTS_H
#define PD_LAYOUT_SCAFFOLD_PARTS_H

#include "layout/scaffold.h"

void pd_scaffold_add(pd_arena *arena, pd_scaffold *out, const char *entry, const char *text,
                     bool replaces);

/* The version that comes behind `newest` (NULL: the first one) in the form that it has: a number of
 * the same width, a dotted number, or a time, which is now or later than that of newest. `first` is
 * what the first one looks like. NULL when no next one can be told. */
const char *pd_next_version(pd_arena *arena, const char *newest, const char *first, int64_t now_ms);

/* Whether a version is a time in one of the forms that tools write. */
bool pd_version_is_time(pd_arena *arena, const char *version);

/* ---- Drizzle ---- */

/* The tag of the next entry of the journal (input->files), and its idx and when. */
typedef struct pd_journal_next {
    const char *tag;
    const char *prefix; /* of its snapshot in meta/ */
    int64_t idx;
    int64_t when;
} pd_journal_next;

bool pd_journal_plan(pd_arena *arena, const pd_scaffold_input *input, const char *title,
                     pd_journal_next *out, pd_error *err) PD_CHECKED;

/* Adds the snapshot of the new migration, as `drizzle-kit generate --custom` makes it, and the
 * journal with its entry; no other byte of the journal changes. */
bool pd_scaffold_journal(pd_arena *arena, const pd_scaffold_input *input,
                         const pd_journal_next *next, pd_scaffold *out, pd_error *err) PD_CHECKED;

/* Adds NAME/snapshot.json when the other folders have theirs. */
bool pd_scaffold_folder_snapshot(pd_arena *arena, const pd_scaffold_input *input, const char *name,
                                 pd_scaffold *out, pd_error *err) PD_CHECKED;

#endif

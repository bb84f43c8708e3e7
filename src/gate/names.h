/* Names to indexes: found by halving, so that many names cost little. */
#ifndef PD_GATE_NAMES_H
#define PD_GATE_NAMES_H

#include <stddef.h>

#include "base/arena.h"
#include "domain/ledger.h"
#include "domain/migration.h"

typedef struct pd_name {
    const char *name;
    size_t index;
} pd_name;

typedef struct pd_names {
    pd_name *items; /* sorted once the last one was added */
    size_t count;
    size_t capacity;
} pd_names;

void pd_names_add(pd_arena *arena, pd_names *names, const char *name, size_t index);
/* A row by its name, and by the one that its migration got when the journal became folders. */
void pd_names_add_row(pd_arena *arena, pd_names *names, const pd_ledger_row *row, size_t index);
void pd_names_sort(pd_names *names);
ptrdiff_t pd_names_find(const pd_names *names, const char *name); /* index, -1 when unknown */

/* The migrations of a set by name, sorted. */
pd_names pd_names_of_set(pd_arena *arena, const pd_set *set);

/* The same, by the names that a journal's migrations get when `drizzle-kit up` of Drizzle 1.0 turns
 * it into folders. */
pd_names pd_names_of_upgraded(pd_arena *arena, const pd_set *set);

#endif

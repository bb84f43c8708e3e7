#include "gate/names.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *left, const void *right)
{
    const pd_name *a = left;
    const pd_name *b = right;
    return strcmp(a->name, b->name);
}

void pd_names_add(pd_arena *arena, pd_names *names, const char *name, size_t index)
{
    *PD_PUSH(arena, names->items, names->count, names->capacity) = (pd_name){name, index};
}

void pd_names_add_row(pd_arena *arena, pd_names *names, const pd_ledger_row *row, size_t index)
{
    pd_names_add(arena, names, row->name, index);
    if (row->v1_name != NULL && strcmp(row->v1_name, row->name) != 0)
        pd_names_add(arena, names, row->v1_name, index);
}

void pd_names_sort(pd_names *names)
{
    if (names->count > 0)
        qsort(names->items, names->count, sizeof *names->items, compare_names);
}

ptrdiff_t pd_names_find(const pd_names *names, const char *name)
{
    pd_name key = {.name = name};
    const pd_name *found =
        names->count == 0 ? NULL
                          : bsearch(&key, names->items, names->count, sizeof key, compare_names);
    return found == NULL ? -1 : (ptrdiff_t)found->index;
}

pd_names pd_names_of_set(pd_arena *arena, const pd_set *set)
{
    pd_names names = {0};
    for (size_t i = 0; i < set->count; i++)
        pd_names_add(arena, &names, set->migrations[i].name, i);
    pd_names_sort(&names);
    return names;
}

pd_names pd_names_of_upgraded(pd_arena *arena, const pd_set *set)
{
    pd_names names = {0};
    for (size_t i = 0; i < set->count; i++) {
        const pd_migration *migration = &set->migrations[i];
        pd_names_add(arena, &names,
                     migration->v1_name != NULL ? migration->v1_name : migration->name, i);
    }
    pd_names_sort(&names);
    return names;
}

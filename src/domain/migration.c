#include "domain/migration.h"

#include <string.h>

ptrdiff_t pd_set_find(const pd_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->migrations[i].name, name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

bool pd_set_is_drizzle(const pd_set *set)
{
    return set->layout == PD_LAYOUT_DRIZZLE || set->layout == PD_LAYOUT_DRIZZLE_FOLDERS;
}

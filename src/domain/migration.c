#include "domain/migration.h"

#include <string.h>
#include <time.h>

#define DIGITS "0123456789"

const char *pd_sql_text(const pd_sql_file *file)
{
    return file->sql != NULL ? file->sql : file->data;
}

const char *pd_drizzle_v1_name(pd_arena *arena, const char *tag, int64_t when_ms)
{
    time_t seconds = (time_t)(when_ms / 1000);
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL)
        return NULL;
    const char *rest = strchr(tag, '_');
    return pd_arena_printf(arena, "%04d%02d%02d%02d%02d%02d_%s", utc.tm_year + 1900, utc.tm_mon + 1,
                           utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                           rest == NULL ? "" : rest + 1);
}

ptrdiff_t pd_set_find(const pd_set *set, const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->migrations[i].name, name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

static const char *without_zeros(const char *digits)
{
    while (digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')
        digits++;
    return digits;
}

bool pd_name_has_number(const char *name, const char *number)
{
    static const char digits[] = "0123456789";
    bool letter = name[0] != '\0' && strspn(name, digits) == 0 && strspn(name + 1, digits) > 0;
    const char *at = without_zeros(letter ? name + 1 : name);
    const char *wanted = without_zeros(number);
    size_t len = strspn(at, digits);
    const char *rest = at + len;
    bool goes_on = rest[0] == '.' || rest[0] == '-' || (letter && rest[0] == '_');
    bool dotted = goes_on && strspn(rest + 1, digits) > 0;
    return len > 0 && !dotted && wanted[strspn(wanted, digits)] == '\0' && strlen(wanted) == len &&
           memcmp(at, wanted, len) == 0;
}

ptrdiff_t pd_set_find_said(const pd_set *set, const char *said)
{
    ptrdiff_t found = pd_set_find(set, said);
    size_t count = 0;
    if (found >= 0)
        return found;
    for (size_t i = 0; i < set->count; i++) {
        if (!pd_name_has_number(set->migrations[i].name, said))
            continue;
        found = (ptrdiff_t)i;
        count++;
    }
    return count == 1 ? found : -1;
}

bool pd_set_is_drizzle(const pd_set *set)
{
    return set->layout == PD_LAYOUT_DRIZZLE || set->layout == PD_LAYOUT_DRIZZLE_FOLDERS;
}

/* Takes one number off the front; its digits without leading zeros are at *digits. */
static size_t next_number(const char **at, const char **digits)
{
    size_t len = strspn(*at, DIGITS);
    *digits = *at;
    *at += len;
    if (**at != '\0')
        (*at)++;
    while (len > 0 && **digits == '0') {
        (*digits)++;
        len--;
    }
    return len;
}

static int compare_numbers(const char *a, const char *b)
{
    while (*a != '\0' || *b != '\0') {
        const char *a_digits = "";
        const char *b_digits = "";
        size_t a_len = next_number(&a, &a_digits);
        size_t b_len = next_number(&b, &b_digits);
        if (a_len != b_len)
            return a_len < b_len ? -1 : 1;
        int order = memcmp(a_digits, b_digits, a_len);
        if (order != 0)
            return order;
    }
    return 0;
}

int pd_version_order_compare(pd_version_order order, const char *a, const char *b)
{
    return order == PD_ORDER_BYTES ? strcmp(a, b) : compare_numbers(a, b);
}

int pd_migration_compare(const pd_set *set, const pd_migration *a, const pd_migration *b)
{
    int order = 0;
    if (set->layout == PD_LAYOUT_DRIZZLE && a->has_when && b->has_when)
        order = (a->when > b->when) - (a->when < b->when);
    else if (a->version != NULL && b->version != NULL)
        order = pd_version_order_compare(set->order, a->version, b->version);
    return order != 0 ? order : strcmp(a->name, b->name);
}

#include "layout/version.h"

#include <stdbool.h>
#include <string.h>

#include "base/strbuf.h"

#define DIGITS "0123456789"

/* A character that may follow the last group of a version; NUL is the end of the name. */
static bool ends_group(char c)
{
    return c == '\0' || strchr("-_. T", c) != NULL;
}

static bool is_date(const char *name)
{
    int century = (name[0] - '0') * 10 + name[1] - '0';
    return strspn(name, DIGITS) == 4 && century >= 19 && century <= 21 &&
           strchr("-_.", name[4]) != NULL && name[4] != '\0' && strspn(name + 5, DIGITS) == 2;
}

static void add_group(pd_strbuf *out, const char *digits, size_t len)
{
    while (len > 1 && *digits == '0') {
        digits++;
        len--;
    }
    if (out->len > 0) {
        pd_strbuf_addc(out, '.');
    }
    pd_strbuf_add(out, digits, len);
}

const char *pd_version_of(pd_arena *arena, const char *name)
{
    size_t len = strspn(name, DIGITS);
    if (len == 0) {
        return NULL;
    }
    const char *joints = is_date(name) ? "-_.T" : ".";
    PD_AUTO_STRBUF version = pd_strbuf_new(PD_STRBUF_MAX);
    add_group(&version, name, len);
    for (const char *at = name + len; *at != '\0' && strchr(joints, *at) != NULL; at += len + 1) {
        len = strspn(at + 1, DIGITS);
        if (len == 0 || !ends_group(at[1 + len])) {
            break;
        }
        add_group(&version, at + 1, len);
    }
    return pd_strbuf_keep(&version, arena);
}

int pd_version_compare(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        size_t a_len = strspn(a, DIGITS);
        size_t b_len = strspn(b, DIGITS);
        if (a_len != b_len) {
            return a_len < b_len ? -1 : 1;
        }
        int order = memcmp(a, b, a_len);
        if (order != 0) {
            return order;
        }
        a += a_len + (a[a_len] == '.');
        b += b_len + (b[b_len] == '.');
    }
    return (*a != '\0') - (*b != '\0');
}

/* Groups of digits without leading zeros, whatever parts them, and without groups of zero at the
 * end, which count for nothing; NULL when there are none. */
static const char *plain_version(pd_arena *arena, const char *version)
{
    PD_AUTO_STRBUF out = pd_strbuf_new(PD_STRBUF_MAX);
    for (const char *at = version; *at != '\0';) {
        size_t len = strspn(at, DIGITS);
        if (len > 0) {
            add_group(&out, at, len);
        }
        at += len > 0 ? len : 1;
    }
    while (out.len > 2 && strcmp(out.data + out.len - 2, ".0") == 0) {
        out.len -= 2;
        out.data[out.len] = '\0';
    }
    return out.len == 0 ? NULL : pd_strbuf_keep(&out, arena);
}

static const char *number_of(pd_arena *arena, const pd_set *set, const pd_migration *migration)
{
    switch (set->layout) {
    case PD_LAYOUT_PRISMA: /* knows whole names only: two of one second are two */
        return NULL;
    case PD_LAYOUT_DIESEL:
        return migration->version;
    case PD_LAYOUT_DBMATE:
        return pd_arena_strndup(arena, migration->name, strspn(migration->name, DIGITS));
    case PD_LAYOUT_GOLANG_MIGRATE:
    case PD_LAYOUT_SQLX:
    case PD_LAYOUT_FLYWAY:
    case PD_LAYOUT_GOOSE:
        return plain_version(arena, migration->version);
    case PD_LAYOUT_CUSTOM:
        if (migration->version != NULL) {
            return set->order == PD_ORDER_BYTES ? migration->version
                                                : plain_version(arena, migration->version);
        }
        break;
    case PD_LAYOUT_PLAIN:
    case PD_LAYOUT_DRIZZLE:
    case PD_LAYOUT_DRIZZLE_FOLDERS:
    case PD_LAYOUT_DETECT:
    case PD_LAYOUT_COUNT:
        break;
    }
    return pd_version_of(arena, migration->name);
}

void pd_number_migrations(pd_arena *arena, pd_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        set->migrations[i].number = number_of(arena, set, &set->migrations[i]);
    }
}

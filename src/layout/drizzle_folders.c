/* The layout of Drizzle 1.0: a folder a migration, YYYYMMDDHHMMSS_name/migration.sql. */
#include <stdlib.h>
#include <string.h>

#include "layout/reader.h"

#define MIGRATION_FILE "/migration.sql"
#define COMPANION_FILE "/rollback.sql"
#define SNAPSHOT_FILE "/snapshot.json"

/* Order of ASCII in String.prototype.localeCompare (ICU's root collation); letters compare
 * without case first, and lower case in front of upper case when all else is equal. */
#define COLLATION "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz"

static bool has_stamp(const char *name)
{
    for (int i = 0; i < PD_STAMP_LEN; i++) {
        if (name[i] < '0' || name[i] > '9') {
            return false;
        }
    }
    return true;
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text > 0x7e || (unsigned char)*text < 0x21) {
            return false;
        }
    }
    return true;
}

static int weight(char c)
{
    if (c == '\0') {
        return -1;
    }
    char small = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    const char *at = strchr(COLLATION, small);
    return at == NULL ? (int)sizeof COLLATION + (unsigned char)c : (int)(at - COLLATION);
}

static int compare_locale(const char *a, const char *b)
{
    const char *x = a;
    const char *y = b;
    while (*x != '\0' && weight(*x) == weight(*y)) {
        x++;
        y++;
    }
    int order = weight(*x) - weight(*y);
    for (x = a, y = b; order == 0 && *x != '\0'; x++, y++) {
        order = (unsigned char)*y - (unsigned char)*x; /* "a" is 0x61, "A" is 0x41 */
    }
    return order;
}

static int compare_folders(const void *left, const void *right)
{
    const pd_migration *a = left;
    const pd_migration *b = right;
    bool stamped = has_stamp(a->name);
    if (stamped != has_stamp(b->name)) {
        return stamped ? -1 : 1;
    }
    int order = stamped ? memcmp(a->name, b->name, PD_STAMP_LEN) : 0;
    return order != 0 ? order : compare_locale(a->name, b->name);
}

static int64_t digits(const char *text, int len)
{
    int64_t value = 0;
    for (int i = 0; i < len; i++) {
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* Days from 1970-01-01 to the first of a month; month is 0 to 11. */
static int64_t days_before(int64_t year, int64_t month)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t past = year - 1;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    int64_t days = past * 365 + past / 4 - past / 100 + past / 400 - 719162;
    return days + before[month] + (leap && month > 1);
}

/* Date.UTC of ECMA-262: fields that are too large roll over, years 0 to 99 are 1900 to 1999. */
static int64_t stamp_ms(const char *stamp)
{
    int64_t year = digits(stamp, 4);
    int64_t month = digits(stamp + 4, 2) - 1;
    if (year < 100) {
        year += 1900;
    }
    if (month < 0) {
        month += 12;
        year--;
    }
    int64_t days = days_before(year + month / 12, month % 12) + digits(stamp + 6, 2) - 1;
    int64_t seconds =
        digits(stamp + 8, 2) * 3600 + digits(stamp + 10, 2) * 60 + digits(stamp + 12, 2);
    return (days * 86400 + seconds) * 1000;
}

static void add_migration(pd_reader *reader, const char *name)
{
    pd_set *set = reader->set;
    pd_migration *migration = PD_PUSH(reader->arena, set->migrations, set->count, set->capacity);
    migration->name = name;
    migration->v1_name = name;
    pd_read_sql_file(reader, pd_arena_printf(reader->arena, "%s" MIGRATION_FILE, name),
                     &migration->up);
    pd_read_sql_file(reader, pd_arena_printf(reader->arena, "%s" COMPANION_FILE, name),
                     &migration->down);
    if (has_stamp(name)) {
        migration->has_when = true;
        migration->when = stamp_ms(name);
        return;
    }
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_FOLDER_NAME, pd_tree_path(reader, name),
                "the folder %s does not begin with 14 digits: Drizzle would run it and then fail "
                "to record it",
                name);
    pd_finding_hint(reader->findings, finding,
                    "Rename it with `git mv` to YYYYMMDDHHMMSS_%s, with the time (UTC) of its "
                    "making.",
                    name);
}

static void report_empty(pd_reader *reader, const char *name)
{
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_FOLDER_EMPTY, pd_tree_path(reader, name),
                "the folder %s has no migration.sql", name);
    pd_finding_hint(reader->findings, finding,
                    "Drizzle passes over it silently. Commit its migration.sql (is it ignored?), "
                    "or remove the folder.");
}

/* Entries [first, last) stand in the folder `name`. */
static void read_folder(pd_reader *reader, const char *name, size_t first, size_t last)
{
    const char *up = pd_arena_printf(reader->arena, "%s" MIGRATION_FILE, name);
    const char *snapshot = pd_arena_printf(reader->arena, "%s" SNAPSHOT_FILE, name);
    const pd_entry *migration = pd_snapshot_find(reader->snapshot, up);
    const pd_entry *companion =
        pd_find_file(reader, pd_arena_printf(reader->arena, "%s" COMPANION_FILE, name));
    if (migration != NULL && migration->kind == PD_ENTRY_FILE) {
        add_migration(reader, name);
        return;
    }
    if (companion != NULL) {
        pd_add_orphan(reader, companion);
    }
    bool alone = companion != NULL && last - first == 1;
    bool meant = has_stamp(name) || pd_snapshot_find(reader->snapshot, snapshot) != NULL;
    if (migration == NULL && meant && !alone) {
        report_empty(reader, name);
    }
}

static void judge_pair(pd_reader *reader, const pd_migration *first, const pd_migration *second)
{
    if (!has_stamp(first->name) || strncmp(first->name, second->name, PD_STAMP_LEN) != 0) {
        return;
    }
    bool ambiguous =
        strcmp(first->name, second->name) > 0 || !is_ascii(first->name) || !is_ascii(second->name);
    pd_finding *finding =
        ambiguous
            ? pd_find(reader->findings, PD_RULE_FOLDER_ORDER, second->up.path,
                      "%s and %s are of one second, and Drizzle sorts them by the locale of the "
                      "machine that it runs on",
                      first->name, second->name)
            : pd_find(reader->findings, PD_RULE_DUPLICATE_VERSION, second->up.path,
                      "%s and %s are of one second, %.14s", first->name, second->name,
                      second->name);
    pd_finding_hint(reader->findings, finding,
                    "Rename the folder of the one that is not published yet, with `git mv`, to a "
                    "later second.");
}

void pd_read_drizzle_folders(pd_reader *reader)
{
    const pd_snapshot *snapshot = reader->snapshot;
    for (size_t i = 0; i < snapshot->count;) {
        const char *path = snapshot->entries[i].path;
        const char *slash = strchr(path, '/');
        size_t last = i + 1;
        if (slash != NULL) {
            size_t prefix = (size_t)(slash - path) + 1;
            while (last < snapshot->count &&
                   strncmp(snapshot->entries[last].path, path, prefix) == 0) {
                last++;
            }
            read_folder(reader, pd_arena_strndup(reader->arena, path, prefix - 1), i, last);
        }
        i = last;
    }
    pd_set *set = reader->set;
    if (set->count > 0) {
        qsort(set->migrations, set->count, sizeof *set->migrations, compare_folders);
    }
    for (size_t i = 1; i < set->count; i++) {
        judge_pair(reader, &set->migrations[i - 1], &set->migrations[i]);
    }
    pd_report_leftovers(reader, PD_RULE_SQL_OUTSIDE_SET);
}

/* The plain layout: NAME.sql in byte order of names, NAME-rollback.sql beside it. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "layout/reader.h"
#include "layout/version.h"

typedef struct numbered {
    const char *version;
    size_t index; /* of the migration */
} numbered;

static int compare_names(const void *left, const void *right)
{
    const pd_migration *a = left;
    const pd_migration *b = right;
    return strcmp(a->name, b->name);
}

static int compare_numbered(const void *left, const void *right)
{
    const numbered *a = left;
    const numbered *b = right;
    int order = pd_version_compare(a->version, b->version);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static bool is_migration(const pd_entry *entry, size_t *name_len)
{
    if (entry->kind != PD_ENTRY_FILE || !pd_is_top_level(entry->path) ||
        !pd_is_sql_name(entry->path)) {
        return false;
    }
    *name_len = strlen(entry->path) - strlen(".sql");
    return !pd_is_companion_name(entry->path, *name_len);
}

void pd_read_flat(pd_reader *reader)
{
    pd_set *set = reader->set;
    pd_arena *arena = reader->arena;
    size_t len = 0;
    for (size_t i = 0; i < reader->snapshot->count; i++) {
        const pd_entry *entry = &reader->snapshot->entries[i];
        if (!is_migration(entry, &len)) {
            continue;
        }
        pd_migration *migration = PD_PUSH(arena, set->migrations, set->count, set->capacity);
        migration->name = pd_arena_strndup(arena, entry->path, len);
        pd_read_sql_file(reader, entry->path, &migration->up);
        pd_read_sql_file(reader,
                         pd_arena_printf(arena, "%s" PD_COMPANION_SUFFIX ".sql", migration->name),
                         &migration->down);
    }
    for (size_t i = 0; i < reader->snapshot->count; i++) {
        const pd_entry *entry = &reader->snapshot->entries[i];
        if (!reader->taken[i] && pd_is_top_level(entry->path) && pd_is_sql_name(entry->path)) {
            pd_add_orphan(reader, entry);
        }
    }
    if (set->count > 0) {
        qsort(set->migrations, set->count, sizeof *set->migrations, compare_names);
    }
}

static void report_duplicate(pd_reader *reader, const numbered *first, const numbered *second)
{
    const pd_migration *a = &reader->set->migrations[first->index];
    const pd_migration *b = &reader->set->migrations[second->index];
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_DUPLICATE_VERSION, b->up.path,
                "%s has the version %s, as %s has", b->name, second->version, a->name);
    pd_finding_hint(reader->findings, finding,
                    "Two branches often take one number. Rename the one that is not published "
                    "yet, with `git mv`, to the next free number, its companion too, and run "
                    "`predeploy record`.");
}

static void report_order(pd_reader *reader, const numbered *first, const numbered *second)
{
    const pd_migration *a = &reader->set->migrations[first->index];
    const pd_migration *b = &reader->set->migrations[second->index];
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_ORDER_NOT_NUMERIC, b->up.path,
                "%s is applied before %s: names are compared byte by byte, not as numbers", a->name,
                b->name);
    pd_finding_hint(reader->findings, finding,
                    "Give all numbers one width, with zeros in front. Published migrations keep "
                    "their names: go on with numbers that sort behind them.");
}

void pd_read_plain(pd_reader *reader)
{
    pd_set *set = reader->set;
    pd_read_flat(reader);
    numbered *versions = pd_arena_array(reader->arena, set->count + 1, sizeof *versions);
    size_t count = 0;
    bool ordered = true;
    for (size_t i = 0; i < set->count; i++) {
        const char *version = pd_version_of(reader->arena, set->migrations[i].name);
        if (version == NULL) {
            continue;
        }
        versions[count] = (numbered){version, i};
        if (ordered && count > 0 && pd_version_compare(versions[count - 1].version, version) > 0) {
            report_order(reader, &versions[count - 1], &versions[count]);
            ordered = false;
        }
        count++;
    }
    qsort(versions, count, sizeof *versions, compare_numbered);
    for (size_t i = 1, first = 0; i < count; i++) {
        if (pd_version_compare(versions[first].version, versions[i].version) != 0) {
            first = i;
        } else {
            report_duplicate(reader, &versions[first], &versions[i]);
        }
    }
    pd_report_leftovers(reader, PD_RULE_SQL_OUTSIDE_SET);
}

/* Whether a line is a section mark of goose, dbmate or sql-migrate. */
static const char *tool_of_line(const char *line)
{
    static const struct {
        const char *mark;
        const char *tool;
    } marks[] = {{"+goose", "goose"}, {"migrate:up", "dbmate"}, {"+migrate", "sql-migrate"}};
    if (strncmp(line, "--", 2) != 0) {
        return NULL;
    }
    line += 2;
    line += strspn(line, " \t");
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (strncasecmp(line, marks[i].mark, strlen(marks[i].mark)) == 0) {
            return marks[i].tool;
        }
    }
    return NULL;
}

const char *pd_foreign_content(const pd_set *set, size_t *index)
{
    for (*index = 0; *index < set->count; (*index)++) {
        const pd_sql_file *up = &set->migrations[*index].up;
        const char *end = up->data + up->len;
        for (const char *line = up->data; line < end;) {
            const char *tool = tool_of_line(line);
            const char *feed = memchr(line, '\n', (size_t)(end - line));
            if (tool != NULL) {
                return tool;
            }
            line = feed == NULL ? end : feed + 1;
        }
    }
    return NULL;
}

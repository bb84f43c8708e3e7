#include "layout/reader.h"

#include <string.h>
#include <strings.h>

#include "base/printable.h"
#include "base/str.h"

#define SQL_SUFFIX_LEN 4
#define LOCATED_LINE_MAX 4096

bool pd_is_top_level(const char *path)
{
    return strchr(path, '/') == NULL;
}

bool pd_is_sql_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash == NULL ? name : slash + 1;
    return strlen(base) > SQL_SUFFIX_LEN && pd_ends_with(base, ".sql");
}

bool pd_is_companion_name(const char *name, size_t len)
{
    size_t suffix = strlen(PD_COMPANION_SUFFIX);
    return len > suffix && memcmp(name + len - suffix, PD_COMPANION_SUFFIX, suffix) == 0;
}

const char *pd_tree_path(const pd_reader *reader, const char *entry)
{
    const char *folder = reader->snapshot->folder;
    if (*folder == '\0') {
        return entry;
    }
    size_t before = strlen(folder);
    size_t len = strlen(entry);
    char *path = pd_arena_alloc(reader->arena, before + len + 2);
    memcpy(path, folder, before);
    path[before] = '/';
    memcpy(path + before + 1, entry, len);
    return path;
}

size_t pd_entry_index(const pd_reader *reader, const pd_entry *entry)
{
    return (size_t)(entry - reader->snapshot->entries);
}

bool pd_is_taken(const pd_reader *reader, const pd_entry *entry)
{
    return reader->taken[pd_entry_index(reader, entry)];
}

void pd_take(pd_reader *reader, const pd_entry *entry)
{
    reader->taken[pd_entry_index(reader, entry)] = true;
}

const pd_entry *pd_find_file(const pd_reader *reader, const char *path)
{
    const pd_entry *entry = pd_snapshot_find(reader->snapshot, path);
    return entry != NULL && entry->kind == PD_ENTRY_FILE ? entry : NULL;
}

void pd_read_sql_file(pd_reader *reader, const char *path, pd_sql_file *out)
{
    const pd_entry *entry = pd_find_file(reader, path);
    *out = (pd_sql_file){.path = pd_tree_path(reader, path), .entry = path};
    if (entry == NULL) {
        return;
    }
    pd_take(reader, entry);
    memcpy(out->oid, entry->oid, sizeof out->oid);
    if (entry->data == NULL) {
        out->data = "";
        return;
    }
    out->data = entry->data;
    out->len = (size_t)entry->size;
    if (entry->sha256 != NULL) {
        memcpy(out->hash, entry->sha256, sizeof out->hash);
    } else {
        pd_sha256_hex(out->data, out->len, out->hash);
    }
}

void pd_add_orphan(pd_reader *reader, const pd_entry *entry)
{
    pd_set *set = reader->set;
    pd_sql_file *orphan =
        PD_PUSH(reader->arena, set->orphans, set->orphan_count, set->orphan_capacity);
    pd_read_sql_file(reader, entry->path, orphan);
}

/* The migration that a file may be the companion of, by a name that is nearly right: one that lacks
 * its companion, whose name the file's goes on from. NULL: there is none. */
static const pd_migration *meant_companion(const pd_reader *reader, const char *entry)
{
    static const char *const words[] = {"rollback", "revert", "undo", "down"};
    const pd_set *set = reader->set;
    const pd_migration *found = NULL;
    for (size_t i = 0; i < set->count; i++) {
        const pd_migration *migration = &set->migrations[i];
        size_t len = strlen(migration->name);
        bool longer = found == NULL || len > strlen(found->name);
        if (longer && migration->down.data == NULL && strncmp(entry, migration->name, len) == 0)
            found = migration;
    }
    for (size_t i = 0; found != NULL && i < sizeof words / sizeof *words; i++)
        if (strcasestr(entry + strlen(found->name), words[i]) != NULL)
            return found;
    return NULL;
}

static void report_orphan_file(pd_reader *reader, const pd_entry *entry)
{
    size_t len = strlen(entry->path) - SQL_SUFFIX_LEN;
    const pd_migration *meant = meant_companion(reader, entry->path);
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_JOURNAL_ORPHAN_FILE, pd_tree_path(reader, entry->path),
                "no entry of %s names %s: Drizzle never runs it", PD_JOURNAL_FILE, entry->path);
    if (meant != NULL) {
        const char *wanted =
            pd_arena_printf(reader->arena, "%s" PD_COMPANION_SUFFIX ".sql", meant->name);
        pd_finding_hint(reader->findings, finding,
                        "Did you mean %s, the companion of %s? `git mv %s %s`", wanted, meant->name,
                        pd_shell_word(reader->arena, finding->place.path),
                        pd_shell_word(reader->arena, pd_tree_path(reader, wanted)));
        return;
    }
    pd_finding_hint(reader->findings, finding,
                    "A merge that kept one side of the journal often leaves such a file. Delete "
                    "it and let `drizzle-kit generate` make it anew behind the others, or bring "
                    "back its entry with the tag \"%.*s\".",
                    (int)len, entry->path);
}

static void report_outside(pd_reader *reader, const pd_entry *entry)
{
    const char *path = pd_tree_path(reader, entry->path);
    if (!pd_ends_with(entry->path, ".sql")) {
        pd_finding *finding = pd_find(reader->findings, PD_RULE_SQL_OUTSIDE_SET, path,
                                      "%s does not end in .sql, in lower case", entry->path);
        pd_finding_hint(reader->findings, finding,
                        "It is never run. Rename it with `git mv`, or move it out of the "
                        "migrations folder.");
        return;
    }
    pd_finding *finding = pd_find(reader->findings, PD_RULE_SQL_OUTSIDE_SET, path,
                                  "%s belongs to no migration: in the layout %s it is never run",
                                  entry->path, pd_layout_name(reader->set->layout));
    pd_finding_hint(reader->findings, finding,
                    "Name and place it as this layout has its migrations, or move it out of the "
                    "migrations folder.");
}

void pd_report_leftovers(pd_reader *reader, pd_rule top_level_rule)
{
    for (size_t i = 0; i < reader->snapshot->count; i++) {
        const pd_entry *entry = &reader->snapshot->entries[i];
        size_t len = strlen(entry->path);
        bool sql =
            len > SQL_SUFFIX_LEN && strcasecmp(entry->path + len - SQL_SUFFIX_LEN, ".sql") == 0;
        if (!sql || reader->taken[i] || entry->kind != PD_ENTRY_FILE) {
            continue;
        }
        bool orphan_rule = top_level_rule == PD_RULE_JOURNAL_ORPHAN_FILE &&
                           pd_is_top_level(entry->path) && pd_is_sql_name(entry->path);
        if (orphan_rule) {
            report_orphan_file(reader, entry);
        } else {
            report_outside(reader, entry);
        }
    }
}

void pd_finding_in_line(pd_findings *findings, pd_finding *finding, const char *line_text,
                        const char *end, size_t offset, int line)
{
    if (line == 0) {
        return;
    }
    size_t rest = (size_t)(end - line_text);
    size_t seen = rest > LOCATED_LINE_MAX ? LOCATED_LINE_MAX : rest;
    const char *feed = memchr(line_text, '\n', seen);
    if (feed != NULL || seen == rest) {
        size_t len = feed == NULL ? rest : (size_t)(feed - line_text);
        pd_finding_at(findings, finding, line_text, len, offset);
    }
    finding->place.line = line;
}

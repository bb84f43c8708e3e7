/* Migrations and their companions as pairs of files, by a row of the table in patterns.c. */
#include "layout/pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "layout/version.h"

typedef struct pairing {
    const pd_pairs *pairs;
    pd_pair_file *files;
    size_t count;
    size_t capacity;
} pairing;

/* ---- one file ---- */

static int compare_numbers(const char *a, const char *b)
{
    return pd_version_order_compare(PD_ORDER_NUMERIC, a, b);
}

static bool within_limits(const pd_pairs *pairs, const pd_pair_file *file)
{
    const char *version = file->names.version;
    return version == NULL ||
           ((pairs->least == NULL || compare_numbers(version, pairs->least) >= 0) &&
            (pairs->most == NULL || compare_numbers(version, pairs->most) <= 0));
}

/* The version of diesel: what stands in front of the first '_', without '-'. */
static const char *folder_version(pd_arena *arena, const char *name)
{
    size_t len = strcspn(name, "_");
    char *version = pd_arena_strndup(arena, name, len);
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        if (name[i] != '-') {
            version[kept++] = name[i];
        }
    }
    version[kept] = '\0';
    return version;
}

static const char *sort_version(pd_arena *arena, const pd_pairs *pairs, const pd_pair_file *file)
{
    switch (pairs->key) {
    case PD_KEY_NAME:
        return NULL;
    case PD_KEY_VERSION:
        return file->names.version;
    case PD_KEY_FOLDER:
        return folder_version(arena, file->names.name);
    case PD_KEY_FILE:
        return file->entry;
    }
    return NULL;
}

typedef struct best {
    pd_pair_file *file;
    size_t literals;
} best;

/* Keeps the pattern with the most literal text that the path fits. */
static void try_pattern(pd_arena *arena, const pd_pairs *pairs, const char *pattern,
                        const char *path, pd_pair_file candidate, best *found)
{
    size_t literals = pd_pattern_literals(pattern);
    bool better = found->file->entry == NULL || literals > found->literals;
    if (better && pd_pattern_match(arena, pattern, pairs->order, path, &candidate.names)) {
        *found->file = candidate;
        found->literals = literals;
    }
}

static void try_patterns(pd_arena *arena, const pd_pairs *pairs, const char *path, best *found,
                         const char *entry)
{
    pd_pair_file file = {.entry = entry};
    for (; file.rank < PD_PATTERNS_MAX && pairs->up[file.rank] != NULL; file.rank++) {
        try_pattern(arena, pairs, pairs->up[file.rank], path, file, found);
    }
    file.down = true;
    for (file.rank = 0; file.rank < PD_PATTERNS_MAX && pairs->down[file.rank] != NULL;
         file.rank++) {
        try_pattern(arena, pairs, pairs->down[file.rank], path, file, found);
    }
    file.down = false;
    file.rank = 0;
    file.baseline = true;
    if (pairs->baseline != NULL) {
        try_pattern(arena, pairs, pairs->baseline, path, file, found);
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The path that a program would have as an SQL file. */
static const char *as_sql(pd_arena *arena, const char *path)
{
    size_t len = (size_t)(strrchr(path, '.') - path);
    return pd_arena_printf(arena, "%.*s.sql", (int)len, path);
}

/* Whether a folder on the way to the file is one that the tool does not look into. */
static bool is_hidden(const pd_pairs *pairs, const char *path)
{
    const char *slash = strchr(path, '/');
    while (pairs->skips_hidden && slash != NULL) {
        if (*path == '.') {
            return true;
        }
        path = slash + 1;
        slash = strchr(path, '/');
    }
    return false;
}

bool pd_pairs_match(pd_arena *arena, const pd_pairs *pairs, const char *path, pd_pair_file *out)
{
    const char *program = pairs->programs ? pd_program_kind(path) : NULL;
    if ((program == NULL && !pd_is_sql_name(path)) || is_hidden(pairs, path)) {
        return false;
    }
    const char *seen = pairs->nested ? base_name(path) : path;
    best found = {.file = out};
    *out = (pd_pair_file){0};
    try_patterns(arena, pairs, program == NULL ? seen : as_sql(arena, seen), &found, path);
    if (out->entry == NULL || !within_limits(pairs, out)) {
        return false;
    }
    if (program != NULL) {
        out->program = program;
        out->names.name = base_name(path);
        /* Without a version it is a helper of the programs, or has nothing to do with them. */
        if (out->down || (out->names.version == NULL && pd_version_of(arena, seen) == NULL)) {
            return false;
        }
    }
    out->version = sort_version(arena, pairs, out);
    return true;
}

/* ---- all files ---- */

static int compare_keys(const pairing *self, const pd_pair_file *a, const pd_pair_file *b)
{
    return self->pairs->key == PD_KEY_VERSION
               ? pd_version_order_compare(self->pairs->order, a->version, b->version)
               : strcmp(a->names.name, b->names.name);
}

/* By key, then name; the migration in front of its companions. */
static int compare_files(const void *left, const void *right, void *context)
{
    const pd_pair_file *a = left;
    const pd_pair_file *b = right;
    int order = compare_keys(context, a, b);
    order = order != 0 ? order : strcmp(a->names.name, b->names.name);
    order = order != 0 ? order : a->down - b->down;
    order = order != 0 ? order : (a->rank > b->rank) - (a->rank < b->rank);
    return order != 0 ? order : strcmp(a->entry, b->entry);
}

static int compare_migrations(const void *left, const void *right, void *context)
{
    return pd_migration_compare(context, left, right);
}

static void report_repeatable(pd_reader *reader, const pd_entry *entry)
{
    pd_finding *finding = pd_find(
        reader->findings, PD_RULE_MIGRATION_REPEATABLE, pd_tree_path(reader, entry->path),
        "%s is repeatable: it is neither planned nor recorded here", base_name(entry->path));
    pd_finding_hint(reader->findings, finding,
                    "Flyway runs it behind all others whenever it has changed. Run it with "
                    "Flyway, or put its new version into a versioned migration.");
    pd_take(reader, entry);
}

bool pd_pairs_is_repeatable(pd_arena *arena, const pd_pairs *pairs, const char *path)
{
    pd_pattern_names names;
    const char *seen = base_name(path);
    if (pairs->repeatable == NULL || is_hidden(pairs, path)) {
        return false;
    }
    const char *sql = pd_program_kind(path) != NULL ? as_sql(arena, seen) : seen;
    return pd_pattern_match(arena, pairs->repeatable, pairs->order, sql, &names);
}

static void collect(pd_reader *reader, pairing *self)
{
    for (size_t i = 0; i < reader->snapshot->count; i++) {
        const pd_entry *entry = &reader->snapshot->entries[i];
        pd_pair_file file;
        if (entry->kind != PD_ENTRY_FILE) {
            continue;
        }
        if (pd_pairs_is_repeatable(reader->arena, self->pairs, entry->path)) {
            report_repeatable(reader, entry);
        } else if (pd_pairs_match(reader->arena, self->pairs, entry->path, &file)) {
            *PD_PUSH(reader->arena, self->files, self->count, self->capacity) = file;
        }
    }
    if (self->pairs->baseline != NULL) {
        pd_settle_baselines(reader, self->pairs, self->files, self->count);
    }
}

static void report_program(pd_reader *reader, const pd_migration *migration)
{
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_MIGRATION_NOT_SQL, migration->up.path,
                "%s is %s: what it does, and how it is undone, cannot be vouched for",
                migration->name, migration->needs_tool);
    pd_finding_hint(reader->findings, finding,
                    "Its bytes are recorded and compared like those of any migration. Only its "
                    "own tool can run it.");
}

static void add_migration(pd_reader *reader, const pd_pairs *pairs, const pd_pair_file *up,
                          const pd_pair_file *down)
{
    pd_set *set = reader->set;
    pd_migration *migration = PD_PUSH(reader->arena, set->migrations, set->count, set->capacity);
    migration->name = up->names.name;
    migration->version = up->version;
    pd_read_sql_file(reader, up->entry, &migration->up);
    if (down != NULL) {
        pd_read_sql_file(reader, down->entry, &migration->down);
    } else if (pairs->down[0] != NULL && up->program == NULL) {
        const char *lacks = pd_pattern_expand(reader->arena, pairs->down[0], &up->names);
        migration->down = (pd_sql_file){.path = pd_tree_path(reader, lacks), .entry = lacks};
    }
    if (up->program != NULL) {
        migration->needs_tool = up->program;
        report_program(reader, migration);
    } else if (pairs->finish != NULL) {
        pairs->finish(reader, migration);
    }
}

/* Two companions of one version: their tool would run either. */
static void report_second(pd_reader *reader, const pd_pair_file *first, const pd_pair_file *second)
{
    pd_finding *finding =
        pd_find(reader->findings, PD_RULE_DUPLICATE_VERSION, pd_tree_path(reader, second->entry),
                "%s is a second companion of the version %s, as %s is", second->entry,
                second->version, first->entry);
    pd_finding_hint(reader->findings, finding,
                    "Keep the one that undoes the migration, and remove the other.");
    pd_take(reader, pd_snapshot_find(reader->snapshot, second->entry));
}

/* The companion of one migration among those of its group: its own name's, else, when no other
 * migration could mean it, the first of its version. */
static const pd_pair_file *companion_of(const pairing *self, size_t up, size_t first, size_t last,
                                        size_t ups)
{
    const pd_pair_file *migration = &self->files[up];
    size_t next = up + 1;
    if (next < last && self->files[next].down &&
        strcmp(self->files[next].names.name, migration->names.name) == 0) {
        return &self->files[next];
    }
    for (size_t i = first; ups == 1 && i < last; i++) {
        if (self->files[i].down) {
            return &self->files[i];
        }
    }
    return NULL;
}

static void settle_rest(pd_reader *reader, const pairing *self, size_t first, size_t last,
                        const pd_pair_file *taken)
{
    for (size_t i = first; i < last; i++) {
        const pd_pair_file *file = &self->files[i];
        const pd_entry *entry = pd_snapshot_find(reader->snapshot, file->entry);
        if (!file->down || pd_is_taken(reader, entry)) {
            continue;
        }
        if (taken == NULL) {
            pd_add_orphan(reader, entry);
        } else if (self->pairs->key == PD_KEY_VERSION) {
            report_second(reader, taken, file);
        }
    }
}

/* The files [first, last) have one key. */
static void read_group(pd_reader *reader, const pairing *self, size_t first, size_t last)
{
    const pd_pair_file *taken = NULL;
    size_t ups = 0;
    for (size_t i = first; i < last; i++) {
        ups += !self->files[i].down && !self->files[i].dropped;
    }
    for (size_t i = first; i < last; i++) {
        const pd_pair_file *file = &self->files[i];
        if (file->down || file->dropped) {
            continue;
        }
        const pd_pair_file *down = file->program != NULL || self->pairs->down[0] == NULL
                                       ? NULL
                                       : companion_of(self, i, first, last, ups);
        taken = down == NULL ? taken : down;
        add_migration(reader, self->pairs, file, down);
    }
    settle_rest(reader, self, first, last, taken);
}

void pd_read_pairs(pd_reader *reader, const pd_pairs *pairs)
{
    pd_set *set = reader->set;
    pairing self = {.pairs = pairs};
    set->order = pairs->key == PD_KEY_VERSION ? pairs->order : PD_ORDER_BYTES;
    collect(reader, &self);
    if (self.count > 0) {
        qsort_r(self.files, self.count, sizeof *self.files, compare_files, &self);
    }
    for (size_t first = 0, last = 0; first < self.count; first = last) {
        while (last < self.count &&
               compare_keys(&self, &self.files[first], &self.files[last]) == 0) {
            last++;
        }
        read_group(reader, &self, first, last);
    }
    if (set->count > 0) {
        qsort_r(set->migrations, set->count, sizeof *set->migrations, compare_migrations, set);
    }
}

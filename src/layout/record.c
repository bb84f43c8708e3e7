/* What SHA256SUMS should say of the work tree, and what of it may be written. */
#include <stdlib.h>
#include <string.h>

#include "layout/manifest.h"

/* All that is known of one entry: NULL where it is not there. */
typedef struct row {
    const char *entry;
    const char *file;      /* hash of the file in the tree, "" when it could not be read */
    const char *recorded;  /* hash of its line in the tree's SHA256SUMS */
    const char *published; /* hash of its line in the base's */
} row;

typedef struct rows {
    pd_arena *arena;
    row *items;
    size_t count;
    size_t capacity;
} rows;

static void add(rows *self, row item)
{
    *PD_PUSH(self->arena, self->items, self->count, self->capacity) = item;
}

static void add_file(rows *self, const pd_sql_file *file)
{
    if (file->data != NULL) {
        add(self, (row){.entry = file->entry, .file = file->hash});
    }
}

static int compare_rows(const void *left, const void *right)
{
    return strcmp(((const row *)left)->entry, ((const row *)right)->entry);
}

/* Sorts by entry and makes one row of all that speak of one entry. */
static void merge(rows *self)
{
    size_t kept = 0;
    if (self->count == 0) {
        return;
    }
    qsort(self->items, self->count, sizeof *self->items, compare_rows);
    for (size_t i = 1; i < self->count; i++) {
        const row *next = &self->items[i];
        row *last = &self->items[kept];
        if (strcmp(last->entry, next->entry) != 0) {
            self->items[++kept] = *next;
            continue;
        }
        last->file = last->file == NULL ? next->file : last->file;
        last->recorded = last->recorded == NULL ? next->recorded : last->recorded;
        last->published = last->published == NULL ? next->published : last->published;
    }
    self->count = kept + 1;
}

/* What of a published journal stands under other names in the folders that `drizzle-kit up` made.
 */
static void add_upgraded(rows *self, const char *folder, const char *file, const char *hash)
{
    if (*hash != '\0') {
        add(self,
            (row){.entry = pd_arena_printf(self->arena, "%s/%s", folder, file), .published = hash});
    }
}

static void add_published(rows *self, const pd_set *base, bool upgraded)
{
    for (size_t i = 0; !upgraded && i < base->sums_count; i++) {
        add(self, (row){.entry = base->sums[i].entry, .published = base->sums[i].hash});
    }
    for (size_t i = 0; upgraded && i < base->count; i++) {
        const pd_migration *migration = &base->migrations[i];
        const char *folder = migration->v1_name != NULL ? migration->v1_name : migration->name;
        add_upgraded(self, folder, "migration.sql", migration->up.hash);
        add_upgraded(self, folder, "rollback.sql", migration->down.hash);
    }
}

static void collect(rows *self, const pd_set *tree, const pd_set *base)
{
    for (size_t i = 0; i < tree->count; i++) {
        add_file(self, &tree->migrations[i].up);
        if (!tree->migrations[i].one_file) {
            add_file(self, &tree->migrations[i].down);
        }
        add_file(self, &tree->migrations[i].config);
    }
    for (size_t i = 0; i < tree->orphan_count; i++) {
        add_file(self, &tree->orphans[i]);
    }
    for (size_t i = 0; i < tree->sums_count; i++) {
        add(self, (row){.entry = tree->sums[i].entry, .recorded = tree->sums[i].hash});
    }
    if (base != NULL) {
        add_published(self, base,
                      base->layout == PD_LAYOUT_DRIZZLE &&
                          tree->layout == PD_LAYOUT_DRIZZLE_FOLDERS);
    }
    merge(self);
}

static void change(pd_arena *arena, pd_record *out, pd_record_kind kind, const char *entry)
{
    pd_record_change *item = PD_PUSH(arena, out->changes, out->count, out->capacity);
    item->kind = kind;
    item->entry = entry;
    out->refused += kind == PD_RECORD_REFUSED_CHANGED || kind == PD_RECORD_REFUSED_REMOVED;
}

/* Judges one entry and gives the hash that is to be listed, NULL for none. */
static const char *judge(pd_arena *arena, pd_record *out, const row *item)
{
    if (item->file != NULL && *item->file == '\0') {
        return item->recorded; /* not read: what the list says of it stays */
    }
    if (item->file == NULL) {
        if (item->published != NULL) {
            change(arena, out, PD_RECORD_REFUSED_REMOVED, item->entry);
        } else {
            change(arena, out, PD_RECORD_REMOVED, item->entry);
        }
        return item->published;
    }
    if (item->published != NULL && strcmp(item->published, item->file) != 0) {
        change(arena, out, PD_RECORD_REFUSED_CHANGED, item->entry);
        return item->published;
    }
    if (item->recorded == NULL) {
        change(arena, out, PD_RECORD_ADDED, item->entry);
    } else if (strcmp(item->recorded, item->file) != 0) {
        change(arena, out, PD_RECORD_CHANGED, item->entry);
    }
    return item->file;
}

/* GNU sha256sum marks a line with escapes by a backslash in front. */
static void write_line(pd_strbuf *out, const char *hash, const char *entry)
{
    if (strpbrk(entry, "\\\n\r") == NULL) {
        pd_strbuf_addf(out, "%s  %s\n", hash, entry);
        return;
    }
    pd_strbuf_addf(out, "\\%s  ", hash);
    for (const char *at = entry; *at != '\0'; at++) {
        switch (*at) {
        case '\\':
            pd_strbuf_adds(out, "\\\\");
            break;
        case '\n':
            pd_strbuf_adds(out, "\\n");
            break;
        case '\r':
            pd_strbuf_adds(out, "\\r");
            break;
        default:
            pd_strbuf_addc(out, *at);
            break;
        }
    }
    pd_strbuf_addc(out, '\n');
}

void pd_record_make(pd_arena *arena, const pd_set *tree, const pd_set *base, pd_record *out)
{
    rows all = {.arena = arena};
    PD_AUTO_STRBUF text = pd_strbuf_new(PD_STRBUF_MAX);
    *out = (pd_record){0};
    collect(&all, tree, base);
    for (size_t i = 0; i < all.count; i++) {
        const char *hash = judge(arena, out, &all.items[i]);
        if (hash != NULL) {
            write_line(&text, hash, all.items[i].entry);
        }
    }
    out->text = pd_strbuf_keep(&text, arena);
}

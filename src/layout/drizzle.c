/* Drizzle's journal layout: meta/_journal.json names the files and gives the order. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "layout/journal.h"
#include "layout/pairs.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

typedef struct drizzle_reader {
    pd_reader *reader;
    const pd_entry *file; /* the journal */
    const char *path;     /* of the journal, from the root of the tree */
    pd_journal journal;
    const pd_journal_entry **by_tag; /* sorted by tag, then index */
    const pd_journal_entry *latest;  /* with the largest `when` so far, NULL at first */
} drizzle_reader;

static int compare_tags(const void *left, const void *right)
{
    const pd_journal_entry *a = *(const pd_journal_entry *const *)left;
    const pd_journal_entry *b = *(const pd_journal_entry *const *)right;
    int order = strcmp(a->tag, b->tag);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static void sort_tags(drizzle_reader *self)
{
    size_t count = self->journal.count;
    self->by_tag = pd_arena_array(self->reader->arena, count + 1, sizeof(pd_journal_entry *));
    for (size_t i = 0; i < count; i++) {
        self->by_tag[i] = &self->journal.entries[i];
    }
    qsort(self->by_tag, count, sizeof(pd_journal_entry *), compare_tags);
}

/* The first entry of that tag, NULL when there is none. */
static const pd_journal_entry *find_tag(const drizzle_reader *self, const char *tag)
{
    size_t low = 0;
    size_t high = self->journal.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(self->by_tag[middle]->tag, tag) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < self->journal.count && strcmp(self->by_tag[low]->tag, tag) == 0;
    return found ? self->by_tag[low] : NULL;
}

static void place(const drizzle_reader *self, pd_finding *finding, pd_spot spot)
{
    const char *text = self->file->data;
    pd_finding_in_line(self->reader->findings, finding, text + spot.line_start,
                       text + self->file->size, spot.offset, spot.line);
}

static void report_duplicate(drizzle_reader *self, const pd_journal_entry *entry,
                             const pd_journal_entry *first)
{
    pd_findings *findings = self->reader->findings;
    pd_finding *finding =
        pd_find(findings, PD_RULE_JOURNAL_DUPLICATE, self->path,
                "entries[%zu] names \"%s\" again, as entries[%zu] on line %d does: Drizzle would "
                "run the file twice",
                entry->index, entry->tag, first->index, first->tag_spot.line);
    place(self, finding, entry->tag_spot);
    pd_finding_hint(findings, finding, "Remove the second entry from %s.", PD_JOURNAL_FILE);
}

static void report_missing(drizzle_reader *self, const pd_journal_entry *entry)
{
    pd_findings *findings = self->reader->findings;
    pd_finding *finding = pd_find(findings, PD_RULE_JOURNAL_MISSING_FILE, self->path,
                                  "entries[%zu] names \"%s\", but %s.sql is not there",
                                  entry->index, entry->tag, entry->tag);
    place(self, finding, entry->tag_spot);
    pd_finding_hint(
        findings, finding,
        "Drizzle stops at it even where it is applied. Commit the file (`git log "
        "--diff-filter=D -- '%s'` finds who removed it), or remove the entry when it "
        "was applied nowhere.",
        pd_tree_path(self->reader, pd_arena_printf(self->reader->arena, "%s.sql", entry->tag)));
}

static void judge_order(drizzle_reader *self, const pd_journal_entry *entry)
{
    pd_findings *findings = self->reader->findings;
    pd_arena *arena = self->reader->arena;
    const pd_journal_entry *before = self->latest;
    if (before == NULL || entry->when > before->when) {
        self->latest = entry;
        return;
    }
    pd_finding *finding =
        pd_find(findings, PD_RULE_JOURNAL_WHEN, self->path,
                "entries[%zu] \"%s\" has the time %lld (%s), which is not above %lld (%s) of "
                "entries[%zu] \"%s\" in front of it: Drizzle 0.x silently skips it where that one "
                "is applied",
                entry->index, entry->tag, (long long)entry->when,
                pd_timestamp(arena, entry->when / 1000), (long long)before->when,
                pd_timestamp(arena, before->when / 1000), before->index, before->tag);
    place(self, finding, entry->when_spot);
    pd_finding_hint(findings, finding,
                    "While it is applied nowhere yet, raise its \"when\" above %lld: delete the "
                    "migration and run `drizzle-kit generate` again, or change the number in %s.",
                    (long long)before->when, PD_JOURNAL_FILE);
}

static void judge_future(drizzle_reader *self, const pd_journal_entry *entry)
{
    pd_findings *findings = self->reader->findings;
    if (entry->when <= self->reader->now_ms + DAY_MS) {
        return;
    }
    pd_finding *finding =
        pd_find(findings, PD_RULE_JOURNAL_FUTURE, self->path,
                "entries[%zu] \"%s\" has the time %lld (%s), which is still to come: once it is "
                "applied, Drizzle 0.x skips what is generated before that time",
                entry->index, entry->tag, (long long)entry->when,
                pd_timestamp(self->reader->arena, entry->when / 1000));
    place(self, finding, entry->when_spot);
    pd_finding_hint(findings, finding,
                    "Check the clock where it was generated. While it is applied nowhere yet, "
                    "lower its \"when\" to the present, %lld.",
                    (long long)self->reader->now_ms);
}

/* The digits in front of the first '_'; 0 when there is no such number. */
static size_t number_len(const char *tag)
{
    size_t len = strspn(tag, "0123456789");
    return tag[len] == '_' ? len : 0;
}

/* Both sides of a merge were kept: one snapshot has gone with it, from which drizzle-kit would have
 * made the next migration. Once there is a next one that is over. */
static void judge_number(drizzle_reader *self)
{
    const pd_journal *journal = &self->journal;
    pd_findings *findings = self->reader->findings;
    if (journal->count < 2)
        return;
    const pd_journal_entry *last = &journal->entries[journal->count - 1];
    size_t len = number_len(last->tag);
    for (size_t i = journal->count - 1; len > 0 && i-- > 0;) {
        const pd_journal_entry *entry = &journal->entries[i];
        if (number_len(entry->tag) != len || memcmp(entry->tag, last->tag, len) != 0 ||
            strcmp(entry->tag, last->tag) == 0)
            continue;
        pd_finding *finding = pd_find(
            findings, PD_RULE_JOURNAL_NUMBER, self->path,
            "entries[%zu] \"%s\" has the number %.*s, as entries[%zu] \"%s\" has: both have one "
            "snapshot, so that the next `drizzle-kit generate` writes one of them once more",
            last->index, last->tag, (int)len, last->tag, entry->index, entry->tag);
        place(self, finding, last->tag_spot);
        pd_finding_hint(findings, finding,
                        "Take the journal and the snapshot of the side that is published, delete "
                        "the file of the other one, and let `drizzle-kit generate` make it anew.");
        return;
    }
}

static void add_migration(drizzle_reader *self, const pd_journal_entry *entry)
{
    pd_reader *reader = self->reader;
    pd_set *set = reader->set;
    pd_arena *arena = reader->arena;
    const char *up = pd_arena_printf(arena, "%s.sql", entry->tag);
    const char *companion = pd_arena_printf(arena, "%s" PD_COMPANION_SUFFIX, entry->tag);
    const char *down = pd_arena_printf(arena, "%s.sql", companion);
    const pd_entry *file = pd_snapshot_find(reader->snapshot, up);
    if (file == NULL) {
        report_missing(self, entry);
        return;
    }
    if (file->kind != PD_ENTRY_FILE) {
        return;
    }
    pd_migration *migration = PD_PUSH(arena, set->migrations, set->count, set->capacity);
    migration->name = entry->tag;
    migration->journal_line = entry->tag_spot.line;
    pd_read_sql_file(reader, up, &migration->up);
    if (find_tag(self, companion) == NULL) {
        pd_read_sql_file(reader, down, &migration->down);
    } else { /* the journal names it: it is a migration itself */
        migration->down = (pd_sql_file){.path = pd_tree_path(reader, down), .entry = down};
    }
    if (entry->has_when) {
        migration->has_when = true;
        migration->when = entry->when;
        migration->v1_name = pd_drizzle_v1_name(arena, entry->tag, entry->when);
    }
}

static void read_entry(drizzle_reader *self, const pd_journal_entry *entry)
{
    const pd_journal_entry *first = find_tag(self, entry->tag);
    if (first != entry) {
        report_duplicate(self, entry, first);
        return;
    }
    add_migration(self, entry);
    if (entry->has_when) {
        judge_order(self, entry);
        judge_future(self, entry);
    }
}

static void read_orphans(pd_reader *reader)
{
    for (size_t i = 0; i < reader->snapshot->count; i++) {
        const pd_entry *entry = &reader->snapshot->entries[i];
        if (!reader->taken[i] && entry->kind == PD_ENTRY_FILE && pd_is_top_level(entry->path) &&
            pd_is_sql_name(entry->path) &&
            pd_is_companion_name(entry->path, strlen(entry->path) - 4)) {
            pd_add_orphan(reader, entry);
        }
    }
}

void pd_read_drizzle(pd_reader *reader)
{
    drizzle_reader self = {.reader = reader, .file = pd_find_file(reader, PD_JOURNAL_FILE)};
    self.path = pd_tree_path(reader, PD_JOURNAL_FILE);
    /* A journal that cannot be read has its finding; the files keep their places in the set
     * without it, so that no other gate speaks of them as missing. */
    if (self.file == NULL || reader->unsound[pd_entry_index(reader, self.file)] ||
        !pd_journal_read(reader->arena, self.path, self.file->data, (size_t)self.file->size,
                         reader->findings, &self.journal)) {
        pd_read_pairs(reader, pd_pairs_of(PD_LAYOUT_DRIZZLE, reader->snapshot, NULL, NULL));
        return;
    }
    sort_tags(&self);
    for (size_t i = 0; i < self.journal.count; i++) {
        read_entry(&self, &self.journal.entries[i]);
    }
    judge_number(&self);
    if (self.journal.complete) {
        read_orphans(reader);
        pd_report_leftovers(reader, PD_RULE_JOURNAL_ORPHAN_FILE);
    }
}

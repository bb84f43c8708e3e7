#include "gate/foreign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "gate/claims.h"
#include "gate/names.h"

#define DIGITS "0123456789"
#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* How a tool compares versions. */
typedef enum version_kind {
    VERSION_NUMBER,
    VERSION_DOTTED,
    VERSION_TEXT,   /* digits in front of the name, with their zeros */
    VERSION_DASHED, /* text, dashes taken out */
    VERSION_NAME,   /* the migration's whole name */
} version_kind;

typedef struct version {
    const char *text;
    size_t index;
} version;

static version_kind kind_of(pd_layout_kind tool)
{
    switch (tool) {
    case PD_LAYOUT_GOLANG_MIGRATE:
    case PD_LAYOUT_GOOSE:
    case PD_LAYOUT_SQLX:
        return VERSION_NUMBER;
    case PD_LAYOUT_FLYWAY:
        return VERSION_DOTTED;
    case PD_LAYOUT_DIESEL:
        return VERSION_DASHED;
    case PD_LAYOUT_PRISMA:
        return VERSION_NAME;
    case PD_LAYOUT_DBMATE:
    case PD_LAYOUT_DETECT:
    case PD_LAYOUT_DRIZZLE:
    case PD_LAYOUT_DRIZZLE_FOLDERS:
    case PD_LAYOUT_PLAIN:
    case PD_LAYOUT_CUSTOM:
    case PD_LAYOUT_COUNT:
        break;
    }
    return VERSION_TEXT;
}

static const char *without_dashes(pd_arena *arena, const char *text)
{
    char *out = pd_arena_strdup(arena, text);
    size_t len = 0;
    for (const char *at = text; *at != '\0'; at++)
        if (*at != '-')
            out[len++] = *at;
    out[len] = '\0';
    return out;
}

/* A version as it is compared, NULL when the tool could not have written it. */
static const char *clean(pd_arena *arena, version_kind kind, const char *text)
{
    const char *allowed = kind == VERSION_NUMBER ? DIGITS : DIGITS "._";
    switch (kind) {
    case VERSION_NUMBER:
    case VERSION_DOTTED:
        return strspn(text, DIGITS) > 0 && text[strspn(text, allowed)] == '\0' ? text : NULL;
    case VERSION_DASHED:
        return without_dashes(arena, text);
    case VERSION_TEXT:
    case VERSION_NAME:
        break;
    }
    return text;
}

static const char *version_of(pd_arena *arena, version_kind kind, const pd_migration *migration)
{
    if (kind == VERSION_NAME)
        return migration->name;
    const char *own = migration->version == NULL || kind == VERSION_TEXT
                          ? NULL
                          : clean(arena, kind, migration->version);
    size_t digits = strspn(migration->name, DIGITS);
    if (own != NULL || digits == 0)
        return own;
    return pd_arena_strndup(arena, migration->name, digits);
}

static int by_text(const void *left, const void *right)
{
    const version *a = left;
    const version *b = right;
    return strcmp(a->text, b->text);
}

static int by_number(const void *left, const void *right)
{
    const version *a = left;
    const version *b = right;
    return pd_version_order_compare(PD_ORDER_DOTTED, a->text, b->text);
}

typedef struct matcher {
    pd_arena *arena;
    version_kind kind;
    int (*compare)(const void *left, const void *right);
    version *versions; /* of the set, sorted */
    size_t count;
} matcher;

static matcher matcher_empty(pd_arena *arena, pd_layout_kind tool)
{
    version_kind kind = kind_of(tool);
    bool numbers = kind == VERSION_NUMBER || kind == VERSION_DOTTED;
    return (matcher){.arena = arena, .kind = kind, .compare = numbers ? by_number : by_text};
}

static matcher matcher_new(pd_arena *arena, const pd_set *set, pd_layout_kind tool)
{
    matcher self = matcher_empty(arena, tool);
    self.versions = pd_arena_array(arena, set->count + 1, sizeof *self.versions);
    for (size_t m = 0; m < set->count; m++) {
        const char *text = version_of(arena, self.kind, &set->migrations[m]);
        if (text != NULL)
            self.versions[self.count++] = (version){.text = text, .index = m};
    }
    qsort(self.versions, self.count, sizeof *self.versions, self.compare);
    return self;
}

/* What a version is called in a migration's name, NULL: it begins with none. Flyway's stand behind
 * a letter, and two underscores end them. */
static const char *version_in(pd_arena *arena, version_kind kind, const char *name)
{
    if (kind == VERSION_NAME)
        return name;
    const char *at = name;
    if (kind == VERSION_DOTTED && strspn(at, DIGITS) == 0 && *at != '\0')
        at++;
    size_t len = strspn(at, kind == VERSION_DOTTED   ? DIGITS "._"
                            : kind == VERSION_DASHED ? DIGITS "-"
                                                     : DIGITS);
    if (strspn(at, DIGITS) == 0)
        return NULL;
    while (strchr(DIGITS, at[len - 1]) == NULL)
        len--;
    return clean(arena, kind, pd_arena_strndup(arena, at, len));
}

static void add_name(matcher *self, const char *name)
{
    const char *text = version_in(self->arena, self->kind, name);
    if (text != NULL)
        self->versions[self->count++] = (version){.text = text};
}

/* Of all that predeploy's ledger has, or has taken out. */
static matcher matcher_of_ledger(pd_arena *arena, const pd_ledger *ledger, pd_layout_kind tool)
{
    matcher self = matcher_empty(arena, tool);
    self.versions =
        pd_arena_array(arena, ledger->count + ledger->taken_out_count + 1, sizeof *self.versions);
    for (size_t i = 0; i < ledger->count; i++)
        add_name(&self, ledger->rows[i].name);
    for (size_t i = 0; i < ledger->taken_out_count; i++)
        add_name(&self, ledger->taken_out[i]);
    qsort(self.versions, self.count, sizeof *self.versions, self.compare);
    return self;
}

static ptrdiff_t find_version(const matcher *self, const char *text)
{
    version key = {.text = text};
    const version *found =
        self->count == 0 ? NULL
                         : bsearch(&key, self->versions, self->count, sizeof key, self->compare);
    return found == NULL ? -1 : (ptrdiff_t)found->index;
}

/* All below such a row has run, too: golang-migrate keeps nothing but the newest version. */
static bool is_high_water(const pd_foreign_ledger *ledger, const pd_foreign_row *row)
{
    switch (row->state) {
    case PD_FOREIGN_UP_TO:
    case PD_FOREIGN_BASELINE:
        return true;
    case PD_FOREIGN_UNFINISHED:
        return ledger->tool == PD_LAYOUT_GOLANG_MIGRATE;
    case PD_FOREIGN_APPLIED:
    case PD_FOREIGN_REVERTED:
        break;
    }
    return false;
}

static void claim(pd_foreign_claims *self, size_t migration, size_t row)
{
    if (self->row_of[migration] >= 0)
        return;
    self->row_of[migration] = (ptrdiff_t)row;
    self->claimed++;
}

static void claim_up_to(const matcher *matches, const version *water, pd_foreign_claims *out)
{
    for (size_t i = 0; i < matches->count; i++) {
        if (matches->compare(&matches->versions[i], water) > 0)
            break;
        claim(out, matches->versions[i].index, water->index);
    }
}

bool pd_foreign_is_baseline(const pd_set *set, size_t migration)
{
    const char *name = set->migrations[migration].name;
    return set->layout == PD_LAYOUT_FLYWAY && name[0] == 'B' && strspn(name + 1, DIGITS) > 0;
}

/* Flyway runs a baseline on an empty database only. Where something behind it has run, all that
 * it sums up has, too, under versions that the set may not have any more. */
static void claim_baseline(const matcher *matches, const pd_set *set, pd_foreign_claims *out)
{
    const pd_foreign_ledger *ledger = out->ledger;
    if (ledger->tool != PD_LAYOUT_FLYWAY || matches->count == 0 ||
        !pd_foreign_is_baseline(set, matches->versions[0].index))
        return;
    const version *baseline = &matches->versions[0];
    for (size_t r = 0; r < ledger->count; r++) {
        version row = {.text = clean(matches->arena, matches->kind, ledger->rows[r].version)};
        if (row.text != NULL && ledger->rows[r].state == PD_FOREIGN_APPLIED &&
            matches->compare(&row, baseline) >= 0)
            claim(out, baseline->index, r);
    }
    for (size_t r = 0; r < ledger->count && out->row_of[baseline->index] >= 0; r++) {
        version row = {.text = clean(matches->arena, matches->kind, ledger->rows[r].version)};
        if (row.text != NULL && matches->compare(&row, baseline) < 0)
            out->migration_of[r] = (ptrdiff_t)baseline->index;
    }
}

void pd_foreign_claim(pd_arena *arena, const pd_set *set, const pd_foreign_ledger *ledger,
                      pd_foreign_claims *out)
{
    matcher matches = matcher_new(arena, set, ledger->tool);
    version water = {0};
    *out = (pd_foreign_claims){
        .ledger = ledger,
        .row_of = pd_arena_array(arena, set->count + 1, sizeof *out->row_of),
        .migration_of = pd_arena_array(arena, ledger->count + 1, sizeof *out->migration_of),
    };
    for (size_t m = 0; m < set->count; m++)
        out->row_of[m] = -1;
    for (size_t r = 0; r < ledger->count; r++) {
        const pd_foreign_row *row = &ledger->rows[r];
        const char *text = clean(arena, matches.kind, row->version);
        ptrdiff_t found = text == NULL ? -1 : find_version(&matches, text);
        out->migration_of[r] = found;
        out->unfinished += row->state == PD_FOREIGN_UNFINISHED;
        if (found >= 0 && row->state != PD_FOREIGN_REVERTED)
            claim(out, (size_t)found, r);
        version mark = {.text = text, .index = r};
        if (text != NULL && is_high_water(ledger, row) &&
            (water.text == NULL || matches.compare(&mark, &water) > 0))
            water = mark;
    }
    if (water.text != NULL)
        claim_up_to(&matches, &water, out);
    claim_baseline(&matches, set, out);
    out->fits = out->claimed > 0;
}

/* CRC-32 of the lines without their ends, as a number of 32 bits with a sign: the way Java reads
 * and keeps it. */
static bool is_flyway_checksum(const pd_sql_file *file, const char *checksum)
{
    size_t mark = strlen(BYTE_ORDER_MARK);
    size_t at = file->len >= mark && memcmp(file->data, BYTE_ORDER_MARK, mark) == 0 ? mark : 0;
    uint32_t crc = 0;
    while (at < file->len) {
        size_t start = at;
        while (at < file->len && file->data[at] != '\n' && file->data[at] != '\r')
            at++;
        crc = pd_crc32(crc, file->data + start, at - start);
        at += at < file->len;
    }
    char number[16];
    int64_t value = crc > INT32_MAX ? (int64_t)crc - ((int64_t)1 << 32) : (int64_t)crc;
    snprintf(number, sizeof number, "%lld", (long long)value);
    return strcmp(number, checksum) == 0;
}

static bool is_sha384(const char *data, size_t len, const char *checksum)
{
    char hash[PD_SHA384_HEX];
    pd_sha384_hex(data, len, hash);
    return strcmp(hash, checksum) == 0;
}

/* sqlx reads the file of the work tree, where a checkout may have changed the line endings. */
static bool is_sqlx_checksum(const pd_sql_file *file, const char *checksum)
{
    if (is_sha384(file->data, file->len, checksum))
        return true;
    PD_AUTO_STRBUF unix_ends = pd_strbuf_new(PD_STRBUF_MAX);
    PD_AUTO_STRBUF dos_ends = pd_strbuf_new(PD_STRBUF_MAX);
    pd_line_endings(file, &unix_ends, &dos_ends);
    return is_sha384(unix_ends.data, unix_ends.len, checksum) ||
           is_sha384(dos_ends.data, dos_ends.len, checksum);
}

bool pd_foreign_same_content(const pd_foreign_ledger *ledger, const pd_foreign_row *row,
                             const pd_sql_file *file)
{
    if (row->checksum == NULL || file->data == NULL)
        return true;
    if (ledger->tool == PD_LAYOUT_FLYWAY)
        return is_flyway_checksum(file, row->checksum);
    if (ledger->tool == PD_LAYOUT_SQLX)
        return is_sqlx_checksum(file, row->checksum);
    return pd_same_content(file, row->checksum);
}

static const char *last_name(const char *path)
{
    const char *last = path;
    for (const char *at = path; *at != '\0'; at++)
        if (*at == '/' || *at == '\\')
            last = at + 1;
    return last;
}

bool pd_foreign_same_script(const pd_set *set, const pd_foreign_row *row, const pd_sql_file *file)
{
    if (row->script == NULL)
        return true;
    bool program = pd_program_kind(file->path) != NULL;
    if (program || row->program)
        return program == row->program;
    bool renamed = set->layout != PD_LAYOUT_FLYWAY && row->checksum != NULL;
    return renamed || pd_streq(last_name(row->script), last_name(file->path));
}

void pd_foreign_mark_known(pd_arena *arena, const pd_set *set, const pd_ledger *ledger, bool *known)
{
    pd_names names = {0};
    for (size_t i = 0; i < ledger->count; i++)
        pd_names_add(arena, &names, ledger->rows[i].name, i);
    for (size_t i = 0; i < ledger->taken_out_count; i++)
        pd_names_add(arena, &names, ledger->taken_out[i], i);
    pd_names_sort(&names);
    for (size_t m = 0; m < set->count; m++)
        known[m] = pd_names_find(&names, set->migrations[m].name) >= 0;
}

void pd_foreign_mark_rows(pd_arena *arena, const pd_ledger *ledger, const pd_foreign_ledger *table,
                          bool *told)
{
    matcher matches = matcher_of_ledger(arena, ledger, table->tool);
    for (size_t r = 0; r < table->count; r++) {
        const char *text = clean(arena, matches.kind, table->rows[r].version);
        told[r] = text != NULL && find_version(&matches, text) >= 0;
    }
}

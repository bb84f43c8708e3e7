#include "gate/claims.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

void pd_line_endings(const pd_sql_file *file, pd_strbuf *unix_ends, pd_strbuf *dos_ends)
{
    for (size_t i = 0; i < file->len; i++) {
        char c = file->data[i];
        if (c == '\r' && i + 1 < file->len && file->data[i + 1] == '\n')
            continue;
        if (c == '\n')
            pd_strbuf_addc(dos_ends, '\r');
        pd_strbuf_addc(dos_ends, c);
        pd_strbuf_addc(unix_ends, c);
    }
}

/* The hashes a file has under each convention of line endings: Drizzle hashes the file of the work
 * tree, where a checkout may have changed them. The other two are made when they are asked for. */
typedef struct variants {
    const pd_sql_file *file;
    bool made;
    char unix_ends[PD_SHA256_HEX];
    char dos_ends[PD_SHA256_HEX];
} variants;

static void make_variants(variants *out)
{
    const pd_sql_file *file = out->file;
    out->made = true;
    if (file->data == NULL || memchr(file->data, '\n', file->len) == NULL)
        return;
    PD_AUTO_STRBUF unix_ends = pd_strbuf_new(PD_STRBUF_MAX);
    PD_AUTO_STRBUF dos_ends = pd_strbuf_new(PD_STRBUF_MAX);
    pd_line_endings(file, &unix_ends, &dos_ends);
    pd_sha256_hex(unix_ends.data, unix_ends.len, out->unix_ends);
    pd_sha256_hex(dos_ends.data, dos_ends.len, out->dos_ends);
}

static bool is_variant(variants *hashes, const char *hash)
{
    if (hash[0] == '\0')
        return false;
    if (strcmp(hashes->file->hash, hash) == 0)
        return true;
    if (!hashes->made)
        make_variants(hashes);
    return strcmp(hashes->unix_ends, hash) == 0 || strcmp(hashes->dos_ends, hash) == 0;
}

bool pd_same_content(const pd_sql_file *file, const char *hash)
{
    variants hashes = {.file = file};
    return strcmp(file->hash, hash) == 0 || is_variant(&hashes, hash);
}

/* One migration that looks for its row. */
typedef struct seeker {
    const pd_set *set;
    size_t index;
    const pd_migration *migration;
    bool folders;
    variants hashes;
} seeker;

typedef bool matcher(seeker *self, const pd_drizzle_row *row);

static bool by_name(seeker *self, const pd_drizzle_row *row)
{
    return row->name != NULL && pd_streq(row->name, self->migration->v1_name);
}

/* Drizzle 1.0 knows a folder's time in whole seconds only; a journal's is exact. */
static bool has_time(const seeker *self, const pd_drizzle_row *row)
{
    const pd_migration *migration = self->migration;
    if (!migration->has_when || !row->has_created_at || (self->folders && row->name != NULL))
        return false;
    if (self->folders)
        return row->created_at / 1000 == migration->when / 1000;
    return row->created_at == migration->when;
}

static bool by_time_and_hash(seeker *self, const pd_drizzle_row *row)
{
    return has_time(self, row) && is_variant(&self->hashes, row->hash);
}

static bool shares_second(const seeker *self, size_t other)
{
    const pd_migration *migration = &self->set->migrations[other];
    return migration->has_when && migration->when / 1000 == self->migration->when / 1000;
}

/* Two folders of one second are told apart by their hash alone. The set is in order of time. */
static bool by_time(seeker *self, const pd_drizzle_row *row)
{
    if (!has_time(self, row))
        return false;
    if (!self->folders)
        return true;
    return (self->index == 0 || !shares_second(self, self->index - 1)) &&
           (self->index + 1 == self->set->count || !shares_second(self, self->index + 1));
}

static bool by_hash(seeker *self, const pd_drizzle_row *row)
{
    return !(self->folders && row->name != NULL) && is_variant(&self->hashes, row->hash);
}

static size_t count_free(const pd_ledger *ledger, const pd_claims *claims)
{
    size_t count = 0;
    for (size_t r = 0; r < ledger->drizzle_count; r++)
        count += claims->migration_of[r] < 0;
    return count;
}

/* Gives each migration that has no row yet the first free one that the matcher accepts. Rows and
 * migrations come in nearly the same order, so the search begins behind the last match. */
static void claim(const pd_set *set, const pd_ledger *ledger, pd_claims *claims, matcher *matches)
{
    size_t left = count_free(ledger, claims);
    size_t start = 0;
    for (size_t m = 0; m < set->count && left > 0; m++) {
        if (claims->row_of[m] >= 0)
            continue;
        seeker self = {
            .set = set,
            .index = m,
            .migration = &set->migrations[m],
            .folders = set->layout == PD_LAYOUT_DRIZZLE_FOLDERS,
            .hashes = {.file = &set->migrations[m].up},
        };
        for (size_t n = 0; n < ledger->drizzle_count; n++) {
            size_t r = (start + n) % ledger->drizzle_count;
            if (claims->migration_of[r] >= 0 || !matches(&self, &ledger->drizzle[r]))
                continue;
            claims->row_of[m] = (ptrdiff_t)r;
            claims->migration_of[r] = (ptrdiff_t)m;
            start = r + 1;
            left--;
            break;
        }
    }
}

/* Two runs of Drizzle's migrator at once leave the same row twice. */
static bool is_same_row(const pd_drizzle_row *a, const pd_drizzle_row *b)
{
    return strcmp(a->hash, b->hash) == 0 && a->has_created_at == b->has_created_at &&
           a->created_at == b->created_at;
}

static void claim_duplicates(const pd_set *set, const pd_ledger *ledger, pd_claims *claims)
{
    for (size_t r = 0; r < ledger->drizzle_count; r++) {
        if (claims->migration_of[r] >= 0)
            continue;
        for (size_t m = 0; m < set->count; m++) {
            ptrdiff_t own = claims->row_of[m];
            if (own < 0 || !is_same_row(&ledger->drizzle[own], &ledger->drizzle[r]))
                continue;
            claims->migration_of[r] = (ptrdiff_t)m;
            claims->duplicates[m]++;
            break;
        }
    }
}

void pd_claim_rows(pd_arena *arena, const pd_set *set, const pd_ledger *ledger, pd_claims *out)
{
    out->row_of = pd_arena_array(arena, set->count + 1, sizeof *out->row_of);
    out->migration_of = pd_arena_array(arena, ledger->drizzle_count + 1, sizeof *out->migration_of);
    out->duplicates = pd_arena_array(arena, set->count + 1, sizeof *out->duplicates);
    for (size_t m = 0; m < set->count; m++)
        out->row_of[m] = -1;
    for (size_t r = 0; r < ledger->drizzle_count; r++)
        out->migration_of[r] = -1;
    if (set->layout == PD_LAYOUT_DRIZZLE_FOLDERS)
        claim(set, ledger, out, by_name);
    claim(set, ledger, out, by_time_and_hash);
    claim(set, ledger, out, by_time);
    claim(set, ledger, out, by_name);
    /* A twin of a row that is claimed belongs to the same migration, not to one of equal text. */
    claim_duplicates(set, ledger, out);
    claim(set, ledger, out, by_hash);
    claim_duplicates(set, ledger, out);
}

#include "gate/claims.h"

#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

/* Drizzle hashes the file of the work tree, whose line endings a checkout may have changed. */
bool pd_same_content(const pd_sql_file *file, const char *hash)
{
    if (strcmp(file->hash, hash) == 0)
        return true;
    if (file->data == NULL || memchr(file->data, '\n', file->len) == NULL)
        return false;
    PD_AUTO_STRBUF unix_ends = pd_strbuf_new(PD_STRBUF_MAX);
    PD_AUTO_STRBUF dos_ends = pd_strbuf_new(PD_STRBUF_MAX);
    for (size_t i = 0; i < file->len; i++) {
        char c = file->data[i];
        if (c == '\r' && i + 1 < file->len && file->data[i + 1] == '\n')
            continue;
        if (c == '\n')
            pd_strbuf_addc(&dos_ends, '\r');
        pd_strbuf_addc(&dos_ends, c);
        pd_strbuf_addc(&unix_ends, c);
    }
    char other[PD_SHA256_HEX];
    pd_sha256_hex(unix_ends.data, unix_ends.len, other);
    if (strcmp(other, hash) == 0)
        return true;
    pd_sha256_hex(dos_ends.data, dos_ends.len, other);
    return strcmp(other, hash) == 0;
}

typedef bool matcher(const pd_migration *migration, const pd_drizzle_row *row, bool folders);

static bool by_name(const pd_migration *migration, const pd_drizzle_row *row, bool folders)
{
    (void)folders;
    return row->name != NULL && pd_streq(row->name, migration->v1_name);
}

/* Drizzle 1.0 knows a folder's time in whole seconds only; a journal's is exact. */
static bool by_time(const pd_migration *migration, const pd_drizzle_row *row, bool folders)
{
    if (!migration->has_when || !row->has_created_at || (folders && row->name != NULL))
        return false;
    if (folders)
        return row->created_at / 1000 == migration->when / 1000;
    return row->created_at == migration->when;
}

static bool by_time_and_hash(const pd_migration *migration, const pd_drizzle_row *row, bool folders)
{
    return by_time(migration, row, folders) && strcmp(row->hash, migration->up.hash) == 0;
}

static bool by_hash(const pd_migration *migration, const pd_drizzle_row *row, bool folders)
{
    if (folders && row->name != NULL)
        return false;
    return row->hash[0] != '\0' && strcmp(row->hash, migration->up.hash) == 0;
}

/* Gives each migration that has no row yet the first free one that the matcher accepts. Rows and
 * migrations come in nearly the same order, so the search begins behind the last match. */
static void claim(const pd_set *set, const pd_ledger *ledger, pd_claims *claims, matcher *matches)
{
    bool folders = set->layout == PD_LAYOUT_DRIZZLE_FOLDERS;
    size_t start = 0;
    for (size_t m = 0; m < set->count; m++) {
        if (claims->row_of[m] >= 0)
            continue;
        for (size_t n = 0; n < ledger->drizzle_count; n++) {
            size_t r = (start + n) % ledger->drizzle_count;
            if (claims->migration_of[r] >= 0 ||
                !matches(&set->migrations[m], &ledger->drizzle[r], folders))
                continue;
            claims->row_of[m] = (ptrdiff_t)r;
            claims->migration_of[r] = (ptrdiff_t)m;
            start = r + 1;
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
    claim(set, ledger, out, by_hash);
    claim_duplicates(set, ledger, out);
}

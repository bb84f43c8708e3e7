#include "layout/scaffold.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "layout/layout.h"
#include "layout/pattern.h"
#include "layout/scaffold_parts.h"
#include "layout/version.h"

#define DIGITS "0123456789"

/* How a layout writes the path of a migration: around its version and its title. */
typedef struct shape {
    const char *before;
    const char *between;
    const char *behind;
    const char
        *first; /* version of the first migration (pd_next_version); NULL: not written here */
} shape;

static const shape shapes[PD_LAYOUT_COUNT] = {
    [PD_LAYOUT_DRIZZLE] = {"", "_", ".sql", "0000"},
    [PD_LAYOUT_DRIZZLE_FOLDERS] = {"", "_", "/migration.sql", PD_FIRST_STAMP},
    [PD_LAYOUT_PLAIN] = {"", "_", ".sql", "0001"},
    [PD_LAYOUT_GOLANG_MIGRATE] = {"", "_", ".up.sql", PD_FIRST_STAMP},
    [PD_LAYOUT_SQLX] = {"", "_", ".up.sql", PD_FIRST_STAMP},
    [PD_LAYOUT_DIESEL] = {"", "_", "/up.sql", PD_FIRST_DASHED},
    [PD_LAYOUT_PRISMA] = {"", "_", "/migration.sql", PD_FIRST_STAMP},
    [PD_LAYOUT_FLYWAY] = {"V", "__", ".sql", "1"},
    [PD_LAYOUT_DBMATE] = {"", "_", ".sql", PD_FIRST_STAMP},
    [PD_LAYOUT_GOOSE] = {"", "_", ".sql", PD_FIRST_STAMP},
};

/* What the new migration is, before its files are made. */
typedef struct draft {
    const char *name;     /* for comments */
    const char *entry;    /* of its file */
    pd_journal_next next; /* with Drizzle's journal */
} draft;

void pd_scaffold_add(pd_arena *arena, pd_scaffold *out, const char *entry, const char *text,
                     bool replaces)
{
    *PD_PUSH(arena, out->files, out->count, out->capacity) =
        (pd_new_file){.entry = entry, .text = {text, strlen(text)}, .replaces = replaces};
}

/* ---- the title ---- */

static char letter_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '_';
}

bool pd_scaffold_title(pd_arena *arena, const char *title, const char **out, pd_error *err)
{
    size_t len = strlen(title);
    char *clean = pd_arena_strdup(arena, title);
    size_t kept = 0;
    if (strpbrk(title, "/\\") != NULL) {
        pd_fail(err, PD_ERROR_USAGE, "a migration's name is no path");
        return pd_error_hint(err, "Give what it does in a few words: predeploy new add_orders. "
                                  "--path names the folder.");
    }
    for (size_t i = 0; i < len; i++) {
        char c = letter_of(title[i]);
        if (c != '_' || (kept > 0 && clean[kept - 1] != '_'))
            clean[kept++] = c;
    }
    while (kept > 0 && clean[kept - 1] == '_')
        kept--;
    clean[kept] = '\0';
    *out = clean;
    if (kept > 0 && kept <= PD_TITLE_MAX)
        return true;
    pd_fail(err, PD_ERROR_USAGE,
            kept == 0 ? "nothing of the migration's name can stand in a file "
                        "name"
                      : "the migration's name is too long");
    return pd_error_hint(err, "Letters from a to z, digits and '_', at most %d of them.",
                         PD_TITLE_MAX);
}

/* ---- version and path ---- */

/* A version with groups that are joined by dashes is a date: one of a day has no next one. */
static size_t version_len(pd_arena *arena, pd_layout_kind layout, const char *name)
{
    size_t digits = strspn(name, DIGITS);
    if (layout == PD_LAYOUT_DIESEL)
        return strspn(name, DIGITS "-");
    if (layout == PD_LAYOUT_FLYWAY) {
        const char *end = strstr(name, "__");
        return end == NULL ? 0 : (size_t)(end - name);
    }
    if (layout != PD_LAYOUT_PLAIN)
        return digits;
    const char *version = pd_version_of(arena, name);
    bool dotted = version != NULL && strchr(version, '.') != NULL;
    if (dotted && name[digits] != '.')
        return 0;
    return dotted ? strspn(name, DIGITS ".") : digits;
}

/* The newest migration's version as its file name has it, and the letters in front of it. */
static bool newest_version(pd_arena *arena, const pd_scaffold_input *input, const char **before,
                           const char **version)
{
    const pd_set *set = input->set;
    *version = NULL;
    if (set->count == 0)
        return true;
    const char *name = set->migrations[set->count - 1].up.entry;
    if (set->layout == PD_LAYOUT_FLYWAY) {
        /* Its files may lie in subfolders, and its prefix may be set to nothing. */
        const char *file = strrchr(name, '/') == NULL ? name : strrchr(name, '/') + 1;
        size_t letters = strcspn(file, DIGITS);
        *before =
            pd_arena_printf(arena, "%.*s%s", (int)(file - name), name, letters == 0 ? "" : *before);
        name = file + letters;
    }
    size_t len = version_len(arena, set->layout, name);
    *version = pd_arena_strndup(arena, name, len);
    return len > 0;
}

static bool fail_version(const pd_scaffold_input *input, pd_error *err)
{
    const pd_set *set = input->set;
    pd_fail(err, PD_ERROR_USAGE, "cannot tell what version comes behind %s",
            set->migrations[set->count - 1].name);
    return pd_error_hint(err, "Write the file yourself, with a name that sorts behind it; "
                              "`predeploy new --companions` then writes the companion.");
}

static bool fail_layout(pd_layout_kind layout, pd_error *err)
{
    if (layout == PD_LAYOUT_DETECT) {
        pd_fail(err, PD_ERROR_USAGE, "the layout of the migrations folder is not known");
        return pd_error_hint(err, "Name it: --layout, or git config -f %s migrations.layout NAME.",
                             PD_SETTINGS_FILE);
    }
    pd_fail(err, PD_ERROR_USAGE, "migrations of the layout %s cannot be written by predeploy",
            pd_layout_name(layout));
    return pd_error_hint(err, "Write the file yourself; `predeploy new --companions` then writes "
                              "the companion.");
}

/* By the pattern of the settings, whose {name} is VERSION_TITLE when it has no {version}. */
static bool plan_custom(pd_arena *arena, const pd_scaffold_input *input, const char *title,
                        draft *out, pd_error *err)
{
    const pd_set *set = input->set;
    const char *pattern = input->settings->up_pattern;
    pd_version_order order = input->settings->version_order;
    pd_pattern_names names = {0};
    const char *newest = NULL;
    if (pattern == NULL)
        return fail_layout(set->layout, err);
    if (set->count > 0) {
        if (!pd_pattern_match(arena, pattern, order, set->migrations[set->count - 1].up.entry,
                              &names))
            return fail_version(input, err);
        newest = names.version != NULL ? names.version : names.name;
        size_t len =
            names.version != NULL ? strlen(newest) : version_len(arena, PD_LAYOUT_PLAIN, newest);
        newest = pd_arena_strndup(arena, newest, len);
    }
    bool dotted = order == PD_ORDER_DOTTED;
    const char *version =
        newest != NULL && newest[0] == '\0'
            ? NULL
            : pd_next_version(arena, newest, dotted ? "1" : "0001", input->now_ms);
    if (version == NULL)
        return fail_version(input, err);
    names = (pd_pattern_names){.version = version, .title = title};
    out->name = pd_arena_printf(arena, "%s_%s", version, title);
    out->entry = pd_pattern_expand(arena, pattern, &names);
    return true;
}

static bool has_times(pd_layout_kind layout)
{
    return layout == PD_LAYOUT_DRIZZLE_FOLDERS || layout == PD_LAYOUT_PRISMA ||
           layout == PD_LAYOUT_DIESEL;
}

static bool plan(pd_arena *arena, const pd_scaffold_input *input, const char *title, draft *out,
                 pd_error *err)
{
    const shape *form = &shapes[input->set->layout];
    const char *before = form->before;
    const char *version = NULL;
    if (input->set->layout == PD_LAYOUT_CUSTOM)
        return plan_custom(arena, input, title, out, err);
    if (form->first == NULL)
        return fail_layout(input->set->layout, err);
    if (input->set->layout == PD_LAYOUT_DRIZZLE) {
        if (!pd_journal_plan(arena, input, title, &out->next, err))
            return false;
        out->name = out->next.tag;
    } else {
        if (!newest_version(arena, input, &before, &version))
            return fail_version(input, err);
        /* Such tools count nothing on: prisma's 0_init and diesel's initial setup are no numbers.
         */
        if (version != NULL && has_times(input->set->layout) && !pd_version_is_time(arena, version))
            version = NULL;
        version = pd_next_version(arena, version, form->first, input->now_ms);
        if (version == NULL)
            return fail_version(input, err);
        out->name = pd_arena_printf(arena, "%s%s%s%s", before, version, form->between, title);
    }
    out->entry = pd_arena_printf(arena, "%s%s", out->name, form->behind);
    return true;
}

/* ---- texts ---- */

/* Comments only, and none that declares the migration irreversible: the gate stays closed until
 * somebody has thought of the way back. */
static const char *companion_text(pd_arena *arena, const char *name)
{
    return pd_arena_printf(arena,
                           "-- TODO: the statements that take %s out again.\n"
                           "-- If nothing can, say why: predeploy's page on layouts shows how, "
                           "under \"Companions\".\n",
                           name);
}

static const char *migration_text(pd_arena *arena, pd_layout_kind layout, const char *name)
{
    const char *up = layout == PD_LAYOUT_DBMATE  ? "-- migrate:up\n"
                     : layout == PD_LAYOUT_GOOSE ? "-- +goose Up\n"
                                                 : "";
    const char *down = layout == PD_LAYOUT_DBMATE  ? "\n-- migrate:down\n"
                       : layout == PD_LAYOUT_GOOSE ? "\n-- +goose Down\n"
                                                   : "";
    return pd_arena_printf(arena, "%s-- %s: the statements of this migration.\n%s%s", up, name,
                           down, down[0] == '\0' ? "" : companion_text(arena, name));
}

/* ---- the whole ---- */

static int compare_entries(const void *left, const void *right)
{
    return strcmp(((const pd_entry *)left)->path, ((const pd_entry *)right)->path);
}

/* The folder as it will be; what is replaced is the old entry with new content. */
static pd_snapshot with_files(pd_arena *arena, const pd_snapshot *old, const pd_scaffold *files)
{
    pd_snapshot all = *old;
    all.entries = pd_arena_array(arena, old->count + files->count + 1, sizeof *all.entries);
    all.capacity = old->count + files->count + 1;
    for (size_t i = 0; i < old->count; i++)
        all.entries[i] = old->entries[i];
    for (size_t i = 0; i < files->count; i++) {
        const pd_new_file *file = &files->files[i];
        size_t at = all.count;
        for (size_t j = 0; j < old->count && file->replaces; j++)
            at = strcmp(old->entries[j].path, file->entry) == 0 ? j : at;
        all.count += at == all.count;
        all.entries[at] = (pd_entry){.path = file->entry,
                                     .kind = PD_ENTRY_FILE,
                                     .size = file->text.len,
                                     .data = file->text.data};
    }
    qsort(all.entries, all.count, sizeof *all.entries, compare_entries);
    return all;
}

/* Whether something stands where a file goes, or a file where its folder goes. */
static bool refuse_taken(const pd_snapshot *snapshot, const pd_scaffold *files, pd_error *err)
{
    for (size_t i = 0; i < files->count; i++) {
        const char *entry = files->files[i].entry;
        if (files->files[i].replaces || pd_snapshot_find(snapshot, entry) == NULL)
            continue;
        pd_fail(err, PD_ERROR_USAGE, "cannot write %s: it is there already", entry);
        return pd_error_hint(err, "Files that are there are never overwritten: move it away, or "
                                  "put it into its place by hand.");
    }
    return true;
}

/* Reads the folder as it will be: the new migration must be its last one. */
static const pd_migration *read_back(pd_arena *arena, const pd_scaffold_input *input,
                                     const draft *made, const pd_scaffold *files, pd_error *err)
{
    pd_set *set = pd_arena_alloc(arena, sizeof *set);
    pd_snapshot all = with_files(arena, input->snapshot, files);
    pd_findings ignored = {.arena = arena};
    pd_settings settings = *input->settings;
    settings.layout = input->set->layout;
    pd_layout_read(arena, &all, &settings, input->now_ms, set, &ignored);
    const pd_migration *last = set->count == 0 ? NULL : &set->migrations[set->count - 1];
    if (last != NULL && set->count == input->set->count + 1 &&
        strcmp(last->up.entry, made->entry) == 0)
        return last;
    pd_fail(err, PD_ERROR_USAGE, "%s would not come behind the migrations that are there",
            made->name);
    pd_error_hint(err,
                  "Write the file yourself, with a name that sorts behind them; `predeploy new "
                  "--companions` then writes the companion.");
    return NULL;
}

bool pd_scaffold_migration(pd_arena *arena, const pd_scaffold_input *input, const char *title,
                           pd_scaffold *out, pd_error *err)
{
    draft made = {.name = "", .entry = ""};
    const char *clean = NULL;
    pd_layout_kind layout = input->set->layout;
    *out = (pd_scaffold){0};
    if (!pd_scaffold_title(arena, title, &clean, err) || !plan(arena, input, clean, &made, err))
        return false;
    pd_scaffold_add(arena, out, made.entry, migration_text(arena, layout, made.name), false);
    if (layout == PD_LAYOUT_DRIZZLE_FOLDERS &&
        !pd_scaffold_folder_snapshot(arena, input, made.name, out, err))
        return false;
    if (layout == PD_LAYOUT_DRIZZLE && !pd_scaffold_journal(arena, input, &made.next, out, err))
        return false;
    const pd_migration *added = read_back(arena, input, &made, out, err);
    if (added == NULL)
        return false;
    out->name = added->name;
    if (!added->one_file) {
        pd_scaffold_add(arena, out, added->down.entry, companion_text(arena, made.name), false);
        pd_new_file companion = out->files[out->count - 1];
        memmove(out->files + 1, out->files, (out->count - 1) * sizeof *out->files);
        out->files[0] = companion;
    }
    return refuse_taken(input->snapshot, out, err);
}

bool pd_scaffold_companions(pd_arena *arena, const pd_scaffold_input *input, pd_scaffold *out,
                            pd_error *err)
{
    const pd_set *set = input->set;
    const char *since = input->settings->rollback_since;
    ptrdiff_t behind = since == NULL ? -1 : pd_set_find(set, since);
    *out = (pd_scaffold){0};
    if (since != NULL && behind < 0) {
        pd_fail(err, PD_ERROR_USAGE, "there is no migration %s", since);
        return pd_error_hint(err, "migrations.rollbackSince in %s names it: correct it there.",
                             PD_SETTINGS_FILE);
    }
    for (size_t i = (size_t)(behind + 1); i < set->count; i++) {
        const pd_migration *migration = &set->migrations[i];
        if (migration->down.data != NULL)
            continue;
        if (migration->one_file || migration->down.entry == NULL)
            *PD_PUSH(arena, out->passed, out->passed_count, out->passed_capacity) = migration->name;
        else
            pd_scaffold_add(arena, out, migration->down.entry,
                            companion_text(arena, migration->name), false);
    }
    return refuse_taken(input->snapshot, out, err);
}

#include "layout/scaffold.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "layout/layout.h"
#include "layout/pairs.h"
#include "layout/scaffold_parts.h"
#include "layout/version.h"

#define DIGITS "0123456789"

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
static size_t version_len(pd_arena *arena, const pd_pairs *pairs, const char *name)
{
    size_t digits = strspn(name, DIGITS);
    if (pairs->key == PD_KEY_FOLDER)
        return strspn(name, DIGITS "-");
    if (pairs->times)
        return digits;
    const char *version = pd_version_of(arena, name);
    bool dotted = version != NULL && strchr(version, '.') != NULL;
    if (dotted && name[digits] != '.')
        return 0;
    return dotted ? strspn(name, DIGITS ".") : digits;
}

/* The newest migration's version as its file name has it, and the folder that it is in where such
 * a layout is searched; false when it has none. NULL: it is the first one, or none to count on. */
static bool newest_version(pd_arena *arena, const pd_scaffold_input *input, const pd_pairs *pairs,
                           const char **folder, const char **version)
{
    const pd_set *set = input->set;
    pd_pair_file file;
    *folder = "";
    *version = NULL;
    if (set->count == 0)
        return true;
    const char *entry = set->migrations[set->count - 1].up.entry;
    const char *slash = strrchr(entry, '/');
    if (!pd_pairs_match(arena, pairs, entry, &file))
        return false;
    if (pairs->nested && slash != NULL)
        *folder = pd_arena_strndup(arena, entry, (size_t)(slash + 1 - entry));
    *version = file.names.version;
    if (*version == NULL)
        *version =
            pd_arena_strndup(arena, file.names.name, version_len(arena, pairs, file.names.name));
    if (**version == '\0')
        return false;
    /* Such tools count nothing on: prisma's 0_init and diesel's initial setup are no numbers. */
    if (pairs->times && !pd_version_is_time(arena, *version))
        *version = NULL;
    return true;
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

/* {name} is VERSION_TITLE where the pattern has no {version}. */
static bool plan(pd_arena *arena, const pd_scaffold_input *input, const pd_pairs *pairs,
                 const char *title, draft *out, pd_error *err)
{
    const char *folder = "";
    const char *version = NULL;
    if (pairs->kind == PD_LAYOUT_DRIZZLE) {
        if (!pd_journal_plan(arena, input, title, &out->next, err))
            return false;
        out->name = out->next.tag;
        out->entry = pd_arena_printf(arena, "%s.sql", out->name);
        return true;
    }
    if (!newest_version(arena, input, pairs, &folder, &version))
        return fail_version(input, err);
    version = pd_next_version(arena, version, pairs->first, input->now_ms);
    if (version == NULL)
        return fail_version(input, err);
    pd_pattern_names names = {.version = version, .title = title};
    const char *pattern = pairs->fresh != NULL ? pairs->fresh : pairs->up[0];
    const char *file = pd_pattern_expand(arena, pattern, &names);
    out->entry = pd_arena_printf(arena, "%s%s", folder, file);
    bool named = pd_pattern_match(arena, pattern, pairs->order, file, &names);
    out->name = named ? names.name : pd_arena_printf(arena, "%s_%s", version, title);
    return true;
}

/* ---- texts ---- */

/* Comments only, and none that declares the migration irreversible: the gate stays closed until
 * somebody has thought of the way back. */
static const char *companion_text(pd_arena *arena, const char *name)
{
    return pd_arena_printf(arena,
                           "-- Not written yet: the statements that take %s out again.\n"
                           "-- If nothing can, say why in their place: -- predeploy: irreversible: "
                           "REASON\n",
                           name);
}

static const char *migration_text(pd_arena *arena, const pd_pairs *pairs, const char *name)
{
    const char *text = pd_arena_printf(arena, "-- %s: the statements of this migration.\n", name);
    if (pairs->up_mark == NULL)
        return text;
    return pd_arena_printf(arena, "%s\n%s\n%s\n%s", pairs->up_mark, text, pairs->down_mark,
                           companion_text(arena, name));
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

/* False with an error when a file stands where one goes; a file where a folder goes is met when it
 * is written. */
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

/* Reads the folder with the new migration in it, which must be the last one, and gives it; NULL
 * with an error when it is not. Its companion is not there yet: the set says where it goes. */
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
    pd_pairs custom;
    const pd_pairs *pairs = pd_pairs_of(layout, input->snapshot, input->settings, &custom);
    if (pairs == NULL)
        return fail_layout(layout, err);
    if (!pd_scaffold_title(arena, title, &clean, err) ||
        !plan(arena, input, pairs, clean, &made, err))
        return false;
    pd_scaffold_add(arena, out, made.entry, migration_text(arena, pairs, made.name), false);
    if (layout == PD_LAYOUT_DRIZZLE_FOLDERS &&
        !pd_scaffold_folder_snapshot(arena, input, made.name, out, err))
        return false;
    if (layout == PD_LAYOUT_DRIZZLE && !pd_scaffold_journal(arena, input, &made.next, out, err))
        return false;
    const pd_migration *added = read_back(arena, input, &made, out, err);
    if (added == NULL)
        return false;
    out->name = added->name;
    if (!added->one_file && added->down.entry != NULL) {
        pd_scaffold_add(arena, out, added->down.entry, companion_text(arena, made.name), false);
        pd_new_file companion = out->files[out->count - 1];
        memmove(out->files + 1, out->files, (out->count - 1) * sizeof *out->files);
        out->files[0] = companion;
    }
    return refuse_taken(input->snapshot, out, err);
}

static bool fail_no_pattern(pd_error *err)
{
    pd_fail(err, PD_ERROR_USAGE, "no pattern says where companions are");
    return pd_error_hint(err,
                         "Set layout.rollback in %s: it is the pattern of companions, as "
                         "layout.up is that of migrations.",
                         PD_SETTINGS_FILE);
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
        if (migration->down.data != NULL || pd_program_kind(migration->up.path) != NULL)
            continue; /* the way back of a program is in it, too */
        if (migration->one_file)
            *PD_PUSH(arena, out->passed, out->passed_count, out->passed_capacity) = migration->name;
        else if (migration->down.entry == NULL)
            return fail_no_pattern(err);
        else
            pd_scaffold_add(arena, out, migration->down.entry,
                            companion_text(arena, migration->name), false);
    }
    return refuse_taken(input->snapshot, out, err);
}

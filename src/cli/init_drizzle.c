#include <string.h>

#include "base/file.h"
#include "base/printable.h"
#include "base/str.h"
#include "cli/init.h"
#include "layout/drizzle_config.h"

/* Under the names by which drizzle-kit looks for it. */
static bool read_in(pd_context *context, const char *folder, const char **path, pd_bytes *text,
                    pd_error *err)
{
    static const char *const ends[] = {"ts", "js", "json", "mts", "mjs", "cts", "cjs"};
    const char *root = pd_git_workdir(context->git);
    for (size_t i = 0; i < sizeof ends / sizeof *ends && text->data == NULL; i++) {
        *path = pd_arena_printf(context->arena, "%s%sdrizzle.config.%s", folder,
                                folder[0] == '\0' ? "" : "/", ends[i]);
        if (!pd_file_read_below(root, *path, PD_DRIZZLE_CONFIG_MAX, context->arena, text, err))
            return false;
    }
    return true;
}

static bool find(pd_context *context, const char *folder, const char **path, pd_bytes *text,
                 pd_error *err)
{
    const char *at = pd_streq(folder, ".") ? "" : folder;
    for (;;) {
        if (!read_in(context, at, path, text, err))
            return false;
        if (text->data != NULL || at[0] == '\0')
            return true;
        const char *slash = strrchr(at, '/');
        at = slash == NULL ? "" : pd_arena_strndup(context->arena, at, (size_t)(slash - at));
    }
}

static const char *unless_default(const char *said, const char *usual)
{
    return pd_streq(said, usual) ? NULL : said;
}

bool pd_init_read_drizzle(pd_context *context, const char *folder, pd_drizzle_said *out,
                          pd_error *err)
{
    pd_bytes text = {0};
    const char *path = NULL;
    pd_settings usual;
    pd_drizzle_config config;
    pd_settings_default(&usual);
    *out = (pd_drizzle_said){0};
    if (!find(context, folder, &path, &text, err))
        return false;
    if (text.data == NULL)
        return true;
    pd_drizzle_config_read(context->arena, text.data, text.len, &config);
    if (!config.named)
        return true;
    out->path = path;
    out->unsure = config.unsure;
    if (config.unsure)
        return true;
    out->schema = unless_default(config.schema, usual.ledger_schema);
    out->table = unless_default(config.table, usual.ledger_table);
    return true;
}

static bool is_there(const pd_settings_lines *ledger)
{
    for (size_t i = 0; i < ledger->count; i++)
        if (ledger->items[i].there != NULL)
            return true;
    return false;
}

static const char *commands(pd_arena *arena, const char *schema, const char *table)
{
    return pd_arena_printf(arena,
                           "git config -f " PD_SETTINGS_FILE " ledger.schema %s\n"
                           "git config -f " PD_SETTINGS_FILE " ledger.table %s\n",
                           schema, table);
}

void pd_init_tell_drizzle(const pd_context *context, pd_init *init, const pd_drizzle_said *said,
                          const pd_settings_lines *ledger)
{
    pd_arena *arena = context->arena;
    if (said->path == NULL)
        return;
    if (said->unsure && !is_there(ledger))
        pd_init_add(init, PD_INIT_KEEP, said->path,
                    "its `migrations` cannot be read without running it: say yourself in which "
                    "table Drizzle notes what it has applied, before the first deployment",
                    commands(arena, "SCHEMA", "TABLE"));
    if (said->unsure)
        return;
    pd_settings usual;
    pd_settings_default(&usual);
    const char *meant[] = {said->schema != NULL ? said->schema : usual.ledger_schema,
                           said->table != NULL ? said->table : usual.ledger_table};
    for (size_t i = 0; i < ledger->count && i < sizeof meant / sizeof *meant; i++) {
        const char *there = ledger->items[i].there;
        if (there == NULL || strcmp(there, meant[i]) == 0)
            continue;
        pd_init_add(
            init, PD_INIT_KEEP, said->path,
            pd_arena_printf(arena,
                            "its `migrations` has another %s than [ledger] in %s, which "
                            "has %s; to take over what Drizzle uses:",
                            ledger->items[i].key, PD_SETTINGS_FILE, pd_printable(arena, there)),
            commands(arena, pd_shell_word(arena, meant[0]), pd_shell_word(arena, meant[1])));
        return;
    }
}

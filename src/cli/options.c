#include "cli/options.h"

#include <stddef.h>
#include <string.h>

#include "base/str.h"

#define PLACE(field) offsetof(pd_args, field)

static const pd_option options[] = {
    {"path", 0, "FOLDER", PLACE(path), PD_OPTIONS_REVISION, "migrations folder in the tree"},
    {"layout", 0, "LAYOUT", PLACE(layout), PD_OPTIONS_REVISION,
     "drizzle, plain, goose and more: docs/layouts.md"},
    {"base", 0, "REV", PLACE(base), PD_OPTIONS_BASE, "revision that is already published"},
    {"allow-ahead", 0, NULL, PLACE(allow_ahead), PD_OPTIONS_AHEAD,
     "the database may have newer migrations than REV"},
    {"allow-empty", 0, NULL, PLACE(allow_empty), PD_OPTIONS_EMPTY,
     "a revision without migrations is meant"},
    {"database", 0, "URL", PLACE(database), PD_OPTIONS_DATABASE,
     "the target (better: DATABASE_URL in the environment)"},
    {"transaction", 0, "MODE", PLACE(transaction), PD_OPTIONS_APPLY,
     "all: one for the deployment; each: one a migration"},
    {"no-wait", 0, NULL, PLACE(no_wait), PD_OPTIONS_APPLY | PD_OPTIONS_ADOPT,
     "end with 8 when another deployment holds the lock"},
    {"backup", 0, NULL, PLACE(backup), PD_OPTIONS_BACKUP,
     "back up first, through PREDEPLOY_BACKUP_URL"},
    {"allow-http-backup", 0, NULL, PLACE(allow_http_backup), PD_OPTIONS_BACKUP,
     "let the webhook be plain http on another host"},
    {"ephemeral", 0, NULL, PLACE(ephemeral), PD_OPTIONS_EPHEMERAL,
     "deploy to a throwaway PostgreSQL of its own"},
    {"to", 0, "NAME", PLACE(to), PD_OPTIONS_TO, "take out all behind this one, by name or number"},
    {"check", 0, NULL, PLACE(check), PD_OPTIONS_RECORD,
     "write nothing; status 1 when lines are missing"},
    {"dry-run", 0, NULL, PLACE(dry_run), PD_OPTIONS_INIT | PD_OPTIONS_ADOPT | PD_OPTIONS_TO,
     "show what would be done, write nothing"},
    {"no-hook", 0, NULL, PLACE(no_hook), PD_OPTIONS_INIT, "leave the pre-push hook out"},
    {"companions", 0, NULL, PLACE(companions), PD_OPTIONS_NEW,
     "write only the companions that are missing"},
    {"through", 0, "NAME", PLACE(through), PD_OPTIONS_ADOPT,
     "the last one this database has, by name or number"},
    {"from", 0, "TOOL", PLACE(from), PD_OPTIONS_ADOPT, "whose table says it, when two fit"},
    {"repo", 0, "PATH", PLACE(repo), PD_OPTIONS_ALWAYS,
     "repository (default: found upwards from here)"},
    {"format", 0, "FORMAT", PLACE(format), PD_OPTIONS_ALWAYS,
     "human (default), json, sarif, github or junit"},
    {"output", 0, "FILE", PLACE(output), PD_OPTIONS_ALWAYS,
     "write the report (json, or --format) to FILE too"},
    {"color", 0, "WHEN", PLACE(color), PD_OPTIONS_ALWAYS, "auto (default), always or never"},
    {"quiet", 'q', NULL, PLACE(quiet), PD_OPTIONS_ALWAYS, "only findings and the last line"},
    {"verbose", 'v', NULL, PLACE(verbose), PD_OPTIONS_ALWAYS,
     "also statements, ids and the server's notices"},
    {"help", 'h', NULL, PLACE(help), PD_OPTIONS_ALWAYS, "this help"},
    {"version", 0, NULL, PLACE(version), PD_OPTIONS_ALWAYS, "the version"},
};

#define OPTION_COUNT (sizeof options / sizeof *options)

const pd_option *pd_option_at(size_t index)
{
    return index < OPTION_COUNT ? &options[index] : NULL;
}

static const pd_option *find_long(const char *name, size_t len, unsigned sets)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if ((options[i].sets & sets) != 0 && strlen(options[i].name) == len &&
            strncmp(options[i].name, name, len) == 0)
            return &options[i];
    return NULL;
}

static const pd_option *find_letter(char letter, unsigned sets)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if ((options[i].sets & sets) != 0 && options[i].letter == letter && letter != 0)
            return &options[i];
    return NULL;
}

/* How other tools call it, where a name that is near would mislead or be missed. */
static const struct {
    const char *word;
    const char *hint;
} elsewhere[] = {
    {"connection", "--database URL names the target; better: DATABASE_URL in the environment."},
    {"db", "--database URL names the target; better: DATABASE_URL in the environment."},
    {"dry-run", "`predeploy plan` shows what a deploy would do, and writes nothing."},
    {"json", "--format json prints the report as JSON."},
    {"url", "--database URL names the target; better: DATABASE_URL in the environment."},
};

static const char *meant_by(const char *word)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
        if (strcmp(elsewhere[i].word, word) == 0)
            return elsewhere[i].hint;
    return NULL;
}

static bool fail_unknown(const char *name, size_t len, unsigned sets, pd_error *err)
{
    char word[64];
    size_t kept = len < sizeof word - 1 ? len : sizeof word - 1;
    memcpy(word, name, kept);
    word[kept] = '\0';
    pd_fail(err, PD_ERROR_USAGE, "unknown option --%s", word);
    const char *hint = meant_by(word);
    if (hint != NULL)
        return pd_error_hint(err, "%s", hint);
    const char *names[OPTION_COUNT + 1] = {0};
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if ((options[i].sets & sets) != 0)
            names[count++] = options[i].name;
    const char *nearest = pd_did_you_mean(word, names);
    if (nearest != NULL)
        return pd_error_hint(err, "Did you mean --%s?", nearest);
    if (find_long(name, len, ~0U) != NULL)
        return pd_error_hint(err, "This command does not take it; --help lists what it takes.");
    return pd_error_hint(err, "--help lists the options.");
}

static void set_value(pd_args *args, pd_arena *arena, const pd_option *option, const char *value)
{
    const char *kept = pd_arena_strdup(arena, value);
    memcpy((char *)args + option->offset, &kept, sizeof kept);
}

static void set_flag(pd_args *args, const pd_option *option)
{
    bool yes = true;
    memcpy((char *)args + option->offset, &yes, sizeof yes);
}

typedef struct parser {
    pd_args *args;
    pd_arena *arena;
    unsigned sets;
    int argc;
    char **argv;
    int at;
} parser;

static bool parse_long(parser *self, pd_error *err)
{
    char *name = self->argv[self->at] + 2;
    char *equals = strchr(name, '=');
    size_t len = equals == NULL ? strlen(name) : (size_t)(equals - name);
    const pd_option *option = find_long(name, len, self->sets);
    if (option == NULL)
        return fail_unknown(name, len, self->sets, err);
    if (option->value == NULL) {
        if (equals != NULL)
            return pd_fail(err, PD_ERROR_USAGE, "--%s takes no value", option->name);
        set_flag(self->args, option);
        return true;
    }
    if (equals == NULL && self->at + 1 >= self->argc) {
        pd_fail(err, PD_ERROR_USAGE, "--%s needs a value", option->name);
        return pd_error_hint(err, "--%s %s: %s.", option->name, option->value, option->help);
    }
    set_value(self->args, self->arena, option,
              equals != NULL ? equals + 1 : self->argv[++self->at]);
    return true;
}

static bool parse_letters(parser *self, pd_error *err)
{
    for (const char *letter = self->argv[self->at] + 1; *letter != '\0'; letter++) {
        const pd_option *option = find_letter(*letter, self->sets);
        if (option == NULL) {
            pd_fail(err, PD_ERROR_USAGE, "unknown option -%c", *letter);
            return pd_error_hint(err, "--help lists the options.");
        }
        set_flag(self->args, option);
    }
    return true;
}

static bool add_positional(parser *self, pd_error *err)
{
    if (self->args->positional_count == PD_POSITIONALS_MAX)
        return pd_fail(err, PD_ERROR_USAGE, "too many arguments");
    self->args->positionals[self->args->positional_count++] =
        pd_arena_strdup(self->arena, self->argv[self->at]);
    return true;
}

/* The title of a process is for everybody to read. */
static bool may_hold_secret(const char *word)
{
    return strstr(word, "://") != NULL || strcasestr(word, "password") != NULL;
}

char **pd_args_take(pd_arena *arena, int argc, char **argv)
{
    char **words = pd_arena_array(arena, (size_t)argc + 1, sizeof *words);
    for (int i = 0; i < argc; i++) {
        words[i] = pd_arena_strdup(arena, argv[i]);
        if (i > 0 && may_hold_secret(argv[i]))
            memset(argv[i], '*', strlen(argv[i]));
    }
    return words;
}

bool pd_args_parse(pd_args *args, pd_arena *arena, unsigned sets, int argc, char **argv,
                   pd_error *err)
{
    parser self = {args, arena, sets | PD_OPTIONS_ALWAYS, argc, argv, 0};
    bool only_positionals = false;
    for (; self.at < argc; self.at++) {
        const char *word = argv[self.at];
        bool parsed = true;
        if (only_positionals || word[0] != '-' || word[1] == '\0')
            parsed = add_positional(&self, err);
        else if (strcmp(word, "--") == 0)
            only_positionals = true;
        else if (word[1] == '-')
            parsed = parse_long(&self, err);
        else
            parsed = parse_letters(&self, err);
        if (!parsed)
            return false;
    }
    return true;
}

void pd_options_help(pd_strbuf *out, unsigned sets)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const pd_option *option = &options[i];
        if ((option->sets & sets) == 0)
            continue;
        size_t start = out->len;
        if (option->letter != 0)
            pd_strbuf_addf(out, "  -%c, --%s", option->letter, option->name);
        else
            pd_strbuf_addf(out, "      --%s", option->name);
        if (option->value != NULL)
            pd_strbuf_addf(out, " %s", option->value);
        size_t width = out->len - start;
        pd_strbuf_addn(out, ' ', width < 27 ? 27 - width : 1);
        pd_strbuf_addf(out, "%s\n", option->help);
    }
}

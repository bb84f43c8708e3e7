/* The command line: one table of options, from which parsing and help are made. */
#ifndef PD_CLI_OPTIONS_H
#define PD_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

#define PD_POSITIONALS_MAX 4

/* What the user wrote; NULL and false where nothing was. */
typedef struct pd_args {
    const char *repo;
    const char *path;
    const char *layout;
    const char *base;
    const char *database;
    const char *transaction;
    const char *to;
    const char *format;
    const char *output;
    const char *color;
    bool allow_empty;
    bool check;
    bool companions;
    bool dry_run;
    const char *through;
    const char *from;
    bool no_hook;
    bool allow_ahead;
    bool backup;
    bool allow_http_backup;
    bool ephemeral;
    bool no_wait;
    bool quiet;
    bool verbose;
    bool help;
    bool version;
    const char *positionals[PD_POSITIONALS_MAX];
    size_t positional_count;
} pd_args;

/* Which options a command takes; those of PD_OPTIONS_ALWAYS come with every command. */
typedef enum pd_option_set {
    PD_OPTIONS_ALWAYS = 1 << 0,
    PD_OPTIONS_REVISION = 1 << 1, /* --path, --layout */
    PD_OPTIONS_BASE = 1 << 2,
    PD_OPTIONS_EMPTY = 1 << 3,
    PD_OPTIONS_DATABASE = 1 << 4,
    PD_OPTIONS_APPLY = 1 << 5, /* --transaction, --no-wait */
    PD_OPTIONS_BACKUP = 1 << 6,
    PD_OPTIONS_EPHEMERAL = 1 << 7,
    PD_OPTIONS_TO = 1 << 8, /* --to, --dry-run */
    PD_OPTIONS_AHEAD = 1 << 9,
    PD_OPTIONS_RECORD = 1 << 10, /* --check */
    PD_OPTIONS_INIT = 1 << 11,   /* --dry-run, --no-hook */
    PD_OPTIONS_NEW = 1 << 12,    /* --companions */
    PD_OPTIONS_ADOPT = 1 << 13,  /* --through, --from, --dry-run, --no-wait */
} pd_option_set;

typedef struct pd_option {
    const char *name;
    char letter;       /* 0: it has none */
    const char *value; /* name of its value (cli/values.h), NULL for a flag */
    size_t offset;     /* of its place in pd_args */
    unsigned sets;
    const char *help;
} pd_option;

/* The options in the order of the help; NULL behind the last. */
const pd_option *pd_option_at(size_t index);

/* Copies argv to the arena, and overwrites in argv each word that may be a connection string,
 * wherever it stands: the title of a process is for everybody to read. */
char **pd_args_take(pd_arena *arena, int argc, char **argv);

/* Parses argv[0..argc-1] with the options of `sets`. Errors are PD_ERROR_USAGE, with the nearest
 * option as a hint. */
bool pd_args_parse(pd_args *args, pd_arena *arena, unsigned sets, int argc, char **argv,
                   pd_error *err) PD_CHECKED;

/* Adds a line for each option of `sets`, indented by two blanks. */
void pd_options_help(pd_strbuf *out, unsigned sets);

#endif

/* The table of commands: what each is for, what it takes, what runs it. */
#ifndef PD_CLI_COMMANDS_H
#define PD_CLI_COMMANDS_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "cli/context.h"

/* Fills the report, or prints what it has to say (context->printed); false for an error. */
typedef bool pd_command_function(pd_context *context, pd_error *err);

typedef struct pd_command {
    const char *name;
    const char *arguments; /* for the usage line: "[REV]" */
    const char *summary;   /* one line */
    const char *help;      /* a paragraph or two, wrapped at 80 columns */
    unsigned options;      /* pd_option_set */
    size_t positionals;    /* how many at most */
    pd_command_function *run;
} pd_command;

extern const pd_command pd_commands[]; /* ends with an entry without name */

const pd_command *pd_command_find(const char *name);

/* The same; a word that names none is PD_ERROR_USAGE, with the command that may be meant as a
 * hint. */
bool pd_command_named(const char *word, const pd_command **out, pd_error *err) PD_CHECKED;

void pd_help_short(pd_strbuf *out); /* the commands alone, for who has named none */
void pd_help_all(pd_strbuf *out);
void pd_help_command(pd_strbuf *out, const pd_command *command);

pd_command_function pd_cmd_check;
pd_command_function pd_cmd_plan;
pd_command_function pd_cmd_deploy;
pd_command_function pd_cmd_verify;
pd_command_function pd_cmd_status;
pd_command_function pd_cmd_rollback;
pd_command_function pd_cmd_record;
pd_command_function pd_cmd_adopt;
pd_command_function pd_cmd_init;
pd_command_function pd_cmd_new;
pd_command_function pd_cmd_hook;
pd_command_function pd_cmd_help;

/* Reads the revision of the command line and asks the gates that need no database. history: those
 * about what is published, too; syntax: the command asks that gate itself, later. */
bool pd_check_revision(pd_context *context, bool history, bool syntax, pd_error *err) PD_CHECKED;

/* Whether this command line asks for a report a ref: the hooks that git calls. */
bool pd_hook_judges(const pd_command *command, const pd_args *args);

#endif

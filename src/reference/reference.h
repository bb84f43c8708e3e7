/* What the command line takes, written down for readers and shells. All of it is made from the
 * tables of cli/ and of tables.c, when predeploy is built. */
#ifndef PD_REFERENCE_REFERENCE_H
#define PD_REFERENCE_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/values.h"

/* Each appends one whole file. */
typedef void pd_reference_writer(pd_strbuf *out);
pd_reference_writer pd_reference_man;     /* predeploy(1) */
pd_reference_writer pd_reference_options; /* docs/options.md */
pd_reference_writer pd_reference_bash;
pd_reference_writer pd_reference_zsh;
pd_reference_writer pd_reference_fish;

/* ---- tables.c ---- */

typedef struct pd_reference_row {
    const char *name; /* NULL ends a table; `COMMAND` stands between backticks */
    const char *text;
    const char *more; /* exit statuses: what it means for the database; else NULL */
} pd_reference_row;

extern const char pd_reference_summary[];
extern const char *const pd_reference_description[]; /* paragraphs, ended by NULL */
extern const pd_reference_row pd_reference_statuses[];
extern const pd_reference_row pd_reference_variables[];
extern const pd_reference_row pd_reference_files[];
extern const pd_reference_row pd_reference_examples[]; /* the command, and what it is for */

/* ---- parts.c: walks over the tables of cli/ ---- */

/* The option at *index or behind it that the command takes by a set of its own (NULL: that every
 * command takes), with *index behind it; NULL when there is none. */
const pd_option *pd_reference_next_option(const pd_command *command, size_t *index);

/* The kind of the argument at `position` (from 0) of the command's usage, NULL when nothing is
 * known of it. */
const pd_value_kind *pd_reference_argument(const pd_command *command, size_t position);

/* Adds the words of a list, or the names of the commands, with `between` between them. */
void pd_reference_words(pd_strbuf *out, const pd_value_kind *kind, const char *between);

#endif

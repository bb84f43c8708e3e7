/* What the names of values in the tables of commands and options stand for ("FORMAT", "REV"): by
 * it values are read, completions and the reference are made. */
#ifndef PD_CLI_VALUES_H
#define PD_CLI_VALUES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "domain/settings_values.h"

typedef enum pd_value_source {
    PD_VALUES_WORDS,     /* one of a list */
    PD_VALUES_FILES,     /* the path of a file */
    PD_VALUES_FOLDERS,   /* the path of a folder */
    PD_VALUES_REVISIONS, /* a branch, a tag, or whatever git rev-parse takes */
    PD_VALUES_COMMANDS,  /* a command of predeploy */
} pd_value_source;

typedef struct pd_value_kind {
    const char *name;
    pd_value_source source;
    const pd_value_word *words; /* of PD_VALUES_WORDS, else NULL */
} pd_value_kind;

/* NULL when nothing is known of such values: a number, a name of one's own. */
const pd_value_kind *pd_value_kind_find(const char *name, size_t len);

/* Whether the kind, which is one of words, has this one; its number goes to *value. */
bool pd_value_find(const char *kind, const char *word, int *value);

/* Hints "--OPTION takes auto, always or never."; returns false, as pd_error_hint does. */
bool pd_value_hint(pd_error *err, const char *option, const char *kind);

#endif

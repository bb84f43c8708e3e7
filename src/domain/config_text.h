/* git's configuration syntax, item by item (git-config(1), "Syntax"), from text in memory.
 *
 * include and includeIf are ordinary sections here: whoever reads the items decides. Names of
 * sections and keys come as written; git compares them without regard to case.
 */
#ifndef PD_DOMAIN_CONFIG_TEXT_H
#define PD_DOMAIN_CONFIG_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

typedef struct pd_config_text {
    pd_arena *arena;
    const char *name; /* stands in front of errors */
    const char *text;
    size_t len;
    size_t at;
    int line; /* 1-based, of the byte at `at` */
    bool ended;
    const char *section; /* lower case, NULL before the first */
    const char *subsection;
} pd_config_text;

typedef struct pd_config_item {
    const char *section;    /* lower case */
    const char *subsection; /* NULL when there is none */
    const char *key;        /* as written; NULL: the section's own line */
    const char *value;      /* NULL for a bare key, which git reads as true */
    int line;               /* of the key, or of the section */
} pd_config_item;

/* Begins at the first byte; a byte order mark is skipped, as git does. */
void pd_config_text_open(pd_config_text *self, pd_arena *arena, const char *name, const char *text,
                         size_t len);

/* Gives the next section or key; *found is false at the end. Texts go to the arena. What git would
 * refuse is PD_ERROR_USAGE, "NAME:LINE: ..."; so are a NUL byte and what is not UTF-8. Nothing of
 * the text but names is quoted in an error: a value may be a secret that stands in the wrong place.
 */
bool pd_config_text_next(pd_config_text *self, pd_config_item *item, bool *found,
                         pd_error *err) PD_CHECKED;

#endif

/* Adding keys to the text of a `.predeploy` without touching what stands in it. */
#ifndef PD_DOMAIN_SETTINGS_EDIT_H
#define PD_DOMAIN_SETTINGS_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

typedef struct pd_settings_line {
    const char *key;
    const char *value; /* NULL: it is only looked for */
    const char *there; /* out: the value that the file has already, else NULL */
    bool added;        /* out */
} pd_settings_line;

typedef struct pd_settings_lines {
    const char *section; /* "migrations" */
    pd_settings_line *items;
    size_t count;
} pd_settings_lines;

/* Gives in *out the text with a line for each key that the section does not have yet, in the
 * section when there is one, else in a new one at the end, with line ends as the text's first line
 * has them; every other byte stays. Where nothing is
 * added *out has the same bytes. text.data may be NULL: there is no file. What cannot be read is
 * PD_ERROR_USAGE that names the line. */
bool pd_settings_add(pd_arena *arena, pd_bytes text, const pd_settings_lines *lines,
                     const char **out, pd_error *err) PD_CHECKED;

#endif

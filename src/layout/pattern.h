/* Patterns of paths: literal text with {name}, {version} and {title}, each at most once.
 *
 * {version} is digits (PD_ORDER_NUMERIC), groups of digits parted by '.' or '_' (PD_ORDER_DOTTED),
 * or any text (PD_ORDER_BYTES). Nothing of a placeholder reaches over a '/'. Only {title} may be
 * empty. Text that may be anything ends where the literal behind it stands first; the last such
 * text ends where the last literal begins.
 */
#ifndef PD_LAYOUT_PATTERN_H
#define PD_LAYOUT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "domain/placeholder.h"
#include "domain/settings.h"

/* What the placeholders of a pattern stand for; NULL where the pattern has no such placeholder.
 * name is never NULL in a match: without {name} it is the text from the beginning of the path's
 * part that holds the first placeholder to the end of the last one ("V1__users" of
 * "V{version}__{title}.sql"). */
typedef struct pd_pattern_names {
    const char *name;
    const char *version;
    const char *title;
} pd_pattern_names;

/* Whether the path fits the pattern; *out is then filled, with texts of the arena. */
bool pd_pattern_match(pd_arena *arena, const char *pattern, pd_version_order order,
                      const char *path, pd_pattern_names *out);

/* The path of a pattern, from the migrations folder. What is NULL is made of what is there: a
 * name is "VERSION_TITLE", or the one of both that is known. */
const char *pd_pattern_expand(pd_arena *arena, const char *pattern, const pd_pattern_names *names);

bool pd_pattern_has(const char *pattern, pd_placeholder which);

/* Bytes of the pattern outside of placeholders: of two patterns that a path fits, the one with
 * more of them says more about it. */
size_t pd_pattern_literals(const char *pattern);

#endif
